-- The request of the benchmark of requests, for wrk.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
wrk.headers["X-Amz-Target"] = "CodePipeline_20150709.PollForJobs"
wrk.body = '{"actionTypeId":{"category":"Deploy","owner":"Custom","provider":"Sandbox","version":"1"},"maxBatchSize":1}'
