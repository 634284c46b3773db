import AWSLite
import Foundation

/// The other actions of a pipeline's execution that run the same command, one of whose executions may look like a job's
/// own: the lab doesn't tell who has started an execution.
struct ConcurrentCommands: Sendable {
    /// The executions that are known to be theirs.
    private(set) var executions: Set<String> = []
    /// Whether one of them may have an execution that isn't known.
    private(set) var mayHaveMore = false

    /// There are none.
    init() {}

    /// It can't be known whether there are any.
    static var unknown: Self {
        var twins = Self()
        twins.mayHaveMore = true
        return twins
    }

    /// Looks through the actions of a pipeline's execution.
    ///
    /// - Parameters:
    ///   - all: The actions, that of the job included.
    ///   - own: The job's action.
    ///   - command: The command's name.
    ///   - claims: What this process knows.
    init(
        among all: [CodePipeline.ActionExecution],
        of own: String,
        command: String,
        _ claims: ExecutionClaims
    ) {
        let start = all.first { $0.id == own }?.startTime
        for action in all where action.id != own && action.configuration["CommandName"] == command {
            // Whatever an action has started that had ended before this one began was there before. Both times are
            // CodePipeline's: the clocks of workers may differ by much.
            if action.status != .inProgress, let end = action.lastUpdateTime, let start, end < start { continue }
            if let execution = action.outputVariables["ExecutionId"] {
                executions.insert(execution.lowercased())
            } else if !claims.isSettled(action.id) {
                mayHaveMore = true
            }
        }
    }
}
