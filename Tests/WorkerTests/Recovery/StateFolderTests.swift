import Foundation
import LocalCloud
import QualiCore
import TestSupport
import Testing
import WorkerTestSupport

/// What the built program does with a state folder that it can't use, for now or at all.
@Suite("A worker's state folder", .timeLimit(.minutes(5)))
struct StateFolderTests {
    private static let mounts: Comment = "this user may not mount disks, so no full one can be had"

    /// Runs a worker on a folder.
    private func withWorker(
        on state: String,
        setup: Duration = .zero,
        beforeStart prepare: () throws -> Void = {},
        _ body: (_ worker: ProgramRun, _ cloud: LocalCloud, _ errors: @escaping () throws -> String) async throws ->
            Void
    ) async throws {
        var options = LocalCloud.Options()
        options.blueprints = [LabBlueprint(name: "Web lab", setup: .succeeds(after: setup))]
        try await LocalCloud.withRunning(options) { cloud in
            let install = try await program("actions", "install", environment: cloud.environment)
            try #require(install.status == 0, "\(install)")
            try await withTemporaryFolder { home in
                try prepare()
                let settings = [
                    "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.2", "QUALI_STATE_DIR": state,
                    "QUALI_PROGRESS_SECONDS": "0",
                ]
                let environment = cloud.environment.merging(settings) { $1 }
                let worker = try ProgramRun(["run"], environment: environment, in: home)
                try await body(worker, cloud) {
                    try String(contentsOf: home.appendingPathComponent("errors"), encoding: .utf8)
                }
                worker.signal(SIGTERM)
                let ending = try await worker.end()
                #expect(ending.status == 0, "\(ending)")
            }
        }
    }

    /// Starts an execution of a new pipeline of one start action.
    private func begin(_ cloud: LocalCloud) throws -> String {
        let start = VirtualPipeline.Action(
            "Start",
            .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
            ["BlueprintName": "Web lab", "DurationInMinutes": "60"]
        )
        let name = "P-\(UUID().uuidString)"
        try cloud.create(VirtualPipeline(name, stages: [.init("Lab", [start])]))
        return try cloud.codePipeline.start(name)
    }

    /// How many polls have come since a request.
    private func polls(_ cloud: LocalCloud, after number: Int) -> Int {
        cloud.journal.entries { $0.operation == "PollForJobs" && $0.number > number }.count
    }

    @Test(.enabled(if: SmallDisk.arePermitted, mounts), arguments: [false, true])
    func `on a disk that is full or read-only at the start is waited for, and nothing is asked for`(
        isReadOnly: Bool
    ) async throws {
        try await SmallDisk.with { disk in
            let prepare = { if isReadOnly { try disk.setReadOnly(true) } else { try disk.fill() } }
            try await withWorker(on: "\(disk.path)/state", beforeStart: prepare) { worker, cloud, errors in
                _ = try await worker.value { try errors().contains("Writing to the journal fails") ? true : nil }
                let begun = cloud.journal.count
                let id = try begin(cloud)
                // For as long as several tries take.
                try await Task.sleep(for: .seconds(3))
                #expect(polls(cloud, after: begun) == 0)
                let room = ContinuousClock.now
                if isReadOnly { try disk.setReadOnly(false) } else { try disk.empty() }
                _ = try await cloud.journal.first("PollForJobs", after: begun)
                // A second, and what a busy machine takes.
                #expect(ContinuousClock.now - room < .seconds(20))
                #expect(try await cloud.codePipeline.end(of: id).status == "Succeeded")
                #expect(try errors().contains("Writing to the journal recovered"))
            }
        }
    }

