// A program that embeds AWSLite alone: it says how many jobs wait, and whether there is an object.
import AWSLite
import FoundationEssentials
import HTTPTransport

let environment = try AWSEnvironment(ProcessInfo.processInfo.environment)
let configuration = AWSClientConfiguration(
    region: environment.region ?? "us-east-1",
    credentials: environment.credentials,
    httpClient: try CurlHTTPClient()
)
let type = CodePipeline.ActionTypeID(category: .deploy, provider: "Sandbox", version: "1")
print(try await CodePipeline(configuration).pollForJobs(actionTypeID: type, maxBatchSize: 1).count)
print(try await S3(configuration).getObject(bucket: "artifacts", key: "sandbox.zip", limit: 1 << 20).body.count)
