public import AWSLite
import Foundation

/// One type of action that a worker serves, and the handler for its jobs.
public struct JobAction: Sendable {
    /// The type to poll for.
    package let typeID: CodePipeline.ActionTypeID
    /// The value of the type's queryable property, for a type that has one; a type without one takes none.
    public var queryParameters: [String: String] = [:]
    /// What its jobs' properties say where a job hasn't got them, or has them blank, by name.
    public var propertyDefaults: [String: String] = [:]
    /// Whether its jobs may use the room that a worker keeps for actions which free resources.
    package var freesResources: Bool
    /// Holds back its polls while its jobs couldn't be done.
    package var gate: JobGate?
    /// What log lines call the external execution id of its jobs.
    package var externalExecutionName = "externalExecution"

    /// The external execution id that an encoded checkpoint tells.
    let externalExecutionID: @Sendable (Data) -> String?
    /// An encoded checkpoint with its dates moved by some seconds.
    let movingDates: @Sendable (Data, TimeInterval) -> Data
    let work: @Sendable (Assignment, _ event: (any Sendable)?) async throws -> JobStep<any Sendable>
    let abandon: @Sendable (Assignment) async throws -> Void
    let isBegun: @Sendable (Assignment) async throws -> Bool?

    /// What the engine gives to a handler, before types come in.
    struct Assignment: Sendable {
        let job: JobInfo
        let properties: ActionProperties
        let checkpoint: Data?
        let artifacts: JobArtifacts
        let clock: any WorkerClock
        let log: JobLog
        let ledger: JobLedger
        let actions: @Sendable () async throws -> [CodePipeline.ActionExecution]
        let isOver: @Sendable () async -> Bool
    }

    /// Binds a handler to an action type.
    public init<Handler: WaitingActionHandler>(
        _ typeID: CodePipeline.ActionTypeID,
        handler: Handler,
        freesResources: Bool = false
    ) {
        self.typeID = typeID
        self.freesResources = freesResources
        externalExecutionID = { data in
            (try? JSONDecoder.compact.decode(Handler.Checkpoint.self, from: data))
                .flatMap(handler.externalExecutionID)
        }
        movingDates = { Self.moveDates(in: $0, by: $1, of: Handler.Checkpoint.self) }
        work = { assignment, event in
            let configuration = try Handler.Configuration(assignment.properties)
            let step = try await handler.run(
                configuration,
                after: event.flatMap { $0 as? Handler.Event },
                context: assignment.context()
            )
            return switch step {
            case .done(let result): .done(result)
            case .wait(let wait): .wait(wait.erased)
            }
        }
        isBegun = { try await handler.isBegun(Handler.Configuration($0.properties), context: $0.context()) }
        abandon = { try await handler.abandon($0.context()) }
    }
}

extension JobAction.Assignment {
    /// The assignment as a handler of a certain type sees it.
    fileprivate func context<Checkpoint>() throws -> JobContext<Checkpoint> {
        JobContext(
            job: job,
            checkpoint: try checkpoint.map { data in
                do {
                    return try JSONDecoder.compact.decode(Checkpoint.self, from: data)
                } catch {
                    throw JobFailure(
                        .jobFailed,
                        """
                        The job was begun by a worker whose notes this one can't read, so it isn't known what was already \
                        done. Look for what it left in the lab, then run the action again.
                        """
                    )
                }
            },
            artifacts: artifacts,
            clock: clock,
            log: log,
            ledger: ledger,
            actions: actions,
            isOver: isOver
        )
    }
}
