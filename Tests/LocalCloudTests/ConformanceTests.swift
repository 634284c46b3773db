import Foundation
import LocalCloud
import Testing

private let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"]

/// The credentials of a job that's past their time; nothing of the pipeline is left.
private func expiredCredentials(_ cloud: LocalCloud) throws -> JSON {
    let type = VirtualPipeline.ActionType("Test", "Expiring", "1")
    try cloud.codePipeline.register(type)
    try cloud.create(VirtualPipeline("Expiring", stages: [.init("Lab", [.init("A", type, outputs: ["Out"])])]))
    _ = try cloud.codePipeline.start("Expiring")
    let id: JSON = ["category": "Test", "owner": "Custom", "provider": "Expiring", "version": "1"]
    let reply = try cloud.codePipeline.call("PollForJobs", ["actionTypeId": id])
    cloud.advance(by: .seconds(901))
    try cloud.codePipeline.call("DeletePipeline", ["name": "Expiring"])
    try cloud.codePipeline.call(
        "DeleteCustomActionType",
        ["category": "Test", "provider": "Expiring", "version": "1"]
    )
    return try #require(reply?["jobs"]?[0]?["data"]?["artifactCredentials"])
}

@Suite("AWS's own clients against the stand-ins", .timeLimit(.minutes(5)))
struct ConformanceTests {
    @Test(
        "boto3 and the AWS CLI get along with every operation",
        .enabled(if: python != nil, "CONFORMANCE_PYTHON names no Python with boto3 and awscli")
    )
    func boto3() async throws {
        let python = try #require(python)
        let script = try #require(
            Bundle.module.url(forResource: "conformance", withExtension: "py", subdirectory: "Conformance")
        )
        let operations: JSON = .object(
            LocalCloud.implementedOperations.mapValues { .array($0.map { .string($0) }) }
        )
        let result = try await LocalCloud.withRunning { cloud in
            var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("AWS_") }
            environment.merge(cloud.environment) { $1 }
            environment["ARTIFACT_BUCKET"] = cloud.options.artifactBucket
            environment["EXPIRED_CREDENTIALS"] = try expiredCredentials(cloud).text
            environment["IMPLEMENTED_OPERATIONS"] = operations.text
            environment["AWS_EC2_METADATA_DISABLED"] = "true"
            environment["AWS_CONFIG_FILE"] = "/dev/null"
            environment["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
            environment["NO_PROXY"] = "127.0.0.1"
            return try await run("/usr/bin/env", [python, "-B", script.path], environment: environment)
        }
        #expect(result.status == 0, "\(result.output)")
    }
}
