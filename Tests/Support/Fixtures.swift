package import AWSLite
package import Foundation
import HTTPTransport
package import JobEngine
package import Logging
import ServiceLifecycle

extension CodePipeline.ActionTypeID {
    package static let start = Self(category: .deploy, provider: "Quali-Start-Sandbox", version: "1")
    package static let end = Self(category: .deploy, provider: "Quali-End-Sandbox", version: "1")
}

extension CodePipeline.Job {
    /// A job of an action; its action execution is `run-` and the number of its id.
    package static func job(
        _ id: String,
        of type: CodePipeline.ActionTypeID = .start,
        nonce: String = "3",
        configuration: [String: String] = [:],
        actionExecutionID: String? = nil,
        inputs: [CodePipeline.Artifact] = [],
        outputs: [CodePipeline.Artifact] = [],
        token: String? = nil
    ) -> Self {
        Self(
            id: id,
            nonce: nonce,
            accountID: "111122223333",
            data: .init(
                actionTypeID: type,
                configuration: configuration,
                pipelineContext: .init(
                    pipelineName: "Nightly",
                    pipelineExecutionID: "execution-1",
                    stageName: "Lab",
                    actionName: "Start",
                    actionExecutionID: actionExecutionID ?? "run-\(id)"
                ),
                inputArtifacts: inputs,
                outputArtifacts: outputs,
                artifactCredentials: .init(
                    accessKeyID: "ASIA1",
                    secretAccessKey: Secret("s"),
                    sessionToken: Secret("t")
                ),
                continuationToken: token
            )
        )
    }
}

/// A handler made of a closure, whose checkpoint is a number.
package struct ClosureHandler: ActionHandler {
    package typealias Checkpoint = Int
    package typealias Body = @Sendable (JobContext<Int>) async throws -> JobResult
    package typealias Undoing = @Sendable (JobContext<Int>) async throws -> Void
    package let body: Body
    package let undo: Undoing

    package init(_ body: @escaping Body, undo: @escaping Undoing = { _ in }) {
        self.body = body
        self.undo = undo
    }

    package func abandon(_ context: JobContext<Int>) async throws { try await undo(context) }

    package func run(_ configuration: NoConfiguration, context: JobContext<Int>) async throws -> JobResult {
        try await body(context)
    }
}

/// A handler made of a closure that may wait, whose checkpoint and event are numbers.
package struct WaitingClosureHandler: WaitingActionHandler {
    package typealias Body = @Sendable (_ context: JobContext<Int>, _ event: Int?) async throws -> JobStep<Int>
    package let body: Body
    package let undo: ClosureHandler.Undoing

    package init(_ body: @escaping Body, undo: @escaping ClosureHandler.Undoing = { _ in }) {
        self.body = body
        self.undo = undo
    }

    package func abandon(_ context: JobContext<Int>) async throws { try await undo(context) }

    package func run(
        _ configuration: NoConfiguration,
        after event: Int?,
        context: JobContext<Int>
    ) async throws -> JobStep<Int> {
        try await body(context, event)
    }
}

/// A worker that runs while a test looks at it, over a queue from memory and a clock that stands still.
package struct RunningWorker: Sendable {
    package let worker: JobWorker
    package let queue: InMemoryJobQueue
    package let clock: ManualClock
    package let journal: any JobJournal
    /// Begins the graceful shutdown.
    package let stop: @Sendable () async -> Void

    package static func run(
        queue: InMemoryJobQueue = InMemoryJobQueue(),
        journal: any JobJournal = InMemoryJobJournal(),
        store: any ArtifactStore = InMemoryArtifactStore(),
        monitor: WorkerMonitor = WorkerMonitor(),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        configure: (inout JobWorker.Configuration) -> Void = { _ in },
        handler: @escaping ClosureHandler.Body,
        abandoned undo: @escaping ClosureHandler.Undoing = { _ in },
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        try await run(
            queue: queue,
            journal: journal,
            store: store,
            monitor: monitor,
            logger: logger,
            configure: configure,
            steps: { context, _ in .done(try await handler(context)) },
            abandoned: undo,
            whileRunning: body
        )
    }

    /// The same with a handler that may wait.
    package static func run(
        queue: InMemoryJobQueue = InMemoryJobQueue(),
        journal: any JobJournal = InMemoryJobJournal(),
        store: any ArtifactStore = InMemoryArtifactStore(),
        monitor: WorkerMonitor = WorkerMonitor(),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        configure: (inout JobWorker.Configuration) -> Void = { _ in },
        steps: @escaping WaitingClosureHandler.Body,
        abandoned undo: @escaping ClosureHandler.Undoing = { _ in },
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        var configuration = JobWorker.Configuration()
        // It would be one more sleeper on a clock whose sleepers a test wakes.
        configuration.pipelinePollInterval = nil
        configuration.progressInterval = nil
        configure(&configuration)
        let worker = JobWorker(
            queue: queue,
            actions: [JobAction(.start, handler: WaitingClosureHandler(steps, undo: undo))],
            artifactStore: store,
            journal: journal,
            configuration: configuration,
            monitor: monitor,
            clock: clock,
            logger: logger
        )
        let group = ServiceGroup(services: [worker], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup { tasks in
            tasks.addTask(executorPreference: clock.executor) { try await group.run() }
            try await body(
                RunningWorker(
                    worker: worker,
                    queue: queue,
                    clock: clock,
                    journal: journal,
                    stop: { await group.triggerGracefulShutdown() }
                )
            )
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// A gate that opens once.
package final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() { (stream, continuation) = AsyncStream.makeStream() }

    package func open() { continuation.finish() }

    /// Waits for the gate to open; a cancelled wait ends too.
    package func wait() async { for await _ in stream {} }
}

extension Logger {
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension JobRecord {
    /// A record of the job `1` of the action execution `run-1`.
    package static func record(
        _ id: String = "1",
        isAcknowledged: Bool = true,
        offeredAt: Date? = nil,
        checkpoint: Data? = nil
    ) -> JobRecord {
        JobRecord(
            id: id,
            actionTypeID: .start,
            actionExecutionID: "run-\(id)",
            place: JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e"),
            nonce: "3",
            isAcknowledged: isAcknowledged,
            claimedAt: ManualClock().now,
            offeredAt: offeredAt,
            checkpoint: checkpoint
        )
    }
}