    @Test(.enabled(if: SmallDisk.arePermitted, mounts))
    func `on a disk that fills up while it runs stops its claims until there is room`() async throws {
        try await SmallDisk.with { disk in
            try await withWorker(on: "\(disk.path)/state") { worker, cloud, errors in
                _ = try await cloud.journal.first("PollForJobs")
                try disk.fill()
                // The journal may have room of its own for some claims, so one action won't do.
                var ids: [String] = []
                while try !errors().contains("Writing to the journal fails") {
                    ids.append(try begin(cloud))
                    try await Task.sleep(for: .milliseconds(300))
                }
                // Polls that are on their way may still arrive; then there are none for as long as several would take.
                var before: Int
                repeat {
                    before = cloud.journal.count
                    try await Task.sleep(for: .seconds(3))
                } while polls(cloud, after: before) > 0
                #expect(try !errors().contains("Polling recovered"))
                try disk.empty()
                // What was offered and couldn't be kept is offered again after a while.
                _ = try await cloud.journal.first("PollForJobs", after: before)
                cloud.advance(by: cloud.options.codePipeline.redispatchInterval)
                for id in ids { #expect(try await cloud.codePipeline.end(of: id).status == "Succeeded") }
            }
        }
    }

    @Test func `that can't be one ends the program at once, with advice`() async throws {
        try await withTemporaryFolder { home in
            let file = home.appendingPathComponent("file")
            try Data("no folder".utf8).write(to: file)
            let damaged = home.appendingPathComponent("damaged")
            try FileManager.default.createDirectory(at: damaged, withIntermediateDirectories: true)
            let journal = damaged.appendingPathComponent("journal.sqlite")
            try Data(String(repeating: "no database ", count: 1_000).utf8).write(to: journal)
            let environment = Given.environment
            for (path, words) in [
                (file.path, "name a folder that it may write. QUALI_STATE_DIR names the folder."),
                ("\(file.path)/below", "name a folder that it may write. QUALI_STATE_DIR names the folder."),
                (damaged.path, "The journal '\(journal.path)' is damaged"),
            ] {
                let ending = try await program(
                    "run",
                    environment: environment.merging(["QUALI_STATE_DIR": path]) { $1 }
                )
                #expect(ending.status == 73, "\(ending)")
                #expect(ending.errors.contains(words), "\(ending)")
            }
        }
    }

    @Test func `that was copied while an action was under way ends nothing, whatever it may not ask`() async throws {
        try await withTemporaryFolder { home in
            let state = home.appendingPathComponent("state").path
            let copy = home.appendingPathComponent("copy").path
            let setup: Duration = .seconds(600)
            try await withWorker(on: state, setup: setup) { _, cloud, _ in
                let id = try begin(cloud)
                let start = try await cloud.journal.first("startSandbox").number
                // The lab's list is read for who waits, and so has noted the sandbox's id.
                _ = try await cloud.journal.first("sandboxes", after: start)
                try FileManager.default.copyItem(atPath: state, toPath: copy)
                cloud.advance(by: setup)
                #expect(try await cloud.codePipeline.end(of: id).status == "Succeeded")
                let denial = Fault.status(400, code: "AccessDeniedException")
                cloud.faults.inject(denial, on: "ListActionExecutions", times: .max)
                try await withTemporaryFolder { folder in
                    let settings = ["QUALI_POLL_SECONDS": "0.2", "QUALI_STATE_DIR": copy]
                    let environment = cloud.environment.merging(settings) { $1 }
                    let before = cloud.journal.count
                    let other = try ProgramRun(["run"], environment: environment, in: folder)
                    // By then an older version had ended the sandbox.
                    _ = try await cloud.journal.first("GetJobDetails", after: before)
                    let polls = cloud.journal.count
                    _ = try await cloud.journal.first("PollForJobs", after: polls)
                    other.signal(SIGTERM)
                    let ending = try await other.end()
                    #expect(ending.status == 0, "\(ending)")
                    #expect(ending.errors.contains("The state folder is a copy"), "\(ending)")
                }
                #expect(cloud.lab.sandboxesNotStopped.count == 1)
                #expect(!cloud.journal.operations.contains("stopSandbox"))
            }
        }
    }
}
