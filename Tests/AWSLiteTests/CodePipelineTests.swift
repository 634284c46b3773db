import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct CodePipelineTests {
    private let type = CodePipeline.ActionTypeID(category: .deploy, provider: "Quali-Start-Sandbox", version: "1")
    private let id = "3f2b8c1e-0a4d-4b7e-9c55-1d2e3f4a5b6c"

    private func poll(_ body: String) async throws -> CodePipeline.PollResult {
        try await CodePipeline(.test(StubHTTPClient([.reply(200, body)]))).poll(actionTypeID: type, maxBatchSize: 5)
    }

    @Test func `A call is as AWS JSON 1.1 wants it`() async throws {
        let stub = StubHTTPClient([.reply(200, #"{"jobs":[]}"#)])
        let pipeline = CodePipeline(.test(stub, endpoint: "http://127.0.0.1:4566/base/"))
        #expect(
            try await pipeline.pollForJobs(actionTypeID: type, maxBatchSize: 3, queryParameters: ["Lab": "a"]).isEmpty
        )
        let request = try #require(await stub.calls.first?.request)
        #expect(request.method == .post)
        #expect(request.path == "/base/")
        #expect(request.authority == "127.0.0.1:4566")
        #expect(request.headerFields[.contentType] == "application/x-amz-json-1.1")
        #expect(await stub.field("X-Amz-Target") == "CodePipeline_20150709.PollForJobs")
        #expect(await stub.field("X-Amz-Content-Sha256") == nil)
        let authorization = try #require(SigV4Authorization(request.headerFields[.authorization] ?? ""))
        #expect(authorization.scope.text == "20150830/eu-west-1/codepipeline/aws4_request")
        #expect(authorization.signedHeaders == ["content-type", "host", "x-amz-date", "x-amz-target"])
        let expected: NSDictionary = [
            "actionTypeId": [
                "category": "Deploy", "owner": "Custom", "provider": "Quali-Start-Sandbox", "version": "1",
            ], "maxBatchSize": 3, "queryParam": ["Lab": "a"],
        ]
        #expect(try await stub.json() == expected)
    }

    @Test func `A poll's reply is read whole, nested type names and all`() async throws {
        let result = try await poll(
            #"""
            {"__type": "PollForJobsOutput", "unknown": {"x": [1]}, "jobs": [{
              "id": "3f2b8c1e-0a4d-4b7e-9c55-1d2e3f4a5b6c", "nonce": "3", "accountId": "111122223333",
              "data": {
                "actionTypeId": {"__type": "ActionTypeId", "category": "Deploy", "owner": "Custom", "provider": "P", "version": "2"},
                "actionConfiguration": {"__type": "ActionConfiguration", "configuration":
                  {"__type": "Map", "BlueprintName": "Web lab", "DurationInMinutes": 60, "Flag": true, "Half": 0.5, "Blank": null}},
                "pipelineContext": {"__type": "PipelineContext", "pipelineName": "Nightly", "pipelineArn": "arn",
                  "pipelineExecutionId": "e", "stage": {"name": "Lab"}, "action": {"name": "Start", "actionExecutionId": "a"}},
                "inputArtifacts": [],
                "outputArtifacts": [{"__type": "Artifact", "name": "Sandbox", "revision": null,
                  "location": {"type": "S3", "s3Location": {"bucketName": "b", "objectKey": "Nightly/Sandbox/é +1"}}}],
                "artifactCredentials": {"__type": "X", "accessKeyId": "ASIA", "secretAccessKey": "s", "sessionToken": "t"},
                "encryptionKey": {"id": "arn:kms", "type": "KMS"},
                "continuationToken": "token"
              }}]}
            """#
        )
        #expect(result.undecodable.isEmpty)
        let job = try #require(result.jobs.first)
        #expect([job.id, job.nonce, job.accountID] == [id, "3", "111122223333"])
        #expect(job.data.actionTypeID.description == "Custom/Deploy/P/2")
        #expect(
            job.data.configuration
                == ["BlueprintName": "Web lab", "DurationInMinutes": "60", "Flag": "true", "Half": "0.5"]
        )
        #expect(
            job.data.pipelineContext
                == .init(
                    pipelineName: "Nightly",
                    pipelineARN: "arn",
                    pipelineExecutionID: "e",
                    stageName: "Lab",
                    actionName: "Start",
                    actionExecutionID: "a"
                )
        )
        #expect(job.data.inputArtifacts.isEmpty)
        #expect(job.data.outputArtifacts == [.init(name: "Sandbox", bucket: "b", key: "Nightly/Sandbox/é +1")])
        #expect(
            job.data.artifactCredentials
                == AWSCredentials(accessKeyID: "ASIA", secretAccessKey: Secret("s"), sessionToken: Secret("t"))
        )
        #expect(job.data.encryptionKey == .init(id: "arn:kms"))
        #expect(job.data.continuationToken == "token")
    }

    @Test func `An empty queue is an empty list`() async throws {
        #expect(try await poll(#"{"jobs":[]}"#).jobs.isEmpty)
        #expect(try await poll(#" { "__type": "X", "jobs" : [ ] } "#).jobs.isEmpty)
    }

    @Test(arguments: ["", "{}", #"{"jobs":null}"#, #"{"jobs":{}}"#, " { } ", "[]", "<html>"])
    func `A reply without a list is no empty queue, and no list of anything else`(_ body: String) async throws {
        let steps = [StubHTTPClient.Step](repeating: .page(200, body), count: 3)
        let stub = StubHTTPClient(steps)
        let error = await expectError(.malformedReply) {
            _ = try await CodePipeline(.test(stub)).poll(actionTypeID: type, maxBatchSize: 5)
        }
        #expect(error?.attempts == 3)
        #expect(error?.isForeign == true)
        if body.isEmpty { #expect(error?.message == "the reply is empty") }
        func pipeline() -> CodePipeline { CodePipeline(.test(StubHTTPClient(steps))) }
        await expectError(.malformedReply) { _ = try await pipeline().listActionTypes() }
        await expectError(.malformedReply) { _ = try await pipeline().listPipelines() }
        await expectError(.malformedReply) {
            _ = try await pipeline().listActionExecutions(pipelineName: "p", pipelineExecutionID: id)
        }
        await expectError(.malformedReply) {
            _ = try await pipeline().pipelineExecutionStatus(pipelineName: "p", pipelineExecutionID: id)
        }
        await expectError(.malformedReply) { _ = try await pipeline().getJobDetails(id: id) }
        await expectError(.malformedReply) {
            try await pipeline().deleteCustomActionType(category: .test, provider: "P", version: "1")
        }
    }

    @Test(arguments: [
        #"{"id":"a","nonce":"1"}"#, #"{"id":"a","nonce":"1","data":null}"#, #"{"id":"a","nonce":"1","data":{}}"#,
        #"""
        {"id":"a","nonce":"1","accountId":null,"data":{"actionTypeId":null,"actionConfiguration":{},"pipelineContext":null,
        "inputArtifacts":null,"artifactCredentials":{"accessKeyId":"k"},"encryptionKey":null,"continuationToken":""}}
        """#,
    ])
    func `Whatever a job leaves out has a natural value`(_ job: String) async throws {
        let result = try await poll(#"{"jobs":[\#(job)]}"#)
        #expect(
            result.jobs
                == [CodePipeline.Job(id: "a", nonce: "1", accountID: "", data: .init(actionTypeID: type))]
        )
    }

    @Test func `A malformed job doesn't lose the others, and is named as far as it can be`() async throws {
        let result = try await poll(
            #"""
            {"jobs": [
              {"id": "a", "nonce": "1"}, 7, null, {"nonce": "2"},
              {"id": "b", "nonce": "3", "data": {"inputArtifacts": [{"name": "x", "location": {"type": "S3"}}]}},
              {"id": "c", "nonce": "4", "data": {"actionConfiguration": {"configuration": "secret"}}},
              {"id": "d", "nonce": "5"}
            ]}
            """#
        )
        #expect(result.jobs.map(\.id) == ["a", "d"])
        #expect(result.undecodable.map(\.id) == [nil, nil, nil, "b", "c"])
        #expect(result.undecodable.map(\.nonce) == [nil, nil, "2", "3", "4"])
        #expect(
            result.undecodable[2].reason == "jobs.2.id is missing"
                || result.undecodable[2].reason.hasSuffix("id is missing")
        )
        #expect(result.undecodable[3].reason.hasSuffix("data.inputArtifacts.0.location.s3Location is missing"))
        #expect(result.undecodable.allSatisfy { !$0.reason.contains("secret") })
    }

    @Test func `A job that is printed shows no credential and no property`() async throws {
        let body =
            #"{"jobs":[{"id":"a","nonce":"1","data":{"artifactCredentials":{"accessKeyId":"k","secretAccessKey":"hush","sessionToken":"hush"},"actionConfiguration":{"configuration":{"Password":"hush"}}}}]}"#
        let job = try #require(try await poll(body).jobs.first)
        var text = "\(job) \(String(reflecting: job))"
        dump(job, to: &text)
        #expect(!text.contains("hush"))
        #expect(text.contains("Password"))
    }

    @Test func `An acknowledgement tells any state`() async throws {
        let stub = StubHTTPClient([.reply(200, #"{"status":"InProgress"}"#), .reply(200, #"{"status":"Novel"}"#)])
        let pipeline = CodePipeline(.test(stub))
        #expect(try await pipeline.acknowledgeJob(id: id, nonce: "3") == .inProgress)
        #expect(try await pipeline.acknowledgeJob(id: id, nonce: "3").rawValue == "Novel")
        #expect(try await stub.json() == ["jobId": id, "nonce": "3"])
    }

    @Test func `Job details are read, and must be there`() async throws {
        let stub = StubHTTPClient([
            .reply(200, #"{"jobDetails":{"id":"a","accountId":"1","data":{"continuationToken":"t"}}}"#),
            .reply(200, "{}"),
        ])
        let pipeline = CodePipeline(.test(stub, attempts: 1))
        #expect(try await pipeline.getJobDetails(id: "a").data.continuationToken == "t")
        await expectError(.malformedReply) { _ = try await pipeline.getJobDetails(id: "a") }
    }

    @Test func `A result holds what there is, fitted to CodePipeline's limits`() async throws {
        let stub = StubHTTPClient(Array(repeating: .reply(200, ""), count: 4))
        let pipeline = CodePipeline(.test(stub))
        try await pipeline.putJobSuccessResult(jobID: id, result: .init())
        #expect(try await stub.json(0) == ["jobId": id])
        var result = CodePipeline.SuccessResult(
            continuationToken: "",
            executionDetails: .init(
                summary: String(repeating: "s", count: 3000),
                externalExecutionID: String(repeating: "i", count: 2000),
                percentComplete: 101
            ),
            outputVariables: ["SandboxId": "x", "Empty": ""]
        )
        result.currentRevision = .init(
            revision: "r",
            changeIdentifier: "c",
            created: Date(timeIntervalSince1970: 1.5)
        )
        try await pipeline.putJobSuccessResult(jobID: id, result: result)
        let sent: NSDictionary = [
            "jobId": id,
            "executionDetails": [
                "summary": String(repeating: "s", count: 2047) + "…",
                "externalExecutionId": String(repeating: "i", count: 1500), "percentComplete": 100,
            ], "outputVariables": ["SandboxId": "x", "Empty": ""],
            "currentRevision": ["revision": "r", "changeIdentifier": "c", "created": 1.5],
        ]
        #expect(try await stub.json(1) == sent)
        try await pipeline.putJobFailureResult(
            jobID: id,
            failure: .init(type: .jobFailed, message: String(repeating: "😀", count: 4000), externalExecutionID: "")
        )
        let details = try await stub.json(2)["failureDetails"] as? [String: String]
        #expect(details == ["type": "JobFailed", "message": String(repeating: "😀", count: 2499) + "…"])
        try await pipeline.putJobFailureResult(jobID: id, failure: .init(type: .permissionError, message: ""))
        #expect((try await stub.json(3)["failureDetails"] as? [String: String])?["message"] == "PermissionError")
    }

    @Test func `A continuation token is never cut`() async throws {
        let stub = StubHTTPClient([.reply(200, "")])
        let pipeline = CodePipeline(.test(stub))
        let token = String(repeating: "t", count: 2048)
        await expectError(.invalidRequest) {
            try await pipeline.putJobSuccessResult(jobID: id, result: .init(continuationToken: token + "t"))
        }
        try await pipeline.putJobSuccessResult(jobID: id, result: .init(continuationToken: token))
        #expect(try await stub.json()["continuationToken"] as? String == token)
    }

    @Test func `Action types are listed over all pages, whatever one of them is`() async throws {
        func page(_ providers: [String], _ next: String?) -> StubHTTPClient.Step {
            let types = providers.map {
                #"{"id":{"category":"Test","owner":"Custom","provider":"\#($0)","version":"1"},"inputArtifactDetails":{"minimumCount":0,"maximumCount":1},"actionConfigurationProperties":[{"name":"n","required":true,"key":true,"secret":false}]}"#
            }
            let token = next.map { #""\#($0)""# } ?? "null"
            return .reply(200, #"{"actionTypes":[{"id":7},\#(types.joined(separator: ","))],"nextToken":\#(token)}"#)
        }
        let stub = StubHTTPClient([page(["a", "b"], "2"), page(["c"], nil)])
        let types = try await CodePipeline(.test(stub)).listActionTypes(owner: .custom)
        #expect(types.map(\.id.provider) == ["a", "b", "c"])
        #expect(types.first?.inputArtifactDetails == .init(minimumCount: 0, maximumCount: 1))
        #expect(types.first?.outputArtifactDetails == CodePipeline.ArtifactDetails.none)
        #expect(types.first?.configurationProperties == [.init(name: "n", required: true, key: true, secret: false)])
        #expect(try await stub.json(0) == ["actionOwnerFilter": "Custom"])
        #expect(try await stub.json(1) == ["actionOwnerFilter": "Custom", "nextToken": "2"])
    }

    @Test func `Pages that never end are an error`() async {
        let page = StubHTTPClient.Step.reply(200, #"{"actionTypes":[],"nextToken":"again"}"#)
        let pipeline = CodePipeline(.test(StubHTTPClient([page, page, page])))
        await expectError(.malformedReply) { _ = try await pipeline.listActionTypes() }
    }

    @Test func `Deleting a type takes an empty reply`() async throws {
        let stub = StubHTTPClient([.reply(200, "")])
        try await CodePipeline(.test(stub)).deleteCustomActionType(category: .test, provider: "P", version: "1")
        #expect(try await stub.json() == ["category": "Test", "provider": "P", "version": "1"])
    }

    @Test func `A configuration that can't work fails without a request`() async {
        let stub = StubHTTPClient([])
        let pipeline = CodePipeline(.test(stub, endpoint: "localhost:4566"))
        let error = await expectError(.invalidConfiguration) { _ = try await pipeline.getJobDetails(id: id) }
        #expect(error?.attempts == 0)
        #expect(await stub.calls.isEmpty)
    }

    @Test func `Pipelines are listed, all pages, and one that can't be read doesn't spoil the list`() async throws {
        let stub = StubHTTPClient([
            .reply(
                200,
                #"{"pipelines": [{"__type": "X", "name": "A", "updated": 1.5}, {"version": 1}], "nextToken": "t"}"#
            ),
            .reply(200, #"{"pipelines": [{"name": "B", "created": "?"}]}"#),
        ])
        let pipelines = try await CodePipeline(.test(stub)).listPipelines()
        #expect(
            pipelines == [.init(name: "A", updated: Date(timeIntervalSince1970: 1.5)), .init(name: "B")]
        )
        #expect(await stub.field("X-Amz-Target") == "CodePipeline_20150709.ListPipelines")
        #expect(try await stub.json(1) == ["maxResults": 1_000, "nextToken": "t"])
    }

    @Test func `The types of a pipeline's actions are read, and what can't be read is left out`() async throws {
        let stub = StubHTTPClient([
            .reply(
                200,
                #"""
                {"pipeline": {"name": "A", "stages": [{"name": "S", "actions": [{"name": "x", "actionTypeId":
                {"category": "Test", "owner": "Custom", "provider": "P", "version": "1"}}, {"name": "y"}]}, 7,
                {"name": "T", "actions": [{"name": "z", "actionTypeId":
                {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}}]}]}, "metadata": {}}
                """#
            )
        ])
        let types = try await CodePipeline(.test(stub)).actionTypes(ofPipeline: "A")
        #expect(types.map(\.provider).sorted() == ["P", "S3"])
        #expect(await stub.field("X-Amz-Target") == "CodePipeline_20150709.GetPipeline")
        #expect(try await stub.json() == ["name": "A"])
    }

    @Test func `An execution's status is read, and one that is unknown isn't over`() async throws {
        func status(_ text: String) async throws -> CodePipeline.PipelineExecutionStatus {
            let stub = StubHTTPClient([.reply(200, #"{"pipelineExecution": {"__type": "X", "status": "\#(text)"}}"#)])
            return try await CodePipeline(.test(stub)).pipelineExecutionStatus(
                pipelineName: "A",
                pipelineExecutionID: id
            )
        }
        for text in ["Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"] {
            #expect(try await status(text).isOver)
        }
        for text in ["InProgress", "Stopping", "Resting"] { #expect(try await !status(text).isOver) }
    }

    @Test func `Runs of actions are read as far as is wanted`() async throws {
        let page = #"""
            {"actionExecutionDetails": [{"actionExecutionId": "a", "status": "Succeeded", "pipelineExecutionId": "e",
              "stageName": "Lab", "actionName": "Start", "startTime": 5,
              "output": {"executionResult": {"externalExecutionId": "s"}}}, {}], "nextToken": "t"}
            """#
        let stub = StubHTTPClient([.reply(200, page)])
        var runs: [CodePipeline.ActionExecution] = []
        try await CodePipeline(.test(stub)).readActionExecutions(pipelineName: "A") {
            runs += $0
            return false
        }
        #expect(
            runs == [
                .init(
                    id: "a",
                    status: .succeeded,
                    startTime: Date(timeIntervalSince1970: 5),
                    pipelineExecutionID: "e",
                    stageName: "Lab",
                    actionName: "Start",
                    externalExecutionID: "s"
                )
            ]
        )
        #expect(try await stub.json() == ["pipelineName": "A", "maxResults": 100])
    }
}
