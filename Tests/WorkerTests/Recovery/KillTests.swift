import Foundation
import LocalCloud
import TestSupport
import Testing

/// The built program is killed at each request that a pipeline of start, command and end makes, and started again.
@Suite("A worker that is killed", .timeLimit(.minutes(10)))
struct KillTests {
    /// A request of the run, and the moment at which the worker dies.
    struct Edge: Sendable, CustomTestStringConvertible {
        enum Moment: String, CaseIterable, Sendable {
            case beforeProcessing = "before it is processed"
            case beforeReply = "before its reply arrives"
        }

        let operation: String
        /// Which of the operation's requests, from 1.
        let number: Int
        let moment: Moment

        var testDescription: String { "\(operation) \(number), \(moment.rawValue)" }

        /// Each operation of the run with the number of requests at which it is worth to die.
        static let operations = [
            ("GetCallerIdentity", 1), ("PollForJobs", 1), ("AcknowledgeJob", 3), ("login", 1), ("blueprint", 1),
            ("startSandbox", 1),
            ("sandboxes", 2), ("sandbox", 2), ("components", 2), ("PutObject", 2), ("PutJobSuccessResult", 3),
            ("GetObject", 2), ("componentCommand", 1), ("startComponentCommand", 1), ("execution", 1),
            ("activity", 2), ("stopSandbox", 1),
        ]

        static let all = operations.flatMap { operation, count in
            (1...count).flatMap { number in
                Moment.allCases.map { Edge(operation: operation, number: number, moment: $0) }
            }
        }
    }

    private static let password = "canary-of-the-lab"

