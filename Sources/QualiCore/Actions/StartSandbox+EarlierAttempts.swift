import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// What comes of a refused start where the action's own earlier attempt may hold what it lacks.
extension StartSandbox {
    /// What is known of the sandboxes of the action's earlier attempts in the same execution.
    struct EarlierAttempts: Sendable {
        /// The tags of their names; `nil` while CodePipeline wasn't asked.
        var tags: [SandboxTag]?
        /// Whether the latest look has shown one in teardown.
        var isEnding = false
        /// The ids of those that ran at the latest look, and aren't being ended.
        var running: [String] = []
    }

    /// How often the lab's list is read after the first refusal before a sandbox counts as one that stays: right after a stop
    /// it may still show the state from before.
    private static let mostLooks = 4

    /// Whether a start that was refused waits for the teardown of an earlier attempt's sandbox.
    ///
    /// That is no conflict with anybody else, so it is waited for whatever the action says of resources; for as long as a
    /// setup may take at most, since a teardown that hangs must fail the action at last. After the teardown the start is
    /// tried once more.
    ///
    /// - Throws: `CancellationError`, and what saving the checkpoint throws.
    func waitsForTeardown(
        after error: SandboxAPIError,
        _ start: inout Start,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> Bool {
        start.earlier.running = []
        guard error.mayBeMetLater, !error.isTransient else { return false }
        let looks = start.earlier.tags == nil ? Self.mostLooks : 1
        let tags = try await earlierTags(start.earlier, context)
        start.earlier.tags = tags
        guard !tags.isEmpty else { return false }
        let wasEnding = start.earlier.isEnding
        try await look(for: tags, atMost: looks, &start.earlier, context)
        let now = context.clock.now
        guard now < checkpoint.teardownDeadline ?? .distantFuture, start.earlier.isEnding || wasEnding else {
            return false
        }
        if checkpoint.teardownDeadline == nil {
            checkpoint.teardownDeadline = now.addingTimeInterval(start.limit.timeInterval)
            context.logger.notice(
                "The start waits for the teardown of an earlier attempt's sandbox",
                metadata: ["error": "\(error)"]
            )
        }
        try await context.save(checkpoint)
        await context.report(
            JobProgress("Waiting to start '\(configuration.blueprint)': an earlier attempt's sandbox is being ended")
        )
        return true
    }

    /// The tags of the sandboxes that earlier attempts may have started.
    ///
    /// Without the right to ask, and where CodePipeline is in trouble, there are none: then a conflict is a conflict.
    private func earlierTags(_ known: EarlierAttempts, _ context: JobContext<Checkpoint>) async throws -> [SandboxTag] {
        if let tags = known.tags { return tags }
        let job = context.job
        do {
            let actions = try await context.actionsOfExecution()
            lab.actionsOutage.succeeded(at: context.clock.now, context.logger)
            return actions.filter {
                $0.id != job.actionExecutionID && $0.stageName == job.place.stage && $0.actionName == job.place.action
            }.map { SandboxTag(actionExecutionID: $0.id) }
        } catch let error as CancellationError {
            throw error
        } catch {
            if (error as? AWSError)?.code.isAccessDenied != true {
                lab.actionsOutage.failed(error, at: context.clock.now, context.logger)
            }
            return []
        }
    }

    /// Looks how the sandboxes of earlier attempts stand; a lab that doesn't tell leaves it as it was.
    private func look(
        for tags: [SandboxTag],
        atMost looks: Int,
        _ earlier: inout EarlierAttempts,
        _ context: JobContext<Checkpoint>
    ) async throws {
        for attempt in 1...looks {
            if attempt > 1 { try await context.clock.sleep(for: lab.statusInterval) }
            let listed: [SandboxSummary]
            do {
                listed = try await lab.watchingClient.sandboxes()
            } catch let error as SandboxAPIError {
                return lab.outage.failed(error, at: context.clock.now, context.logger)
            }
            let own = listed.filter { sandbox in
                !sandbox.state.isEnded && tags.contains { $0.marks(sandbox.name) }
            }
            earlier.isEnding = own.contains { $0.state.isEnding }
            earlier.running = own.filter { !$0.state.isEnding }.map(\.id)
            if earlier.isEnding || own.isEmpty { return }
        }
    }

    /// A sentence about sandboxes of earlier attempts that may hold what a start lacks; empty where there is none.
    static func words(on earlier: EarlierAttempts) -> String {
        guard !earlier.running.isEmpty else { return "" }
        let ids = earlier.running.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        return earlier.running.count == 1
            ? " The sandbox \(ids) of an earlier attempt of this action still runs, and may hold it: end it first."
            : " The sandboxes \(ids) of earlier attempts of this action still run, and may hold it: end them first."
    }
}
