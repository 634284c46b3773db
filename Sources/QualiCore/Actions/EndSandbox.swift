import AWSLite
import Foundation
import Logging
import SandboxAPI

/// Ends a sandbox, and waits for its teardown if asked to: `Quali-End-Sandbox`.
package struct EndSandbox: WaitingActionHandler {
    /// The properties of the action.
    package struct Configuration: ActionConfiguration {
        let waitForTeardown: Bool
        let teardownTimeout: Duration
        let sandboxID: String?

        /// Reads the properties.
        package init(_ properties: ActionProperties) throws {
            waitForTeardown = try properties.boolean(.waitForTeardown, default: false)
            teardownTimeout = try properties.minutes(.teardownTimeout, default: 30)
            sandboxID = properties.string(ifPresent: "SandboxId")
        }
    }

    /// How far the end has come.
    package struct Checkpoint: Codable, Sendable {
        var sandboxID: String
        /// The newest error in the activity feed before the end began: what comes after it is the teardown's.
        var lastEarlierError: String?
        /// Whether that couldn't be read, so that nothing in the feed can be blamed on the teardown.
        var areEarlierErrorsUnknown: Bool?
        /// Until when the teardown is waited for; set once the lab has been asked to end the sandbox.
        var deadline: Date?
    }

    private let lab: LabAccess
    /// Who looks after the sandbox; `nil` for nobody.
    private let keeper: SandboxKeeper?

    /// Creates the handler.
    package init(lab: LabAccess, keeper: SandboxKeeper? = nil) {
        self.lab = lab
        self.keeper = keeper
    }

    /// Ends, waits.
    package func run(
        _ configuration: Configuration,
        after event: SandboxEvent?,
        context: JobContext<Checkpoint>
    ) async throws -> JobStep<SandboxEvent> {
        var checkpoint: Checkpoint
        if let known = context.checkpoint {
            checkpoint = known
        } else {
            let sandbox = try await SandboxReference.resolve(configuration.sandboxID, context.artifacts)
            checkpoint = Checkpoint(sandboxID: sandbox.id)
        }
        let sandboxID = checkpoint.sandboxID
        do {
            if checkpoint.deadline == nil {
                await context.report(JobProgress("Ending the sandbox", externalExecutionID: sandboxID))
                guard let state = try await knownState(of: sandboxID, configuration, context), !state.isEnded else {
                    return .done(await result(sandboxID, "The sandbox had already been ended."))
                }
                try await noteEarlierErrors(context, &checkpoint)
                try await context.save(checkpoint)
                if !state.isEnding {
                    try await lab.stop(sandboxID, context, limit: configuration.teardownTimeout, because: .action)
                }
                checkpoint.deadline = context.clock.now.addingTimeInterval(configuration.teardownTimeout.timeInterval)
                try await context.save(checkpoint)
            }
            guard configuration.waitForTeardown, let deadline = checkpoint.deadline else {
                return .done(await result(sandboxID, "The sandbox is being ended."))
            }
            guard let event else { return .wait(await waitForTeardown(of: sandboxID, until: deadline, context)) }
            return .done(try await finish(checkpoint, event, configuration, context))
        } catch let failure as JobFailure {
            let isEnding = checkpoint.deadline != nil || failure.type == .configurationError
            throw await failure.about(sandboxID, keeper, isEnding: isEnding)
        }
    }

    /// No: to end a sandbox twice is to end it once.
    package func isBegun(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> Bool? {
        false
    }

    /// The sandbox.
    package func externalExecutionID(of checkpoint: Checkpoint) -> String? { checkpoint.sandboxID }

    /// The state of the sandbox; `nil` if it has ended and the lab tells only its history.
    ///
    /// - Throws: ``JobFailure`` if the lab has never had such a sandbox: nothing would be ended, and another one may run.
    private func knownState(
        of sandboxID: String,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>
    ) async throws -> SandboxState? {
        let waiter = context.waiter(limit: configuration.teardownTimeout)
        if let state = try await lab.state(of: sandboxID, waiter) { return state }
        // A checkpoint means that the sandbox was there, and may have been asked to end.
        guard context.checkpoint == nil else { return nil }
        let wanted = sandboxID.lowercased()
        let past = try await lab.read("The lab's past sandboxes can't be read", waiter) {
            try await $0.historicSandboxes { $0.id.lowercased() == wanted }
        }
        guard !past.isEmpty else {
            let origin = configuration.sandboxID == nil ? "The input artifact" : "The property 'SandboxId'"
            throw JobFailure(
                .configurationError,
                """
                \(origin) names the sandbox '\(sandboxID)', which the lab doesn't know, not even among those that have \
                ended. Nothing was ended: check the id, and that the worker's user may see the sandbox in its domain.
                """
            )
        }
        return nil
    }

    private func waitForTeardown(
        of sandboxID: String,
        until deadline: Date,
        _ context: JobContext<Checkpoint>
    ) async -> JobWait<SandboxEvent> {
        await context.report(JobProgress("Teardown", percentComplete: 50, externalExecutionID: sandboxID))
        if context.isProgressDue { await context.show(trouble: await lab.troubleInWords) }
        // Right after the stop the lab may still show the state from before it, so only the end ends the wait.
        return lab.wait(for: "the sandbox's teardown", of: sandboxID, until: deadline) { $0.isEnded }
    }

    /// Says how the teardown went.
    private func finish(
        _ checkpoint: Checkpoint,
        _ event: SandboxEvent,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>
    ) async throws -> JobResult {
        let sandboxID = checkpoint.sandboxID
        if case .overdue(let state, let error) = event.result {
            if let error {
                throw lab.failure("It can't be found out whether the sandbox has ended", error)
            }
            throw JobFailure(
                .jobFailed,
                """
                The teardown did not end within \(configuration.teardownTimeout.inMinutes) (the sandbox's state: \
                \(state.map { "'\($0.rawValue)'" } ?? "unknown")). If it takes longer, raise \
                \(lab.advice(.teardownTimeout)). See \(lab.portal.sandbox(sandboxID)).
                """
            )
        }
        var errors: [String]?
        if checkpoint.areEarlierErrorsUnknown != true {
            let waiter = context.waiter(limit: .zero)
            errors = try await lab.errorEvents(of: sandboxID, after: checkpoint.lastEarlierError, waiter)
        }
        guard let errors else {
            return await result(
                sandboxID,
                "The sandbox has ended; the lab's activity feed, which tells errors, can't be read."
            )
        }
        guard errors.isEmpty else {
            throw JobFailure(
                .jobFailed,
                """
                The sandbox has ended, but its teardown reported errors, so resources may need to be cleaned up by hand. \
                The lab says:\n\(errors.joined(separator: "\n").cut(to: 3_500))\nSee \(lab.portal.sandbox(sandboxID)).
                """
            )
        }
        return await result(sandboxID, "The sandbox has ended and its teardown reported no errors.")
    }

    /// Notes the newest error in the activity feed.
    ///
    /// A lab without a feed, or with one that is in trouble, still ends sandboxes, so it is read a few times at most.
    private func noteEarlierErrors(_ context: JobContext<Checkpoint>, _ checkpoint: inout Checkpoint) async throws {
        for attempt in 1...3 {
            if attempt > 1 { try await context.clock.sleep(for: min(lab.statusInterval, .seconds(2))) }
            do {
                let events = try await lab.client.errorEvents(sandboxID: checkpoint.sandboxID, afterEventID: nil)
                checkpoint.lastEarlierError = events.last?.id
                checkpoint.areEarlierErrorsUnknown = nil
                return
            } catch let error as SandboxAPIError {
                checkpoint.areEarlierErrorsUnknown = true
                context.logger.debug("The activity feed can't be read", metadata: ["error": "\(error)"])
                if !error.isTransient { return }
            }
        }
    }

    private func result(_ sandboxID: String, _ summary: String) async -> JobResult {
        let warning = await keeper?.warning(of: sandboxID).map { " \($0)" } ?? ""
        return JobResult(
            summary: summary + warning,
            externalExecutionID: sandboxID,
            outputVariables: ["SandboxId": sandboxID, "SandboxUrl": lab.portal.sandbox(sandboxID)]
        )
    }
}
