import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerSettings

/// The built program beside another worker, for the time of a move.
@Suite("A fleet of this worker and another", .serialized, .timeLimit(.minutes(5)))
struct MixedFleetTests {
    /// The settings with which another worker may serve the same version.
    private static let settings = [
        "QUALI_PROGRESS_SECONDS": "0", "QUALI_HANDOFF": "never", "QUALI_ARTIFACT_FORMAT": "json",
    ]

    private static func type(_ category: String, _ name: String) -> VirtualPipeline.ActionType {
        .init(category: category, provider: "Quali-\(name)", version: "9")
    }

    /// Begins a pipeline that no property of a newer definition helps.
    private func begin(_ name: String, _ cloud: LocalCloud) throws -> String {
        try cloud.create(
            VirtualPipeline(
                name,
                stages: [
                    .init(
                        "Lab",
                        [
                            .init(
                                "Start",
                                Self.type("Deploy", "Start-Sandbox"),
                                ["BlueprintName": "Web lab", "SandboxName": name, "DurationInMinutes": "60"],
                                outputs: ["Sandbox"],
                                runOrder: 1
                            ),
                            .init(
                                "Run",
                                Self.type("Test", "Run-Command"),
                                ["ComponentName": "web-server.*", "CommandName": "install"],
                                inputs: ["Sandbox"],
                                runOrder: 2
                            ),
                            .init("End", Self.type("Deploy", "End-Sandbox"), [:], inputs: ["Sandbox"], runOrder: 3),
                        ]
                    )
                ]
            )
        )
        return try cloud.codePipeline.start(name)
    }

    /// Runs the other worker while `body` runs.
    private func withOtherWorker<Value>(
        _ cloud: LocalCloud,
        in folder: URL,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Python.path))
        let script = Python.repository.appendingPathComponent("Tests/WorkerTests/Oracle/plain_worker.py")
        process.arguments = ["-B", script.path]
        process.environment = cloud.environment.merging(["HOME": folder.path, "JOB_WORKER_VERSION": "9"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let log = folder.appendingPathComponent("other")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        defer { try? handle.close() }
        (process.standardOutput, process.standardError) = (handle, handle)
        try process.spawn()
        defer { kill(process.processIdentifier, SIGKILL) }
        let value = try await body()
        #expect(process.isRunning, "\((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
        return value
    }

    @Test(Python.condition)
    func `serves one version together where neither puts jobs back, and both read one form of artifact`() async throws {
        try await LocalCloud.withRunning(KillTests.options) { cloud in
            try await withTemporaryFolder { home in
                for (type, properties) in [
                    (Self.type("Deploy", "Start-Sandbox"), ["BlueprintName", "SandboxName", "DurationInMinutes"]),
                    (Self.type("Test", "Run-Command"), ["ComponentName", "CommandName"]),
                    (Self.type("Deploy", "End-Sandbox"), []),
                ] {
                    try cloud.codePipeline.register(type, required: properties)
                }
                let changes = Self.settings.merging(["JOB_WORKER_VERSION": "9"]) { $1 }
                let ours = try KillTests.startWorker(cloud, home: home, "ours", changes)
                let executions = try await withOtherWorker(cloud, in: home) {
                    let ids = try (1...20).map { try begin("Move-\($0)", cloud) }
                    var executions: [ExecutionReport] = []
                    for id in ids { executions.append(try await cloud.codePipeline.end(of: id)) }
                    return executions
                }
                ours.signal(SIGTERM)
                #expect(try await ours.end().status == 0)
                for execution in executions {
                    let outcomes = execution.actions.map { "\($0.name): \($0.errorMessage ?? $0.status)" }
                    #expect(execution.status == "Succeeded", "\(outcomes)")
                }
                #expect(cloud.lab.sandboxes.count == 20)
                #expect(cloud.lab.sandboxesNotStopped.isEmpty)
                #expect(cloud.lab.executions.count == 20)
                // Both have had their share.
                let served = cloud.journal.entries { $0.operation == "PutJobSuccessResult" }
                    .map { $0.request["user-agent"]?.contains("Boto3") == true }
                #expect(Set(served) == [true, false])
                #expect(served.count == 60)
            }
        }
    }
}
