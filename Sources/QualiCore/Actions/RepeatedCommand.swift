import AWSLite
import Foundation
import Logging
import SandboxAPI

/// Finds out whether a command has run more often than its jobs have started it, as when something between the worker and
/// the lab repeats requests.
enum RepeatedCommand {
    /// How many earlier executions are kept at most: checkpoints travel in a short token.
    private static let most = 60
    /// How much of an id is kept: a new one that ends like an earlier one isn't seen, once in a thousand times.
    private static let length = 4

    /// The ends of the ids of earlier executions; `nil` where these are too many.
    static func ends(of earlier: [String]?) -> [String]? {
        guard let earlier, earlier.count <= most else { return nil }
        return earlier.map { String($0.suffix(length)) }
    }

    /// The executions that have come since, but the job's own.
    static func new(_ executions: [String], since ends: [String], own: String) -> [String] {
        let ends = Set(ends)
        return executions.filter { $0.lowercased() != own.lowercased() && !ends.contains(String($0.suffix(length))) }
    }
}

extension RunCommand {
    /// A sentence about executions that no action explains; `nil` where there are none, or it can't be told.
    ///
    /// - Throws: `CancellationError` alone.
    func repeats(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> String? {
        guard let ends = checkpoint.earlierEnds, let own = checkpoint.executionID, let deadline = checkpoint.deadline
        else { return nil }
        let started = deadline.addingTimeInterval(-configuration.timeout.timeInterval)
        let place = Self.place(configuration, target)
        let oldest = context.clock.now.addingTimeInterval(-Self.longestDelay)
        var listed: [String]
        do {
            // What another job was told is good enough, if it was told after this one's start. One look: a result mustn't wait
            // for it.
            listed = lab.commands.latest(at: place, since: oldest) ?? []
            if !listed.contains(where: { $0.lowercased() == own.lowercased() }) {
                listed = try await lab.commands.command(
                    at: place,
                    since: max(started, oldest),
                    context.clock,
                    lab.watchingClient
                ).executions
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            context.logger.debug("It can't be counted how often a command has run", metadata: ["error": "\(error)"])
            return nil
        }
        var new = RepeatedCommand.new(listed, since: ends, own: own)
        // What is being started at this moment is nobody's yet.
        guard !new.isEmpty, await !lab.starts.isBusy(place) else { return nil }
        new.removeAll { lab.claims.isAnothers($0, than: context.job.actionExecutionID) }
        guard !new.isEmpty else { return nil }
        let twins = try await twins(configuration, context)
        new.removeAll { isExplained($0, twins, context) }
        guard !new.isEmpty, !twins.mayHaveMore else { return nil }
        context.logger.warning(
            "A command has run more often than it was started: something on the way to the lab may repeat requests",
            metadata: ["commandExecution": "\(own)", "others": "\(new.joined(separator: ", "))"]
        )
        return """
            Since it was started, the command has also run as \(new.prefix(5).joined(separator: ", ")), which no action \
            explains: something between the worker and the lab may repeat requests.
            """
    }
}
