public import AWSLite
import Foundation
import HTTPTransport
public import JobEngine

/// Runs a handler for one job as a worker does, without AWS, and shows what it does.
///
/// The job's properties are decoded and its checkpoints encoded as a worker does it, and its time is a ``ManualClock`` that
/// moves on when nothing else is left to do. So a wait of an hour takes no time.
///
/// ```swift
/// let test = HandlerTest(Deployment(service), properties: ["Version": "1.2"])
/// let result = try await test.run()
/// #expect(result.summary == "Version 1.2 is live")
/// #expect(try test.saved.map(\.id) == ["d-1"])
/// ```
///
/// A job may be cut off anywhere and taken up by another worker, which ``run(eachInterruptionOf:_:)`` tries out moment by
/// moment, and ``resumed(at:)`` for one checkpoint.
public final class HandlerTest<Handler: WaitingActionHandler>: Sendable {
    /// What is tested.
    public let handler: Handler
    /// The job that it is run for.
    public let job: JobInfo
    /// The job's time.
    public let clock: ManualClock
    /// Where the job's artifacts are.
    public let store: InMemoryArtifactStore

    /// What a test and those that go on with its job have in common.
    private struct Setting: Sendable {
        let properties: ActionProperties
        let inputs: [CodePipeline.Artifact]
        let outputs: [CodePipeline.Artifact]
        let actions: @Sendable () async throws -> [CodePipeline.ActionExecution]
    }

    private let setting: Setting
    private let checkpoint: Handler.Checkpoint?
    private let trace = JobTrace<Handler.Checkpoint>()
    /// The job as it was at the beginning; the same as it is now is made of this.
    private let context: JobContext<Handler.Checkpoint>
    private let waited = Locked<[JobWait<Handler.Event>]>([])

