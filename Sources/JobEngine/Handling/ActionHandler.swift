/// Does the work of one type of custom action that needs no wait, or waits no longer than a task may be held.
///
/// A worker stops, crashes and starts again while jobs are under way, and a job may be continued by another host. So write
/// each step in such a way that it can be resumed: decide what would prove that the step was already done, look for the
/// proof, else do it, then ``JobContext/save(_:)`` a checkpoint. A handler that needs no more than one step, or whose
/// steps may be done twice, has no checkpoint.
///
/// ```swift
/// struct Greeting: ActionHandler {
///     struct Configuration: ActionConfiguration {
///         let name: String
///         init(_ properties: ActionProperties) throws { name = try properties.string("Name") }
///     }
///
///     func run(_ configuration: Configuration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
///         JobResult(summary: "Hello, \(configuration.name)")
///     }
/// }
/// ```
public protocol ActionHandler: WaitingActionHandler where Event == Never {
    // Named once more, so that Swift infers them from `run`.
    associatedtype Configuration
    associatedtype Checkpoint = NoCheckpoint

    /// Does the work, from the beginning or from `context.checkpoint`.
    ///
    /// - Returns: What to report as the job's success.
    /// - Throws: As ``WaitingActionHandler/run(_:after:context:)`` does.
    func run(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> JobResult
}

extension ActionHandler {
    /// Does the work, and never waits.
    public func run(
        _ configuration: Configuration,
        after event: Never?,
        context: JobContext<Checkpoint>
    ) async throws -> JobStep<Never> {
        .done(try await run(configuration, context: context))
    }
}

/// Does the work of one type of custom action, which waits for something that takes long.
///
/// It is written as an ``ActionHandler`` is, but for its waits: ``run(_:after:context:)`` *returns* what it waits for, and is
/// run anew from its last checkpoint once that has come. So ten thousand jobs that wait cost a few kilobytes each.
///
/// ```swift
/// func run(_ configuration: Configuration, after event: Never?, context: JobContext<Checkpoint>) async throws
///     -> JobStep<Never>
/// {
///     let build = try await context.checkpoint?.build ?? start(configuration, context)
///     guard let result = try await builds.result(of: build) else {
///         return .wait(.pause(.seconds(10), for: "the build \(build)"))
///     }
///     return .done(JobResult(summary: result))
/// }
/// ```
public protocol WaitingActionHandler: Sendable {
    /// What the pipeline's author wrote, decoded.
    associatedtype Configuration: ActionConfiguration
    /// How far a job has come; small, and without a secret, because it is stored on disk and in CodePipeline.
    associatedtype Checkpoint: Codable & Sendable = NoCheckpoint
    /// What a wait brings.
    associatedtype Event: Sendable

    /// Does the work, from the beginning or from `context.checkpoint`, until it is done or has to wait.
    ///
    /// - Parameters:
    ///   - configuration: What the pipeline's author wrote.
    ///   - event: What the wait has brought that this handler returned before; `nil` at the beginning, after a restart, on
    ///     another host, and where the job's progress is to be shown.
    ///   - context: The job.
    /// - Returns: What to report as the job's success, or what the job waits for.
    /// - Throws: ``JobFailure`` to fail the job with its message. `CancellationError` (from any call that the worker's
    ///   stop has cancelled) is no failure: the job is continued later from its last checkpoint, here or on another
    ///   host. Any other error fails the job with its description.
    func run(
        _ configuration: Configuration,
        after event: Event?,
        context: JobContext<Checkpoint>
    ) async throws -> JobStep<Event>

    /// Undoes what a job has begun whose result nobody wants any more, because its pipeline was stopped or the action's
    /// time is over; by default nothing.
    ///
    /// It is called after ``run(_:after:context:)`` has ended, and begins anew after a crash of the worker. The pipeline's
    /// configuration and artifacts may be gone, so `context.checkpoint` has to be enough.
    ///
    /// - Throws: ``JobFailure`` or any other error, which is logged. `CancellationError` when the worker stops: it is
    ///   called again later.
    func abandon(_ context: JobContext<Checkpoint>) async throws

    /// Whether the work of a job was begun by anybody, as far as its traces tell at once; by default `nil`: it leaves none.
    ///
    /// It is asked of a job that may be another worker's. Where there are no traces though there would be, the action is
    /// begun anew, so ``run(_:after:context:)`` has to look for them, too.
    ///
    /// - Throws: Any error where that can't be told.
    func isBegun(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> Bool?

    /// The external execution id that a checkpoint tells, so that the log names it before ``run(_:after:context:)`` has reported
    /// any progress; by default none.
    func externalExecutionID(of checkpoint: Checkpoint) -> String?
}

extension WaitingActionHandler {
    /// Does nothing: there is nothing to undo.
    public func abandon(_ context: JobContext<Checkpoint>) async throws {}

    /// It leaves no traces.
    public func isBegun(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> Bool? { nil }

    /// None.
    public func externalExecutionID(of checkpoint: Checkpoint) -> String? { nil }
}

/// The typed configuration of an action.
public protocol ActionConfiguration: Sendable {
    /// Reads the properties.
    ///
    /// - Throws: ``JobFailure``, as the methods of ``ActionProperties`` do, which fails the job before any work is done.
    init(_ properties: ActionProperties) throws
}

/// The configuration of an action without properties.
public struct NoConfiguration: ActionConfiguration {
    /// Reads nothing.
    public init(_ properties: ActionProperties) {}
}

/// The checkpoint of a handler that has none.
public struct NoCheckpoint: Codable, Sendable {}
