import Foundation
import HTTPTransport
import LocalCloud
import QualiCore
import TestSupport
import Testing

@Suite("What goes wrong on the way doubles nothing and loses nothing", .timeLimit(.minutes(5)))
struct LostReplyTests {
    private static let actions = [
        Site.startAction(),
        Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package":"x"}"#], outputs: ["Out"]),
        Site.endAction(["WaitForTeardown": "true"]),
    ]

    /// Runs start, command and end with a fault, and expects one sandbox, one execution and one report for each job.
    private func expectOnce(_ fault: Fault, on operation: String, times: Int = 1, skipping: Int = 0) async throws {
        try await Site.withRunning {
            $0.faults.inject(fault, on: operation, times: times, skipping: skipping)
        } _: { site in
            let execution = try site.begin(Self.actions)
            let end = try await site.cloud.codePipeline.end(of: execution)
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
            #expect(site.cloud.journal.entries.contains { $0.fault == fault.name })
            #expect(site.lab.sandboxes.count == 1)
            #expect(site.lab.executions.count == 1)
            // A job whose acknowledgement may have been taken is put back once.
            let isDoubted = operation == "AcknowledgeJob" && fault.name == "reply lost"
            #expect(end.actions.dropFirst().map(\.jobs.count) == [isDoubted ? 2 : 1, 1, 1])
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test(arguments: [
        "PollForJobs", "AcknowledgeJob", "PutJobSuccessResult", "PutObject", "GetObject", "login", "blueprint",
        "startSandbox", "sandbox", "components", "componentCommand", "startComponentCommand", "execution",
        "stopSandbox", "sandboxes", "activity",
    ])
    func `a reply that is lost after the request was processed`(operation: String) async throws {
        try await expectOnce(.loseReply, on: operation)
    }

    @Test(arguments: [
        "PollForJobs", "AcknowledgeJob", "PutJobSuccessResult", "PutObject", "GetObject", "login", "blueprint",
        "startSandbox", "sandbox", "components", "componentCommand", "startComponentCommand", "execution",
        "stopSandbox", "sandboxes", "activity",
    ])
    func `a connection that is reset before the request was processed`(operation: String) async throws {
        try await expectOnce(.resetBeforeProcessing, on: operation, times: 2)
    }

    @Test(arguments: [Fault.resetBeforeProcessing, .loseReply])
    func `polls go on after the connections of some broke, and a job is taken`(_ fault: Fault) async throws {
        try await Site.withRunning { site in
            // On connections that were good for some polls.
            try await site.cloud.journal.finished("PollForJobs", times: 6)
            let journal = site.cloud.journal
            for round in 1...3 {
                site.cloud.faults.inject(fault, on: "PollForJobs", times: 3)
                try await journal.finished("PollForJobs", times: journal.finished("PollForJobs") + 12)
                #expect(journal.entries.count { $0.fault == fault.name } == 3 * round)
            }
            let end = try await site.pipeline(Site.startAction(), Site.endAction())
            #expect(end.status == "Succeeded")
        }
    }

    @Test(arguments: [
        "blueprint", "startSandbox", "sandbox", "components", "startComponentCommand", "execution",
        "stopSandbox", "sandboxes",
    ])
    func `a proxy's error page instead of the lab's answer`(operation: String) async throws {
        try await expectOnce(.html(502), on: operation, times: 3)
    }

    @Test(arguments: ["PollForJobs", "AcknowledgeJob", "PutJobSuccessResult"])
    func `throttling`(operation: String) async throws {
        try await expectOnce(
            .status(400, code: "ThrottlingException", message: "Rate exceeded"),
            on: operation,
            times: 7
        )
    }

    @Test(arguments: ["PutObject", "GetObject"])
    func `artifact credentials that have expired are renewed`(operation: String) async throws {
        try await expectOnce(.status(400, code: "ExpiredToken", message: "The token has expired"), on: operation)
    }

    @Test func `a lab that lists a new sandbox late`() async throws {
        var options = LocalCloud.Options()
        options.lab.listLag = 2
        try await Site.withRunning(options) { site in
            site.cloud.faults.inject(.loseReply, on: "startSandbox")
            let end = try await site.pipeline(Site.startAction(), Site.endAction())
            #expect(end.status == "Succeeded")
            #expect(site.lab.sandboxes.count == 1)
        }
    }

    @Test func `two actions on the same command of one component whose replies are lost`() async throws {
        try await Site.withRunning { site in
            site.cloud.faults.inject(.loseReply, on: "startComponentCommand", times: 2)
            let name = "Twins"
            let runs = (1...4).map { number in
                var run = Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package":"\#(number)"}"#])
                run.name = "Run\(number)"
                run.namespace = nil
                return run
            }
            try site.cloud.create(
                VirtualPipeline(name, stages: [.init("Start", [Site.startAction()]), .init("Run", runs)])
            )
            let end = try await site.cloud.codePipeline.end(of: site.cloud.codePipeline.start(name))
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            #expect(site.lab.executions.compactMap { $0.parameters["Package"] }.sorted() == ["1", "2", "3", "4"])
            let ids = end.actions.compactMap { $0.outputVariables["ExecutionId"] }
            #expect(ids.isEmpty || Set(ids).count == 4)
        }
    }

    @Test func `a worker that stops during a setup hands the job over, and another one finishes it`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .seconds(600))
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(blueprint)
            let (execution, sandbox) = try await Site.serve(cloud) { site in
                let execution = try site.begin(Self.actions)
                let sandbox = try await cloud.lab.first { $0.first { $0.state == .setup } }
                _ = try await cloud.journal.next { $0.operation == "sandboxes" }
                return (execution, sandbox)
            }
            let start = try #require(cloud.codePipeline.execution(execution)?.action("Start"))
            #expect(start.status == "InProgress")
            #expect(start.jobs.count == 2)
            #expect(start.jobs.last?.continuationToken?.contains(sandbox.id) == true)
            #expect(start.summary == "Setting up")
            #expect(start.externalExecutionID == sandbox.id)

            cloud.advance(by: .seconds(600))
            try await Site.serve(cloud) { _ in
                let end = try await cloud.codePipeline.end(of: execution)
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            }
            #expect(cloud.lab.sandboxes.count == 1)
        }
    }

    @Test func `no secret is logged or reported, whatever fails`() async throws {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "admin", password: "canary-of-the-lab")
        options.secretAccessKey = "canary/of/aws"
        try await Site.withRunning(options) { site in
            for operation in ["GetObject", "PutObject", "sandbox", "startComponentCommand"] {
                site.cloud.faults.inject(.status(403, code: "AccessDenied", message: "no"), on: operation)
                _ = try await site.cloud.codePipeline.end(of: site.begin(Self.actions))
            }
            site.lab.forgetTokens()
            let end = try await site.cloud.codePipeline.end(of: site.begin(Self.actions))
            #expect(end.status == "Succeeded")
            var secrets = ["canary-of-the-lab", "canary/of/aws", "s3cret-of-the-web"] + site.lab.liveTokens
            for entry in site.cloud.journal.entries {
                secrets += entry.request["x-amz-security-token"].map { [$0] } ?? []
            }
            let reports = site.cloud.codePipeline.executions(of: end.pipeline)
            let text = site.log.withLock { $0.joined(separator: "\n") } + String(describing: reports)
            for secret in Set(secrets) { #expect(!text.contains(secret)) }
            #expect(secrets.count > 4)
            #expect(text.contains("Job succeeded"))
        }
    }
}
