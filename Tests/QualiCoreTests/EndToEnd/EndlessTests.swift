import Foundation
import LocalCloud
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Whatever the services answer", .serialized, .timeLimit(.minutes(5)))
struct EndlessTests {
    /// Something that an operation answers for a while.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let operation: String
        let fault: Fault
        let name: String

        init(_ operation: String, _ fault: Fault, _ name: String? = nil) {
            self.operation = operation
            self.fault = fault
            self.name = name ?? fault.name
        }

        var testDescription: String { "\(operation): \(name)" }
    }

    private static func json(_ text: String) -> Fault {
        .reply(.text(text, status: 200, contentType: "application/x-amz-json-1.1"))
    }

    private static let elsewhere = Fault.reply(
        LocalReply(status: 302, headers: [("Location", "http://127.0.0.1:9/")], body: Data())
    )

    /// What anything in between, or a service in trouble, may answer instead of the service.
    private static func pages(_ operation: String) -> [Trouble] {
        [
            Trouble(operation, .html(502)), Trouble(operation, .html(200)), Trouble(operation, .truncateBody),
            Trouble(operation, .resetBeforeProcessing), Trouble(operation, elsewhere, "a redirect"),
            Trouble(operation, json(#"{"jobs": [{"id"#), "half a document"),
            Trouble(operation, json("[[[]]]"), "a document of another shape"),
            Trouble(operation, json(String(repeating: "[", count: 100_000)), "a deep document"),
            Trouble(operation, json(#"{"x": ""# + String(repeating: "x", count: 40 << 20) + #""}"#), "a huge document"),
        ]
    }

    private static let troubles =
        // A list that is too long won't be shorter in a moment, so it isn't waited for.
        pages("PollForJobs") + pages("sandboxes").filter { $0.name != "a huge document" } + pages("execution")
        + [
            Trouble("login", .html(502)), Trouble("login", .html(200)), Trouble("login", .truncateBody),
            Trouble("PollForJobs", json(#"{"jobs": [1, null, {"id": 2}, {"id": "x", "data": []}]}"#), "alien jobs"),
            Trouble("PollForJobs", .status(400, code: "ExpiredTokenException")),
            Trouble("PollForJobs", .status(400, code: "ActionTypeNotFoundException")),
            Trouble("PollForJobs", .status(400, code: "AccessDeniedException")),
            Trouble("PollForJobs", .status(400, code: "ThrottlingException")),
            Trouble("PollForJobs", .status(400, code: "SomethingNewException")),
            Trouble("AcknowledgeJob", .status(500)),
            Trouble("PutJobSuccessResult", .status(400, code: "ExpiredTokenException")),
            Trouble("PutJobSuccessResult", .status(400, code: "SomethingNewException")),
            Trouble("PutJobSuccessResult", .html(403)),
            Trouble("GetObject", .html(502)), Trouble("GetObject", .truncateBody),
            Trouble("startSandbox", .html(200)), Trouble("startSandbox", .truncateBody),
            Trouble("startComponentCommand", .truncateBody), Trouble("stopSandbox", .html(200)),
            Trouble("stopSandbox", .reply(LocalLab.emptyReply), "nothing"),
            Trouble("stopSandbox", elsewhere, "a redirect"),
            Trouble("login", .html(401)), Trouble("login", .html(400)), Trouble("blueprint", .html(404)),
            Trouble("startSandbox", .html(409)), Trouble("startSandbox", .html(400)),
            Trouble("startSandbox", .reply(LocalLab.emptyReply), "nothing"), Trouble("components", .html(401)),
            Trouble("componentCommand", .html(403)), Trouble("startComponentCommand", .html(413)),
        ]

    @Test(arguments: troubles)
    func `the worker goes on, and its jobs end well once that is over`(trouble: Trouble) async throws {
        try await Site.withRunning { cloud in
            let repeated = ["PollForJobs", "PutJobSuccessResult"].contains(trouble.operation)
            cloud.faults.inject(trouble.fault, on: trouble.operation, times: repeated ? 6 : 2)
            // The list is read where it isn't known whether a sandbox was started.
            if trouble.operation == "sandboxes" { cloud.faults.inject(.loseReply, on: "startSandbox") }
        } _: { site in
            let end = try await site.pipeline(
                Site.startAction(),
                Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package": "nginx"}"#]),
                Site.endAction()
            )
            #expect(end.status == "Succeeded", "\(end.actions.compactMap(\.errorMessage))")
            #expect(site.lab.sandboxes.count == 1)
            #expect(site.lab.executions.count == 1)
            #expect(site.cloud.journal.entries.contains { $0.operation == trouble.operation && $0.fault != nil })
        }
    }

    @Test func `a list that is too long ends the job that has to read it, with a word on what it may have left`()
        async throws
    {
        try await Site.withRunning { site in
            let huge = Self.json(#"{"x": ""# + String(repeating: "x", count: 17 << 20) + #""}"#)
            site.cloud.faults.inject(huge, on: "sandboxes", times: .max)
            site.cloud.faults.inject(.loseReply, on: "startSandbox")
            let end = try await site.pipeline(Site.startAction())
            let words = end.action("Start")?.errorMessage ?? ""
            #expect(end.status == "Failed")
            #expect(words.contains("the reply is larger than 16777216 bytes"), "\(words)")
            #expect(words.contains("may have been started; if so, end it by hand"), "\(words)")
        }
    }
}