    /// Makes a job for a handler.
    ///
    /// - Parameters:
    ///   - handler: What is tested.
    ///   - properties: What the pipeline's author wrote.
    ///   - propertyDefaults: What counts of a property that is missing or blank, as `JobAction.propertyDefaults` has it.
    ///   - checkpoint: From where the job goes on; `nil` for the beginning.
    ///   - job: Which action it is for; `nil` for one that is claimed at the clock's time.
    ///   - inputs: The artifacts that the pipeline hands in; their bytes are what the store holds.
    ///   - outputs: The artifacts that the pipeline expects.
    ///   - store: Where the artifacts are.
    ///   - clock: The job's time, on which the handler's other fakes may sleep as well.
    ///   - actions: What CodePipeline tells of the actions of the pipeline's execution.
    public convenience init(
        _ handler: Handler,
        properties: [String: String] = [:],
        propertyDefaults: [String: String] = [:],
        checkpoint: Handler.Checkpoint? = nil,
        job: JobInfo? = nil,
        inputs: [CodePipeline.Artifact] = [],
        outputs: [CodePipeline.Artifact] = [],
        store: InMemoryArtifactStore = InMemoryArtifactStore(),
        clock: ManualClock = ManualClock(),
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] }
    ) {
        self.init(
            handler,
            Setting(
                properties: ActionProperties(properties, defaults: propertyDefaults),
                inputs: inputs,
                outputs: outputs,
                actions: actions
            ),
            checkpoint: checkpoint,
            job: job ?? .forTest(claimedAt: clock.now),
            store: store,
            clock: clock
        )
    }

    private init(
        _ handler: Handler,
        _ setting: Setting,
        checkpoint: Handler.Checkpoint?,
        job: JobInfo,
        store: InMemoryArtifactStore,
        clock: ManualClock
    ) {
        self.handler = handler
        self.setting = setting
        self.checkpoint = checkpoint
        self.job = job
        self.store = store
        self.clock = clock
        context = .forTest(
            job: job,
            checkpoint: checkpoint,
            inputs: setting.inputs,
            outputs: setting.outputs,
            store: store,
            clock: clock,
            trace: trace,
            actions: setting.actions
        )
    }

    // MARK: What it did

    /// The checkpoints that the handler has saved, in order, as a worker that takes up the job would read them.
    ///
    /// - Throws: `DecodingError` for one that can't be read again, so that no worker could go on from it.
    public var saved: [Handler.Checkpoint] { get throws { try trace.saved } }

    /// What the handler has told people of the job's progress, in order.
    ///
    /// What is reported twice in a row is told once. While a service that the job needs is in trouble, its progress says so.
    public var reported: [JobProgress] { trace.reported }

    /// What the job has waited for, in order, with the last wait that ``step(after:isProgressDue:)`` returned.
    public var waits: [JobWait<Handler.Event>] { waited.withLock { $0 } }

    /// What the handler has logged.
    public var log: LogBook { trace.log }

    // MARK: Running it

    /// Runs the handler until the job is done, with its waits in between.
    ///
    /// Who sleeps on the clock in a task of the test's own may be too late, since the time goes on meanwhile. So what is to
    /// come at a certain time belongs in `whileWaiting`.
    ///
    /// - Parameter whileWaiting: What happens outside during each wait, once that was begun: the place to call back, after a
    ///   sleep on the clock perhaps. It is cancelled when the wait is over. By default nothing, so that the wait's time passes.
    /// - Returns: What is reported as the job's success.
    /// - Throws: `JobFailure` for a wrong property; what the handler throws, of which a worker makes the job's failure;
    ///   what `whileWaiting` throws; ``HandlerTestError`` for a wait without an end; `CancellationError` when the task is
    ///   cancelled.
    @discardableResult
    public func run(
        whileWaiting: @escaping @Sendable (JobWait<Handler.Event>) async throws -> Void = { _ in }
    ) async throws -> JobResult {
        let context = try context.renewed()
        let configuration = try Handler.Configuration(setting.properties)
        return try await moving { [self] in
            try await handler.runWhole(configuration, context: context) { [self] wait in
                waited.withLock { $0.append(wait) }
                // A handler that doesn't heed that it is cut off gets no further.
                if trace.isCutOff { throw CancellationError() }
                try await whileWaiting(wait)
            }
        }
    }

    /// Runs the handler once, from the last checkpoint, until it is done or has to wait.
    ///
    /// - Parameters:
    ///   - event: What the wait has brought that it returned before; `nil` at the beginning, and where another worker goes
    ///     on with the job.
    ///   - isProgressDue: What `JobContext.isProgressDue` tells it.
    /// - Returns: What is reported as the job's success, or what the job waits for.
    /// - Throws: As ``run(whileWaiting:)`` does.
    public func step(
        after event: Handler.Event? = nil,
        isProgressDue: Bool = false
    ) async throws -> JobStep<Handler.Event> {
        let context = try context.renewed()
        context.setProgressDue(isProgressDue)
        defer { context.setProgressDue(false) }
        let configuration = try Handler.Configuration(setting.properties)
        let step = try await moving { [self] in
            try await handler.run(configuration, after: event, context: context)
        }
        if case .wait(let wait) = step { waited.withLock { $0.append(wait) } }
        return step
    }

    /// Has the handler undo what the job has begun, from the last checkpoint, as when the pipeline was stopped.
    ///
    /// As with a worker that was killed meanwhile, nothing but the checkpoint is left: the job has no artifacts.
    ///
    /// - Throws: What the handler throws, which a worker logs; `CancellationError` when the task is cancelled.
    public func abandon() async throws {
        let context = JobContext<Handler.Checkpoint>.forTest(
            job: JobInfo(
                id: job.id,
                actionExecutionID: job.actionExecutionID,
                place: job.place,
                claimedAt: job.claimedAt
            ),
            checkpoint: try self.context.renewed().checkpoint,
            store: store,
            clock: clock,
            trace: trace,
            actions: setting.actions
        )
        try await moving { [handler] in try await handler.abandon(context) }
    }

    /// Whether the handler finds traces of the job's work, as it is asked of one that may be another worker's.
    ///
    /// - Throws: `JobFailure` for a wrong property; what the handler throws.
    public func isBegun() async throws -> Bool? {
        let context = try context.renewed()
        let configuration = try Handler.Configuration(setting.properties)
        return try await moving { [handler] in try await handler.isBegun(configuration, context: context) }
    }

    // MARK: Interruptions

    /// The same action as another worker goes on with it, from the last checkpoint that was saved.
    ///
    /// The handler, with all that it has outside, the store and the clock are the same; the job's id is another one, as of
    /// each job of a continued action.
    ///
    /// - Throws: `DecodingError` if the checkpoint can't be read again.
    public func resumed() throws -> HandlerTest {
        resumed(from: try saved.last ?? checkpoint)
    }

    /// The same action as another worker goes on with it, from one of the checkpoints in ``saved``.
    ///
    /// - Parameter number: Which, from 0.
    /// - Returns: A test with the same handler, store and clock, and another job's id.
    /// - Throws: ``HandlerTestError`` if there are fewer; `DecodingError` if one can't be read again.
    public func resumed(at number: Int) throws -> HandlerTest {
        let saved = try saved
        guard saved.indices.contains(number) else { throw HandlerTestError.noCheckpoint(number, of: saved.count) }
        return resumed(from: saved[number])
    }

    /// Runs the handler until the job is cut off, and gives the action as another worker goes on with it.
    ///
    /// A handler that goes on though it is cut off, as one does that tries to save with `try?`, saves nothing any more.
    ///
    /// - Parameters:
    ///   - moment: When it is cut off. A failure at the end is as unknown to the next worker as a success.
    ///   - whileWaiting: As ``run(whileWaiting:)`` has it.
    /// - Returns: The action, from the checkpoint that was stored by then.
    /// - Throws: ``HandlerTestError`` if the job ended before, and otherwise as ``run(whileWaiting:)`` does.
    public func interrupted(
        _ moment: Interruption,
        whileWaiting: @escaping @Sendable (JobWait<Handler.Event>) async throws -> Void = { _ in }
    ) async throws -> HandlerTest {
        trace.interrupt(at: moment)
        do {
            try await run(whileWaiting: whileWaiting)
        } catch is CancellationError where trace.isCutOff && !Task.isCancelled {
            // That was to happen.
        } catch {
            guard trace.isCutOff || moment == .end && Self.isOfHandler(error) else { throw error }
        }
        guard trace.isCutOff || moment == .end else { throw HandlerTestError.notInterrupted(moment) }
        return try resumed()
    }

    /// Runs a job again and again, cut off at each moment that leaves another state behind, and hands each to a check.
    ///
    /// ```swift
    /// try await HandlerTest.run(eachInterruptionOf: { HandlerTest(Deployment(FakeService())) }) { resumed, moment in
    ///     try await resumed.run()
    ///     #expect(resumed.handler.service.deployments.count == 1, "cut off \(moment)")
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - make: Makes the test of a job that nobody has begun yet; once for each moment, and once before to count them.
    ///   - check: Goes on with the job.
    /// - Throws: What `check` throws, and as ``interrupted(_:whileWaiting:)`` does.
    public static func run(
        eachInterruptionOf make: () async throws -> HandlerTest,
        _ check: (_ resumed: HandlerTest, _ moment: Interruption) async throws -> Void
    ) async throws {
        let first = try await make()
        let end = try await first.interrupted(.end)
        let moments = (0..<first.trace.count).flatMap { [Interruption.before(save: $0), .after(save: $0)] }
        for moment in moments {
            try await check(make().interrupted(moment), moment)
        }
        try await check(end, .end)
    }

    private func resumed(from checkpoint: Handler.Checkpoint?) -> HandlerTest {
        var job = JobInfo(
            id: "\(job.id)-resumed",
            actionExecutionID: job.actionExecutionID,
            place: job.place,
            accountID: job.accountID,
            claimedAt: job.claimedAt
        )
        // A handler that has a checkpoint has looked.
        job.isContested = self.job.isContested && checkpoint == nil
        return HandlerTest(handler, setting, checkpoint: checkpoint, job: job, store: store, clock: clock)
    }

    private static func isOfHandler(_ error: any Error) -> Bool {
        !(error is CancellationError || error is HandlerTestError)
    }

    // MARK: Time

    /// Moves the clock to whoever sleeps next, whenever nothing else is left to do, while `body` runs.
    private func moving<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask(executorPreference: clock.executor) { try await body() }
            group.addTask { [clock] in
                while !Task.isCancelled { await clock.wakeNext() }
                return nil
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}

/// A test of a handler that can't go on, because of how it is written or because the handler isn't as it expects.
public struct HandlerTestError: Error, Hashable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    static func endlessWait(for reason: String) -> Self {
        Self(description: "Nothing ends the wait for \(reason): nobody has called back, and it has no deadline")
    }

    static func notInterrupted(_ moment: Interruption) -> Self {
        Self(description: "The job wasn't cut off \(moment), because it ended before")
    }

    static func noCheckpoint(_ number: Int, of count: Int) -> Self {
        Self(description: "There is no checkpoint \(number) among the \(count) that were saved, counted from 0")
    }
}
