import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// A box between the worker and AWS answers in AWS's place for a while.
@Suite("A box that answers in AWS's place", .serialized, .timeLimit(.minutes(5)))
struct BoxTests {
    /// What it answers.
    enum Box: CaseIterable, Sendable {
        /// A portal's page.
        case portal
        /// A web filter's page.
        case filter
        /// Caddy's reply for a host that it doesn't know.
        case stranger

        var fault: Fault {
            switch self {
            case .portal: .page(200, type: "text/html", body: "<html>Log in first</html>")
            case .filter: .page(403, type: "text/html", body: "<html>Blocked by policy</html>")
            case .stranger: .page(200)
            }
        }
    }

    private static let actions = [
        Site.startAction(),
        Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package": "nginx"}"#], outputs: ["Out"]),
        Site.endAction(),
    ]

    @Test(
        arguments: [
            "PollForJobs", "AcknowledgeJob", "PutJobSuccessResult", "PutObject", "GetObject", "ListActionExecutions",
        ],
        Box.allCases
    )
    func `costs no job, and nothing counts as stored that isn't`(operation: String, box: Box) async throws {
        // More than a call's attempts, for each of the three that poll, so that the worker itself has to go on.
        let times = ["PollForJobs": 7, "ListActionExecutions": .max][operation] ?? 4
        try await Site.withRunning {
            $0.faults.inject(box.fault, on: operation, times: times)
        } _: { site in
            let execution = try site.begin(Self.actions)
            let end = try await site.cloud.codePipeline.end(of: execution)
            // The run and the end action have read what the start action stored.
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
            #expect(site.lab.sandboxes.count == 1)
            #expect(site.lab.executions.count == 1)
            let met = site.cloud.journal.entries.count { $0.fault == box.fault.name }
            #expect(operation == "ListActionExecutions" || met == times)
            let stored = site.cloud.journal.entries.count { $0.operation == "PutObject" && $0.fault == nil }
            #expect(stored == 2)
            guard operation == "PollForJobs" else { return }
            let lines = site.log.withLock { $0.filter { $0.contains("Polling fails") } }
            #expect(lines.contains { $0.contains("MalformedReply") && $0.contains("a web filter") }, "\(lines)")
        }
    }

    @Test(arguments: Box.allCases)
    func `loses no failure, either`(box: Box) async throws {
        try await Site.withRunning { site in
            site.cloud.faults.inject(box.fault, on: "PutJobFailureResult", times: 4)
            let end = try await site.pipeline(Site.startAction(["BlueprintName": "No such lab"]))
            #expect(end.status == "Failed")
            #expect(end.actions.last?.errorMessage?.contains("No such lab") == true)
        }
    }

    @Test func `a damaged artifact is read once more`() async throws {
        try await Site.withRunning { site in
            let cut = Fault.reply(LocalReply(headers: [("ETag", "\"e\"")], body: Data("PK\u{3}\u{4}".utf8)))
            site.cloud.faults.inject(cut, on: "GetObject")
            let end = try await site.pipeline(Site.startAction(), Site.endAction())
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
            #expect(site.cloud.journal.entries.count { $0.operation == "GetObject" } == 2)
        }
    }
}