    static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "admin", password: password)
        options.blueprints = [
            LabBlueprint(
                name: "Web lab",
                components: [
                    LabComponent(
                        name: "web-server",
                        kind: .application,
                        model: "Generic App Model",
                        commands: [LabCommand(name: "install", duration: .milliseconds(700))]
                    )
                ],
                setup: .succeeds(after: .milliseconds(300)),
                teardown: .succeeds(after: .milliseconds(300))
            )
        ]
        return options
    }

    /// Starts an execution of a pipeline of three actions, for which no worker runs yet.
    static func begin(_ cloud: LocalCloud) async throws -> String {
        let install = try await program("actions", "install", environment: cloud.environment)
        try #require(install.status == 0, "\(install)")
        func type(_ category: String, _ name: String) -> VirtualPipeline.ActionType {
            .init(category: category, provider: name, version: "1")
        }
        try cloud.create(
            VirtualPipeline(
                "Nightly",
                stages: [
                    .init(
                        "Lab",
                        [
                            .init(
                                "Start",
                                type("Deploy", "Quali-Start-Sandbox"),
                                ["BlueprintName": "Web lab", "DurationInMinutes": "60"],
                                outputs: ["Sandbox"],
                                runOrder: 1
                            ),
                            .init(
                                "Run",
                                type("Test", "Quali-Run-Command"),
                                ["ComponentName": "web-server.*", "CommandName": "install"],
                                inputs: ["Sandbox"],
                                outputs: ["Output"],
                                runOrder: 2
                            ),
                            .init(
                                "End",
                                type("Deploy", "Quali-End-Sandbox"),
                                ["WaitForTeardown": "true"],
                                inputs: ["Sandbox"],
                                runOrder: 3
                            ),
                        ]
                    )
                ]
            )
        )
        return try cloud.codePipeline.start("Nightly")
    }

    /// Runs the program with the state of `home`, its output in a folder of its own.
    ///
    /// `changes` are changes of the stand-ins' environment, and `wrapper` is a program with its arguments that starts
    /// it.
    static func startWorker(
        _ cloud: LocalCloud,
        home: URL,
        _ name: String,
        _ changes: [String: String] = [:],
        through wrapper: [String] = []
    ) throws -> ProgramRun {
        let folder = home.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = [
            // A slow machine mustn't bring more jobs than are counted.
            "QUALI_PROGRESS_SECONDS": "0",
            "LOG_LEVEL": "debug", "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.2",
            "QUALI_STATE_DIR": home.appendingPathComponent("state").path,
        ]
        let environment = cloud.environment.merging(settings) { $1 }.merging(changes) { $1 }
        return try ProgramRun(["run"], environment: environment, through: wrapper, in: folder)
    }

    /// Waits for the request at which the worker is to die.
    private func reach(_ edge: Edge, _ cloud: LocalCloud, _ id: String) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                _ = try await cloud.journal.arrival { $0.operation == edge.operation && $0.fault != nil }
                return true
            }
            tasks.addTask {
                _ = try await cloud.codePipeline.end(of: id)
                // A last request may be processed, and so end the pipeline, before its journal tells of it.
                return cloud.journal.entries.contains { $0.operation == edge.operation && $0.fault != nil }
            }
            let wasMade = try await tasks.next()
            #expect(wasMade == true, "the pipeline ended without this request")
            tasks.cancelAll()
        }
    }

    /// Checks that a run which has ended lost and doubled nothing.
    static func check(_ execution: ExecutionReport, _ cloud: LocalCloud, home: URL) throws {
        let outcomes = execution.actions.map { "\($0.name): \($0.errorMessage ?? $0.status)" }
        #expect(execution.status == "Succeeded", "\(outcomes)")
        #expect(cloud.lab.sandboxes.count == 1)
        #expect(cloud.lab.sandboxesNotStopped.isEmpty)
        #expect(cloud.lab.executions.count == 1)
        let reports = cloud.journal.entries { $0.operation == "PutJobSuccessResult" && $0.status == 200 }
        // A report whose reply was withheld has no status, yet was taken.
        let jobs = Set(cloud.journal.entries { $0.operation == "PutJobSuccessResult" }.compactMap { $0.facts["jobId"] })
        // A job whose acknowledgement may have been taken is put back once.
        #expect((3...4).contains(jobs.count))
        #expect(Set(reports.compactMap { $0.facts["jobId"] }).count == reports.count)
        #expect(!cloud.journal.operations.contains("PutJobFailureResult"))
        let state = home.appendingPathComponent("state").path
        let secrets = [password, cloud.options.secretAccessKey]
        for name in try FileManager.default.contentsOfDirectory(atPath: state) {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(state)/\(name)"))
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
        }
    }

    @Test("loses nothing and does nothing twice", arguments: Edge.all)
    func edge(_ edge: Edge) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                let id = try await Self.begin(cloud)
                cloud.faults.inject(
                    edge.moment == .beforeProcessing ? .hang : .hangAfterProcessing,
                    on: edge.operation,
                    skipping: edge.number - 1
                )
                let first = try Self.startWorker(cloud, home: home, "first")
                try await reach(edge, cloud, id)
                first.signal(SIGKILL)
                let death = try await first.end()
                #expect(death.status == 128 + SIGKILL, "\(death)")
                // A poll whose reply is lost leaves the job to be offered again after a while.
                if edge.operation == "PollForJobs" {
                    cloud.advance(by: cloud.options.codePipeline.redispatchInterval)
                }
                let second = try Self.startWorker(cloud, home: home, "second")
                let execution = try await cloud.codePipeline.end(of: id)
                // It may all have been over before; then the second one has to get as far as obeying signals. A poll of the
                // first one may arrive as late as that, so it's no sign.
                _ = try await second.value {
                    let log = second.folder.appendingPathComponent("errors")
                    return try String(contentsOf: log, encoding: .utf8).contains("Polling for jobs") ? true : nil
                }
                second.signal(SIGTERM)
                let ending = try await second.end()
                #expect(ending.status == 0, "\(ending)")
                try Self.check(execution, cloud, home: home)
            }
        }
    }

    @Test("can be killed at any request that it makes, since there is a case for each")
    func isComplete() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                let id = try await Self.begin(cloud)
                let before = cloud.journal.count
                let worker = try Self.startWorker(cloud, home: home, "only")
                let execution = try await cloud.codePipeline.end(of: id)
                let made = Set(cloud.journal.entries { $0.number > before }.map(\.operation))
                #expect(made == Set(Edge.operations.map(\.0)))
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
                try Self.check(execution, cloud, home: home)
            }
        }
    }

    @Test(
        "is run with the libcurl that the tests are run with",
        .enabled(if: ProcessInfo.processInfo.environment["EXPECTED_LIBCURL"] != nil)
    )
    func libcurl() async throws {
        func libcurl(of process: String) throws -> Set<Substring> {
            let maps = try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8)
            return Set(
                maps.split(separator: "\n").compactMap { $0.split(separator: " ").last }.filter {
                    $0.contains("/libcurl")
                }
            )
        }
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                let worker = try Self.startWorker(cloud, home: home, "only")
                _ = try await cloud.journal.first("PollForJobs")
                #expect(try libcurl(of: "\(worker.id)") == libcurl(of: "self"))
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }
    }

    @Test("is alone with its state: a second one refuses, and says so")
    func secondOwner() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                let first = try Self.startWorker(cloud, home: home, "first")
                _ = try await cloud.journal.first("PollForJobs")
                let second = try await Self.startWorker(cloud, home: home, "second").end()
                #expect(second.status == 69)
                #expect(second.errors.contains("is using the state folder"))
                first.signal(SIGTERM)
                #expect(try await first.end().status == 0)
            }
        }
    }
}
