public import AWSLite
import Foundation
import Logging

/// One type of action that a worker serves, and the handler for its jobs.
public struct JobAction: Sendable {
    /// The type to poll for.
    public let typeID: CodePipeline.ActionTypeID
    /// The value of the type's queryable property, for a type that has one; a type without one takes none.
    public var queryParameters: [String: String] = [:]
    /// Whether its jobs may use the room that a worker keeps for actions which free resources.
    public var freesResources: Bool

    let work: @Sendable (Assignment) async throws -> JobResult

    /// What the engine gives to a handler, before types come in.
    struct Assignment: Sendable {
        let job: JobInfo
        let properties: ActionProperties
        let checkpoint: Data?
        let artifacts: JobArtifacts
        let clock: any WorkerClock
        let logger: Logger
        let ledger: JobLedger
    }

    /// Binds a handler to an action type.
    public init(_ typeID: CodePipeline.ActionTypeID, handler: some ActionHandler, freesResources: Bool = false) {
        self.typeID = typeID
        self.freesResources = freesResources
        work = { try await Self.run(handler, $0) }
    }

    private static func run<Handler: ActionHandler>(
        _ handler: Handler,
        _ assignment: Assignment
    ) async throws -> JobResult {
        let configuration = try Handler.Configuration(assignment.properties)
        let checkpoint = try assignment.checkpoint.map { data in
            do {
                return try JSONDecoder.compact.decode(Handler.Checkpoint.self, from: data)
            } catch {
                throw JobFailure(
                    .jobFailed,
                    """
                    The job was begun by a worker whose notes this one can't read, so it isn't known what was already \
                    done. Look for what it left in the lab, then run the action again.
                    """
                )
            }
        }
        let context = JobContext<Handler.Checkpoint>(
            job: assignment.job,
            checkpoint: checkpoint,
            artifacts: assignment.artifacts,
            clock: assignment.clock,
            logger: assignment.logger,
            ledger: assignment.ledger
        )
        return try await handler.run(configuration, context: context)
    }
}
