import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import SandboxAPI
import TestSupport

@testable import JobEngine
@testable import QualiCore

/// A lab in memory, whose every answer a test writes down; it answers logins by itself.
final class ScriptedLab: HTTPClient {
    /// Answers a request such as `GET /sandboxes/s1`, which has come for the given time, from 1.
    typealias Answer = @Sendable (_ line: String, _ number: Int) async throws -> HTTPReply

    private let answer: Answer
    private let asked = Locked<[String]>([])

    init(_ answer: @escaping Answer) { self.answer = answer }

    /// What the lab was asked, without logins.
    var lines: [String] { asked.withLock { $0 } }

    func count(_ line: String) -> Int { lines.count { $0 == line } }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        let path = (call.request.path ?? "").replacing("/api/v2", with: "")
        let line = "\(call.request.method.rawValue) \(path)"
        if line.hasSuffix("/login") { return .json("\"token\"") }
        let number = asked.withLock { lines in
            lines.append(line)
            return lines.count { $0 == line }
        }
        return try await answer(line, number)
    }
}

extension HTTPReply {
    static func json(_ text: String, status: Int = 200) -> HTTPReply {
        HTTPReply(
            HTTPResponse(status: .init(code: status), headerFields: [.contentType: "application/json"]),
            body: Data(text.utf8)
        )
    }

    /// An error as the lab writes it.
    static func error(_ status: Int, _ message: String) -> HTTPReply {
        json(#"{"statusCode": \#(status), "errorCategory": "WebApi", "message": "\#(message)"}"#, status: status)
    }

    static var unknownEntity: HTTPReply { .error(404, "The requested entity could not be found") }

    /// A gateway's word that it has waited in vain, after which the lab may still do what was asked.
    static var gatewayTimeout: HTTPReply { HTTPReply(HTTPResponse(status: .init(code: 504))) }

    static func sandbox(_ id: String, _ state: SandboxState, name: String = "Lab") -> HTTPReply {
        json(#"{"id": "\#(id)", "name": "\#(name)", "state": "\#(state.rawValue)"}"#)
    }

    static func list(_ id: String, _ state: SandboxState, name: String = "Lab") -> HTTPReply {
        json(#"[{"id": "\#(id)", "name": "\#(name)", "state": "\#(state.rawValue)"}]"#)
    }

    static var empty: HTTPReply { .json("[]") }

    static var success: HTTPReply { .json(#"{"result": "success"}"#) }
}

/// A handler's surroundings: a scripted lab, watchers, and a clock that runs as fast as everybody sleeps.
struct LabBench: Sendable {
    let lab: ScriptedLab
    let clock: ManualClock
    let access: LabAccess

    /// `answer` is the lab's; it may ask the clock.
    init(
        statusInterval: Duration = .seconds(5),
        patience: Duration = .seconds(300),
        clock: ManualClock = ManualClock(tick: 1e-6),
        _ answer: @escaping ScriptedLab.Answer
    ) throws {
        self.clock = clock
        lab = ScriptedLab(answer)
        let client = try SandboxClient(
            .init(
                url: "http://lab:82",
                username: "ci",
                password: Secret("lab-password"),
                retry: .init(attempts: 1, sleep: { _ in })
            ),
            httpClient: lab
        )
        access = LabAccess(
            client: client,
            watcher: SandboxWatcher(client: client, interval: statusInterval, clock: clock, logger: .silent),
            executionWatcher: ExecutionWatcher(client: client, interval: statusInterval, clock: clock, logger: .silent),
            portal: PortalLinks(url: "http://portal"),
            statusInterval: statusInterval,
            patience: patience
        )
    }

    /// Runs a handler for the job `1` of the action execution `run-1`.
    func run<Handler: WaitingActionHandler>(
        _ handler: Handler,
        _ properties: [String: String],
        checkpoint: Handler.Checkpoint? = nil,
        outputs: [CodePipeline.Artifact] = [],
        store: any ArtifactStore = InMemoryArtifactStore(),
        journal: (any JobJournal)? = nil,
        logger: Logger = .silent,
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] }
    ) async throws -> JobResult {
        let configuration = try Handler.Configuration(ActionProperties(properties))
        let context = JobContext<Handler.Checkpoint>(
            job: JobInfo(id: "1", actionExecutionID: "run-1", claimedAt: clock.now),
            checkpoint: checkpoint,
            artifacts: JobArtifacts(
                outputs: outputs,
                store: store,
                credentials: .init(accessKeyID: "ASIA1", secretAccessKey: Secret("s")),
                clock: clock
            ),
            journal: journal ?? InMemoryJobJournal([.record()]),
            clock: clock,
            logger: logger,
            actions: actions
        )
        return try await running { try await handler.runWhole(configuration, context: context) }
    }

    /// Has a handler undo what the job `1` of the action execution `run-1` has begun.
    func abandon<Handler: WaitingActionHandler>(_ handler: Handler, _ checkpoint: Handler.Checkpoint?) async throws {
        let context = JobContext<Handler.Checkpoint>(
            job: JobInfo(id: "1", actionExecutionID: "run-1", claimedAt: clock.now),
            checkpoint: checkpoint,
            artifacts: JobArtifacts(store: InMemoryArtifactStore()),
            journal: InMemoryJobJournal([.record()]),
            clock: clock,
            logger: .silent
        )
        try await running { try await handler.abandon(context) }
    }

    /// Runs the watchers and the clock while `body` runs.
    func running<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: clock.executor) { await access.watcher.run() }
            group.addTask(executorPreference: clock.executor) { await access.executionWatcher.run() }
            defer { group.cancelAll() }
            return try await clock.running(body)
        }
    }

    /// Seconds since the beginning of a manual clock.
    static func seconds(_ clock: any WorkerClock) -> TimeInterval { clock.now.timeIntervalSince(ManualClock().now) }
}
