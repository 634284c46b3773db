import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@Suite("A worker that may open few files", .timeLimit(.minutes(5)))
struct FileLimitTests {
    @Test func `says so, and does all of its work in the end, whoever asks for the status`() async throws {
        var options = LocalCloud.Options()
        options.blueprints = [LabBlueprint(name: "Web lab", setup: .succeeds(after: .seconds(1)))]
        try await LocalCloud.withRunning(options) { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            let actions = (0..<60).map { number in
                VirtualPipeline.Action(
                    "Start\(number)",
                    .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                    ["BlueprintName": "Web lab", "DurationInMinutes": "60"],
                    outputs: ["Sandbox\(number)"]
                )
            }
            let stages = stride(from: 0, to: 60, by: 20).map { first in
                VirtualPipeline.Stage("Lab\(first)", Array(actions[first..<first + 20]))
            }
            for stage in stages { try cloud.create(VirtualPipeline(stage.name, stages: [stage])) }
            try await withTemporaryFolder { folder in
                let environment = cloud.environment.merging([
                    "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.2", "LOG_LEVEL": "debug",
                    "QUALI_STATUS_ADDRESS": "0",
                ]) { $1 }
                let run = try ProgramRun(
                    ["run"],
                    environment: environment,
                    through: ["/bin/sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\""],
                    in: folder
                )
                let port = try await run.value {
                    let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                    return log.firstMatch(of: #/"http:\/\/127\.0\.0\.1:(\d+)\/"/#).flatMap { UInt16($0.1) }
                }
                // They say nothing, and each would be an open file.
                var dawdlers: [RawConnection] = []
                for _ in 0..<100 { dawdlers.append(try await RawConnection(port: port)) }
                let ids = try stages.map { try cloud.codePipeline.start($0.name) }
                for id in ids {
                    let execution = try await run.value {
                        cloud.codePipeline.execution(id).flatMap { $0.status == "InProgress" ? nil : $0 }
                    }
                    let outcomes = execution.actions.map { "\($0.name): \($0.errorMessage ?? $0.status)" }
                    #expect(execution.status == "Succeeded", "\(outcomes)")
                }
                #expect(cloud.lab.sandboxes.count == 60)
                for dawdler in dawdlers { try dawdler.close() }
                run.signal(SIGTERM)
                let ending = try await run.end()
                #expect(ending.status == 0, "\(ending.errors.suffix(2_000))")
                #expect(ending.errors.contains("\"Few files may be open at once, so much will have to wait\""))
            }
        }
    }

    @Test func `isn't started where they are too few, and says so`() async throws {
        try await withTemporaryFolder { folder in
            let run = try ProgramRun(
                ["run"],
                environment: Given.environment,
                through: ["/bin/sh", "-c", "ulimit -n 63; exec \"$0\" \"$@\""],
                in: folder
            )
            let ending = try await run.end()
            #expect(ending.status == 64)
            #expect(ending.errors.contains("the system permits only 63 open files"))
            #expect(ending.errors.contains("needs 64 at least"))
        }
    }
}
