import Foundation
import LocalCloud
import Logging
import QualiCore
import TestSupport
import Testing
import WorkerTestSupport

@testable import WorkerSettings
@testable import worker

@Suite("The status page of the program", .timeLimit(.minutes(2)))
struct StatusProgramTests {
    private static let paths = ["/", "/status.json", "/livez", "/readyz", "/metrics"]

    /// The environment of a worker with a page and a lab, in which every secret is one to look for.
    private static func environment(_ cloud: LocalCloud) -> [String: String] {
        let page = [
            "QUALI_STATUS_ADDRESS": "127.0.0.1:0", "QUALI_POLL_SECONDS": "0.2", "LOG_FORMAT": "json",
            "QUALI_EMF_SECONDS": "0.5",
        ]
        return cloud.environment.merging(page) { $1 }
    }

    private static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "admin", password: "canary-of-the-lab")
        options.secretAccessKey = "canary-of-aws"
        return options
    }

    /// Starts a pipeline that starts a sandbox, with something in its configuration that concerns nobody.
    private func startExecution(in cloud: LocalCloud) throws -> String {
        let start = VirtualPipeline.Action(
            "Start",
            .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
            [
                "BlueprintName": "Web lab", "DurationInMinutes": "60",
                "InputsJSON": #"{"Release": "canary-of-the-job"}"#,
            ]
        )
        try cloud.create(VirtualPipeline("Shown", stages: [.init("Lab", [start])]))
        return try cloud.codePipeline.start("Shown")
    }

    /// The port that a program's log names.
    private func port(_ run: ProgramRun, in folder: URL) async throws -> UInt16 {
        try await run.value {
            let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
            return log.firstMatch(of: #/"http:\/\/127\.0\.0\.1:(\d+)\/"/#).flatMap { UInt16($0.1) }
        }
    }

    /// Asks until a reply is as it is wanted.
    private func wait(
        _ port: UInt16,
        _ path: String,
        for status: Int,
        where isWanted: (String) -> Bool = { _ in true }
    ) async throws -> RawReply {
        while true {
            let reply = try await ask(port, path)
            if reply.status == status, isWanted(reply.body) { return reply }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func `answers what it should, with nothing secret, and refuses the rest`() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let executions = [try Given.failingExecution(in: cloud), try startExecution(in: cloud)]
                let run = try ProgramRun(["run"], environment: Self.environment(cloud), in: folder)
                let port = try await port(run, in: folder)
                _ = try await wait(port, "/readyz", for: 200)
                // While the sandbox is set up, the page leads to it.
                let page = try await wait(port, "/", for: 200) { $0.contains("/RM/Diagram/Index/") }
                #expect(page.body.contains("Jobs now <span") && !page.body.contains("canary"))
                for execution in executions { _ = try await cloud.codePipeline.end(of: execution) }
                // CodePipeline has the result a little before the worker knows that it has.
                _ = try await wait(port, "/metrics", for: 200) {
                    !$0.contains("jobs_in_progress{action=\"Quali-Start-Sandbox\"} 1\n")
                }
                var bodies: [String: String] = [:]
                for path in Self.paths {
                    let reply = try await ask(port, path)
                    #expect(reply.status == 200, "\(path)")
                    #expect(reply.fields["content-security-policy"]?.hasPrefix("default-src 'none'; ") == true)
                    #expect(reply.fields["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
                    #expect(reply.fields["x-content-type-options"] == "nosniff")
                    #expect(
                        reply.fields["referrer-policy"] == "no-referrer" && reply.fields["cache-control"] == "no-store"
                    )
                    #expect(reply.fields["set-cookie"] == nil)
                    #expect(!reply.body.contains("canary") && !reply.body.contains("s3cret"), "\(path)")
                    bodies[path] = reply.body
                    let head = try await ask(port, path, method: "HEAD")
                    #expect(
                        head.status == 200 && head.body.isEmpty
                            && head.fields["content-type"] == reply.fields["content-type"]
                    )
                    let post = try await ask(port, path, method: "POST")
                    #expect(post.status == 405 && post.fields["allow"] == "GET, HEAD")
                    #expect(try await ask(port, path, host: "evil.example").status == 421)
                }
                #expect(bodies["/"]?.contains("Failing") == true)
                #expect(bodies["/livez"] == "ok\n" && bodies["/readyz"] == "ok\n")
                #expect(bodies["/metrics"]?.contains("jobs_claimed_total{action=\"Quali-Start-Sandbox\"} 2\n") == true)
                try expectRequests(in: bodies["/metrics"] ?? "", of: cloud)
                let document = try #require(
                    try JSONSerialization.jsonObject(with: Data((bodies["/status.json"] ?? "").utf8)) as? [String: Any]
                )
                #expect(document["ready"] as? Bool == true && document["version"] as? String == worker.Program.version)
                let all = try #require(document["ended"] as? [[String: Any]])
                let ended = try #require(all.first { $0["pipeline"] as? String == "Failing" })
                #expect(ended["ending"] as? String == "failed")
                #expect(all.contains { $0["pipeline"] as? String == "Shown" && $0["ending"] as? String == "succeeded" })
                #expect((ended["claimed_at"] as? String)?.hasSuffix("Z") == true)
                #expect(try await ask(port, "/favicon.ico").status == 404)
                #expect(try await ask(port, "/../etc/passwd").status == 404)
                run.signal(SIGTERM)
                let ending = try await run.end()
                #expect(ending.status == 0 && ending.errors.components(separatedBy: "\"Status page\"").count == 2)
                let lines = ending.errors.split(separator: "\n").filter {
                    $0.hasPrefix("{\"_aws\":{\"CloudWatchMetrics\":[{")
                }
                let started = lines.compactMap {
                    $0.firstMatch(of: #/"sandboxes_started":(\d+)/#).flatMap { Int($0.1) }
                }
                #expect(lines.count >= 2 && started.count == lines.count && started.reduce(0, +) == 1)
                #expect(!lines.joined().contains("canary"))
            }
        }
    }

    /// Expects that the metrics know all operations that the stand-ins were asked for by the worker, and when its credentials end.
    private func expectRequests(in metrics: String, of cloud: LocalCloud) throws {
        func operations(_ service: String) -> Set<String> {
            let counts = metrics.matches(of: #/(?m)^quali_worker_(\w+)_requests_total{operation="(\w+)".*} [1-9]\d*$/#)
            return Set(counts.filter { $0.1 == service }.map { String($0.2) })
        }
        // The test has installed the action types, and started executions.
        let others = [
            "ListActionTypes", "CreateCustomActionType", "StartPipelineExecution", "CreatePipeline",
            "GetPipelineExecution",
        ]
        func asked(_ isOf: (String) -> Bool) -> Set<String> {
            Set(cloud.journal.entries.filter { isOf($0.service) }.map(\.operation)).subtracting(others)
        }
        #expect(operations("lab") == asked { $0 == "lab" })
        #expect(operations("aws") == asked { $0 == "codepipeline" || $0 == "s3" })
        #expect(operations("aws").isSuperset(of: ["PollForJobs", "AcknowledgeJob", "PutJobSuccessResult"]))
        #expect(metrics.contains("\nquali_worker_credentials_end_timestamp_seconds 0\n"))
        let lab = "quali_worker_lab_request_duration_seconds_count{operation=\"startSandbox\"} "
        #expect(metrics.contains("\n\(lab)"))
        #expect(metrics.contains("\nquali_worker_sandboxes_started_total 1\n"))
        #expect(metrics.contains(#/\nquali_worker_build_info{version="[^"]+",region="[^"]+",lab="127\.0\.0\.1"} 1\n/#))
        #expect(metrics.contains("\nquali_worker_ready 1\n"))
    }

    @Test func `stays up while the worker drains, alive but not ready`() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                _ = try Given.failingExecution(in: cloud)
                cloud.faults.inject(.hang, on: "PutJobFailureResult", times: .max)
                let environment = Self.environment(cloud).merging(["QUALI_DRAIN": "60s"]) { $1 }
                let run = try ProgramRun(["run"], environment: environment, in: folder)
                let port = try await port(run, in: folder)
                _ = try await wait(port, "/readyz", for: 200)
                _ = try await cloud.journal.arrival { $0.operation == "PutJobFailureResult" }
                run.signal(SIGTERM)
                let reply = try await wait(port, "/readyz", for: 503)
                #expect(reply.body == "The worker is being stopped.\n")
                #expect(try await ask(port, "/livez").status == 200)
                #expect(try await ask(port, "/").body.contains("takes no new jobs, with 1 action in hand"))
                run.signal(SIGINT)
                #expect(try await run.end().status == 130)
            }
        }
    }

    @Test func `doesn't start at a port that is taken, and says which setting it was`() async throws {
        let other = try RawServer { _ in }
        defer { other.stop() }
        let environment = Given.environment.merging(["QUALI_STATUS_ADDRESS": "\(other.port)"]) { $1 }
        let ending = try await program("run", environment: environment)
        #expect(ending.status == ProgramFailure.Status.unavailable.rawValue)
        #expect(ending.errors.contains("QUALI_STATUS_ADDRESS is 127.0.0.1:\(other.port)"))
        #expect(ending.errors.contains("Address already in use"))
    }

    /// Runs a worker in this process, whose page is as quick to judge as a test wants it.
    private func withWorker(
        _ cloud: LocalCloud,
        _ changes: [String: String] = [:],
        _ body: (UInt16) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let environment = Self.environment(cloud).merging(changes) { $1 }
            var settings = try await WorkerSettings.read(SettingSources(environment: environment))
            settings.status.labInterval = .milliseconds(100)
            settings.status.patience = .zero
            settings.jobs.statusInterval = .milliseconds(500)
            settings.jobs.pollInterval = .milliseconds(500)
            settings.jobs.stateDirectory = folder.path
            let lines = Lines()
            let process = try WorkerProcess(settings, logger: lines.logger) { $0 }
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await process.run(until: WorkerProcess.trapSignals()) }
                try await body(try await lines.port())
                await process.stop()
                try await tasks.waitForAll()
            }
        }
    }

    @Test func `isn't ready while the lab is down, though nobody wants anything of it`() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try await withWorker(cloud) { port in
                _ = try await wait(port, "/readyz", for: 200)
                cloud.faults.inject(.status(503), service: "lab", times: .max)
                _ = try await wait(port, "/readyz", for: 503) {
                    $0.hasPrefix("The lab hasn't answered since ") && $0.contains("503")
                }
                #expect(try await ask(port, "/livez").status == 200)
                cloud.faults.removeAll()
                _ = try await wait(port, "/readyz", for: 200)
                cloud.faults.inject(.status(500), on: "PollForJobs", times: .max)
                // On a busy machine the lab may have been unheard for a moment, too.
                _ = try await wait(port, "/readyz", for: 503) { $0.hasPrefix("CodePipeline's queue of Quali-") }
                // An empty success is no empty queue.
                cloud.faults.removeAll()
                _ = try await wait(port, "/readyz", for: 200)
                cloud.faults.inject(.page(200), on: "PollForJobs", times: .max)
                _ = try await wait(port, "/readyz", for: 503) {
                    $0.hasPrefix("CodePipeline's queue of Quali-") && $0.contains("the reply is empty")
                }
            }
        }
    }

    @Test func `shows that a lab refuses the login, which isn't tried again soon`() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try await withWorker(cloud, ["CLOUDSHELL_PASSWORD": "wrong-canary"]) { port in
                let reply = try await wait(port, "/readyz", for: 503) {
                    $0.contains("The lab refuses the worker's login")
                }
                #expect(!reply.body.contains("canary"))
                #expect(try await ask(port, "/").body.contains("The lab refuses the worker’s login"))
                // The lab wasn't asked for longer than it is asked otherwise, so the first refusal was the last.
                #expect(cloud.journal.entries.count { $0.service == "lab" && $0.operation == "login" } == 1)
            }
        }
    }
}

/// A log to read the page's port from.
private final class Lines: Sendable {
    private let text: AsyncStream<String>
    /// Writes into the log.
    let logger: Logger

    init() {
        let (text, write) = AsyncStream<String>.makeStream()
        self.text = text
        logger = Logger(label: "test") { _ in LineLogHandler(.json, write: { write.yield($0) }) }
    }

    /// The port that the log names.
    func port() async throws -> UInt16 {
        for await line in text {
            if let match = line.firstMatch(of: #/"http:\/\/127\.0\.0\.1:(\d+)\/"/#), let port = UInt16(match.1) {
                return port
            }
        }
        throw CancellationError()
    }
}
