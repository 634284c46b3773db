import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// What comes once a sandbox's id is known: its setup, and what is stored or said of that.
extension StartSandbox {
    /// Notes how long the setup may take: twice its estimate, since that is what usually is enough.
    static func note(_ blueprint: Blueprint, _ configuration: Configuration, _ checkpoint: inout Checkpoint) {
        guard configuration.setupTimeout == nil else { return }
        let estimate = (blueprint.estimatedSetupDuration?.timeInterval ?? 0) / 60
        checkpoint.setupMinutes = max(leastSetupMinutes, Int(min(2 * estimate, 525_600).rounded(.up)))
    }

    /// How long the setup may take.
    static func setupTimeout(_ configuration: Configuration, _ checkpoint: Checkpoint) -> Duration {
        configuration.setupTimeout ?? .seconds(60 * (checkpoint.setupMinutes ?? leastSetupMinutes))
    }

    /// Waits for the setup, or makes the job's result of what it has come to.
    func goOn(
        _ configuration: Configuration,
        after event: SandboxEvent?,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> JobStep<Event> {
        guard let sandboxID = checkpoint.sandboxID else {
            throw JobFailure(.jobFailed, "The worker's notes on this job name no sandbox.")
        }
        await keeper?.keep(sandboxID, of: context.job, configuration.terms)
        let setupTimeout = Self.setupTimeout(configuration, checkpoint)
        let deadline =
            checkpoint.setupDeadline ?? context.clock.now.addingTimeInterval(setupTimeout.timeInterval)
        // What a wait has brought of another sandbox is of no use.
        guard let event, event.sandboxID == sandboxID else {
            return .wait(try await waitForSetup(of: sandboxID, until: deadline, context, &checkpoint))
        }
        let tag = SandboxTag(actionExecutionID: context.job.actionExecutionID)
        var note: String?
        // Where the setup has failed, a twin is looked for in any case: it may be well, or fail unseen.
        if event.hasTwin || !event.result.isReady {
            let began = deadline.addingTimeInterval(-setupTimeout.timeInterval)
            let choice = try await lab.chooseTwin(of: sandboxID, since: began, bearing: tag, context)
            guard choice.sandboxID == sandboxID else {
                checkpoint.sandboxID = choice.sandboxID
                try await context.save(checkpoint)
                return .wait(try await waitForSetup(of: choice.sandboxID, until: deadline, context, &checkpoint))
            }
            note = try await lab.endTwins(besides: choice, bearing: tag, context)
        }
        guard event.result.isReady else {
            var failure = try await setupFailure(event.result, sandboxID, configuration, within: setupTimeout, context)
            if let note { failure.message += " \(note)" }
            throw failure
        }
        // The whole reservation: when it is over, nothing is left to lose.
        let reservationEnd = deadline.addingTimeInterval(
            (configuration.duration - setupTimeout).timeInterval
        )
        let waiter = context.waiter(limit: setupTimeout)
        let passwords = checkpoint.passwordInputs
        var result = try await store(sandboxID, until: reservationEnd, waiter, passwords, configuration, context)
        if let note { result.summary += ". \(note)" }
        await keeper?.noteReady(sandboxID, of: context.job, configuration.terms)
        return .done(result)
    }

    /// A wait until a sandbox is ready, or won't be.
    private func waitForSetup(
        of sandboxID: String,
        until deadline: Date,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> JobWait<Event> {
        if context.isProgressDue {
            let progress = await setupProgress(sandboxID, checkpoint.percent)
            if progress.percentComplete != checkpoint.percent {
                checkpoint.percent = progress.percentComplete
                try await context.save(checkpoint)
            }
            await context.report(progress)
            await context.show(trouble: await lab.troubleInWords)
        } else {
            // Before the checkpoint, with which it is written.
            await context.report(
                JobProgress(
                    "Setting up",
                    percentComplete: checkpoint.percent ?? Self.firstPercent,
                    externalExecutionID: sandboxID
                )
            )
        }
        if checkpoint.setupDeadline == nil {
            checkpoint.setupDeadline = deadline
            try await context.save(checkpoint)
        }
        return lab.wait(
            for: "the sandbox's setup",
            of: sandboxID,
            tag: SandboxTag(actionExecutionID: context.job.actionExecutionID),
            until: deadline
        ) { state in
            state.isReady || state.isFailed || state.isEnding || state.isEnded
        }.map { .setup($0) }
    }

    /// Stores the details of a sandbox that is ready.
    ///
    /// `deadline` says until when passing trouble of the lab and of S3 is waited out.
    private func store(
        _ sandboxID: String,
        until deadline: Date,
        _ waiter: Waiter,
        _ passwordInputs: [String]?,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>
    ) async throws -> JobResult {
        var sandbox = try await lab.read("The sandbox's details can't be read", waiter, until: deadline) {
            try await $0.sandbox(id: sandboxID)
        }
        sandbox.components = try await lab.read("The sandbox's components can't be read", waiter, until: deadline) {
            try await $0.components(sandboxID: sandboxID)
        }
        sandbox.parameters.hide(named: lab.secretNames, and: passwordInputs)
        let url = lab.portal.sandbox(sandboxID)
        let executionID = context.job.place.pipelineExecutionID
        // How much a lab tells of its components isn't known before.
        let (content, details) = try await HeavyWork.ofJobs.run { [sandbox, lab, secrets = context.secrets] _ in
            let content = SandboxDocument.Content(
                sandbox: sandbox,
                blueprintName: configuration.blueprint,
                url: url,
                executionID: executionID.isEmpty ? nil : executionID,
                names: lab.secretNames,
                known: secrets,
                redact: lab.redact
            )
            return (content, try SandboxDetails.text(content.sandbox.components))
        }
        if let output = context.artifacts.outputs.first {
            let (data, contentType) = try await SandboxDocument.encode(content, as: configuration.artifactFormat)
            try await context.artifacts.write(data, contentType: contentType, to: output, until: deadline)
        }
        let name = content.sandbox.name
        let count = sandbox.components.count
        return JobResult(
            summary: "Sandbox '\(name)' is ready with \(count) component\(count == 1 ? "" : "s"): \(url)",
            externalExecutionID: sandboxID,
            outputVariables: [
                "SandboxId": sandboxID, "SandboxName": name, "SandboxUrl": url, SandboxDetails.variable: details,
            ]
        )
    }

    /// The stages of a setup in their order.
    private static let stages: [SetupStage] = [.preparation, .provisioning, .connectivity, .configuration, .ended]
    /// What is shown of a setup that has just begun.
    private static let firstPercent = 10

    /// How far a setup has come, as far as the lab tells it at once, but no less than was shown before.
    private func setupProgress(_ sandboxID: String, _ earlier: Int?) async -> JobProgress {
        let percent = earlier ?? Self.firstPercent
        var progress = JobProgress("Setup", percentComplete: percent, externalExecutionID: sandboxID)
        guard let sandbox = try? await lab.watchingClient.sandbox(id: sandboxID) else { return progress }
        if let stage = sandbox.setupStage, stage != .none {
            progress.summary += ": \(stage)"
            if let index = Self.stages.firstIndex(of: stage) {
                progress.percentComplete = max(percent, Self.firstPercent + index * 20)
            }
        }
        let apps = sandbox.components.compactMap(\.appLifecycle)
        if !apps.isEmpty { progress.summary += ", \(apps.count { $0 == .deployed }) of \(apps.count) apps deployed" }
        return progress
    }

    private func setupFailure(
        _ setup: SandboxWatcher.WaitResult,
        _ sandboxID: String,
        _ configuration: Configuration,
        within setupTimeout: Duration,
        _ context: JobContext<Checkpoint>
    ) async throws -> JobFailure {
        let link = lab.portal.sandbox(sandboxID)
        switch setup {
        case .state(let state) where state.isFailed:
            let stage = try await LabAccess.ifTold { try await lab.client.sandbox(id: sandboxID) }?.setupStage?.rawValue
            // The events may repeat secret defaults, which aren't noted.
            if let blueprint = try await blueprint(configuration) {
                hideInputs(configuration, blueprint, context)
            }
            let events = try await lab.errorEvents(of: sandboxID, after: nil, context.waiter(limit: .zero))
            let words =
                switch events {
                case nil: "The lab's activity feed, which tells why, can't be read."
                case []: "The lab's activity feed names no error."
                case .some(let events): "The lab says:\n" + events.joined(separator: "\n")
                }
            return JobFailure(
                .jobFailed,
                "The setup of the sandbox failed\(stage.map { " in its stage '\($0)'" } ?? ""). \(words.cut(to: 3_500))\nSee \(link)."
            )
        case .state(let state):
            return JobFailure(
                .jobFailed,
                """
                The sandbox went into the state '\(state.rawValue)' before it was ready: somebody ended it, or its \
                duration of \(configuration.duration.inMinutes), which includes the setup, was too short. See \(link).
                """
            )
        case .gone:
            return JobFailure(
                .jobFailed,
                "The lab doesn't know the sandbox any more: somebody ended it before it was ready."
            )
        case .overdue(_, .some(let error)):
            return lab.failure("It can't be found out whether the sandbox is ready", error)
        case .overdue(let state, nil):
            return JobFailure(
                .jobFailed,
                """
                The sandbox was not ready within \(setupTimeout.inMinutes) (its state: \
                \(state.map { "'\($0.rawValue)'" } ?? "unknown")). If its setup takes longer, raise \
                \(lab.advice(.setupTimeout)). See \(link).
                """
            )
        }
    }

    /// Ends or keeps a sandbox whose job fails; returns a sentence about it.
    func applyPolicy(
        _ configuration: Configuration,
        _ sandboxID: String,
        _ context: JobContext<Checkpoint>
    ) async throws -> String {
        do {
            guard let state = try await lab.watchingClient.sandbox(ifKnown: sandboxID)?.state else { return "" }
            if state.isEnded { return " The sandbox has ended." }
            if state.isEnding { return " The sandbox is being ended." }
        } catch is SandboxAPIError {}
        guard configuration.onSetupFailure == .end else {
            let property = PropertyDefaults.Property.onSetupFailure.rawValue
            let instead = lab.parameters.propertyDefault(property)
            return
                " The sandbox is kept ('\(property)' or \(instead) is 'Keep'); end it when you are done "
                + "with it, or \(fate(configuration))."
        }
        // Another worker may have the action by now, and tell what went wrong only while the sandbox is there.
        if await context.isOver() {
            return " The sandbox is left to whoever has the action now, since CodePipeline has closed this job."
        }
        do {
            try await lab.urgent.stop(sandboxID, context, limit: LabAccess.longestUndo)
            return " The sandbox is being ended."
        } catch let error as JobFailure {
            context.logger.error(
                "A sandbox can't be ended",
                metadata: ["sandbox": "\(sandboxID)", "error": "\(error)"]
            )
            return " The sandbox could not be ended, so end it by hand: \(error.message)"
        }
    }
}
