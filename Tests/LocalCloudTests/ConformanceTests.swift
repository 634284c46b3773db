import Foundation
import LocalCloud
import Testing

private let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"]

/// The credentials of a job that's past their time; nothing of the pipeline is left.
private func expiredCredentials(_ cloud: LocalCloud) throws -> JSON {
    let type = VirtualPipeline.ActionType(category: "Test", provider: "Expiring", version: "1")
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
    /// What a script says of a running LocalCloud.
    private static func result(
        of script: String,
        in python: String,
        _ more: (LocalCloud) throws -> [String: String] = { _ in [:] }
    ) async throws -> ChildResult {
        let script = try #require(
            Bundle.module.url(forResource: script, withExtension: "py", subdirectory: "Conformance")
        )
        return try await LocalCloud.withRunning { cloud in
            var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("AWS_") }
            environment.merge(cloud.environment) { $1 }
            environment.merge(try more(cloud)) { $1 }
            environment["ARTIFACT_BUCKET"] = cloud.options.artifactBucket
            environment["AWS_EC2_METADATA_DISABLED"] = "true"
            environment["AWS_CONFIG_FILE"] = "/dev/null"
            environment["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
            environment["NO_PROXY"] = "127.0.0.1"
            return try await run("/usr/bin/env", [python, "-B", script.path], environment: environment)
        }
    }

    @Test(
        "boto3, old and new, and the AWS CLI get along with every operation",
        .enabled(if: python != nil, "CONFORMANCE_PYTHON names no Python with boto3 and awscli"),
        arguments: [python, Clients.python].compactMap { $0 }
    )
    func boto3(python: String) async throws {
        let operations: JSON = .object(
            LocalCloud.implementedOperations.mapValues { names in
                .array(names.filter { !Self.authorsOperations.contains($0) }.map { .string($0) })
            }
        )
        let result = try await Self.result(of: "conformance", in: python) { cloud in
            [
                "EXPIRED_CREDENTIALS": try expiredCredentials(cloud).text, "IMPLEMENTED_OPERATIONS": operations.text,
            ]
        }
        #expect(result.status == 0, "\(result.output)")
    }

    /// What only the author of V2 pipelines calls.
    private static let authorsOperations = [
        "ListRuleExecutions", "ListRuleTypes", "OverrideStageCondition", "RollbackStage",
    ]

    @Test(
        "boto3, old and new, acts as the author of V2 pipelines, and each reply is what botocore's model says",
        .enabled(if: python != nil, "CONFORMANCE_PYTHON names no Python with boto3 and awscli"),
        arguments: [python, Clients.python].compactMap { $0 }
    )
    func author(python: String) async throws {
        let all = LocalCloud.implementedOperations["codepipeline"] ?? []
        let operations: JSON = [
            "own": .array(Self.authorsOperations.map { .string($0) }), "all": .array(all.map { .string($0) }),
        ]
        let result = try await Self.result(of: "author", in: python) { _ in ["AUTHOR_OPERATIONS": operations.text] }
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("Each checksum that boto3 sends is verified", Clients.condition)
    func checksums() async throws {
        let result = try await Self.result(of: "checksums", in: try #require(Clients.python))
        #expect(result.status == 0, "\(result.output)")
    }
}
