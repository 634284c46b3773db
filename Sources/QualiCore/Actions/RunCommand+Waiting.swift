import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// How a command that runs is waited for.
extension RunCommand {
    /// For how long after the command's time-out its output is tried to be stored, in seconds.
    private static let longestStore: TimeInterval = 3_600
    /// How often a cancellation is asked for at most.
    private static let mostCancellations = 3

    /// How far a job is whose command runs.
    static func running(_ configuration: Configuration, _ target: CommandTarget) -> JobProgress {
        JobProgress("Running \(words(configuration, target))", externalExecutionID: target.sandboxID)
    }

    /// Waits for the execution, or makes the job's result of it.
    func goOn(
        _ configuration: Configuration,
        _ target: CommandTarget,
        after event: ExecutionWatcher.WaitResult?,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> JobStep<ExecutionWatcher.WaitResult> {
        guard let executionID = checkpoint.executionID, let deadline = checkpoint.deadline else {
            throw JobFailure(.jobFailed, "The worker's notes on this job name no execution.")
        }
        let seen: Execution?
        switch event {
        case .ended(let execution): seen = execution
        case .refused(let error): throw unreadable(executionID, error)
        case .overdue(let wasSeen): seen = try await look(at: executionID, mayFail: wasSeen)
        case nil:
            var isKnown = false
            if context.checkpoint?.executionID != nil {
                await context.report(Self.running(configuration, target))
                if context.isProgressDue { await context.show(trouble: await troubleInWords) }
            } else if let execution = try await look(at: executionID) {
                // Many commands end at once.
                guard !execution.status.isFinal else {
                    return .done(try await finish(configuration, target, execution, context, checkpoint))
                }
                isKnown = true
            }
            return .wait(
                wait(for: executionID, of: configuration, on: target, until: deadline, isKnown: isKnown, context)
            )
        }
        return .done(try await finish(configuration, target, seen, context, checkpoint))
    }

    /// Makes the job's result of an execution that has ended, or of whose time is over.
    ///
    /// `seen` is what the lab has shown last; `nil` if it is in trouble, but has shown the execution running.
    private func finish(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ seen: Execution?,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> JobResult {
        guard let executionID = checkpoint.executionID, let deadline = checkpoint.deadline else {
            throw JobFailure(.jobFailed, "The worker's notes on this job name no execution.")
        }
        let execution =
            if let seen, seen.status.isFinal { seen } else {
                try await cancelOverdue(executionID, lastSeen: seen, configuration, target, context)
            }
        let what = Self.words(configuration, target)
        let output = try await output(execution, context, isWhole: !context.artifacts.outputs.isEmpty)
        let notes = [
            checkpoint.targetWarning, try await repeats(configuration, target, context, checkpoint),
            await keeper?.warning(of: target.sandboxID),
        ]
        let note = notes.compactMap { $0.map { " \($0)" } }.joined()
        let ended = "The command \(what) ended as '\(execution.status.rawValue)'."
        let status: CommandStatus = execution.status.isSuccess ? .completed : .failed
        if status == .failed {
            let mayContinue = configuration.onCommandFailure == .continue
            var reason = ""
            if execution.status.isCancelled || mayContinue, let state = try await endState(of: target.sandboxID) {
                await keeper?.noteOver(target.sandboxID)
                reason = " The sandbox runs no more (its state: '\(state.rawValue)')."
            } else if mayContinue, execution.status.isCancelled, context.clock.now >= deadline {
                // The worker cancels what takes too long, and may have been killed right after that.
                reason = " Its time of \(configuration.timeout.inMinutes) was over."
            }
            guard mayContinue, reason.isEmpty else {
                throw JobFailure(.jobFailed, ended + reason + note + output.quotation(limit: 4_000))
            }
            context.logger.warning(
                "A command has failed, and its pipeline goes on",
                metadata: ["commandExecution": "\(executionID)", "status": "\(execution.status.rawValue)"]
            )
        }
        if let artifact = context.artifacts.outputs.first {
            let archive = try await output.archive(
                executionID: executionID,
                command: configuration.command,
                status: status
            )
            // The command can't be run again for it.
            let storeEnd = deadline.addingTimeInterval(Self.longestStore)
            try await context.artifacts.write(archive, contentType: "application/zip", to: artifact, until: storeEnd)
        }
        let summary =
            status == .completed
            ? "The command \(what) ended well."
            : "The command failed, and the action goes on as '\(PropertyDefaults.Property.onCommandFailure.rawValue)' says. \(ended)"
        return JobResult(
            summary: summary + note + output.quotation(limit: 1_800 - note.count),
            externalExecutionID: target.sandboxID,
            outputVariables: [
                "ExecutionId": executionID, "CommandOutput": output.variable, CommandStatus.variable: status.rawValue,
            ]
        )
    }

    /// Cancels an execution whose time is over.
    ///
    /// - Returns: The execution, if it has ended meanwhile.
    /// - Throws: ``JobFailure`` if not.
    private func cancelOverdue(
        _ executionID: String,
        lastSeen: Execution?,
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>
    ) async throws -> Execution {
        let isCancelled = try await cancel(executionID, context)
        let seen = try await LabAccess.ifTold { try await lab.executionWatcher.execution(executionID) }
        let execution = seen ?? lastSeen
        if let execution, execution.status.isSuccess || execution.status.isFinal && !isCancelled { return execution }
        // Before the output, which may be cut.
        var quotation = await keeper?.warning(of: target.sandboxID).map { " \($0)" } ?? ""
        if let execution {
            quotation += try await output(execution, context, isWhole: false).quotation(limit: 4_000)
        }
        throw JobFailure(
            .jobFailed,
            """
            The command \(Self.words(configuration, target)) did not end within \(configuration.timeout.inMinutes)\(isCancelled
                ? ", so it was cancelled" : "; the lab didn't cancel it, so it may still run"). If it takes longer, \
            raise \(lab.advice(.commandTimeout)).\(quotation)
            """
        )
    }

    private static func words(_ configuration: Configuration, _ target: CommandTarget) -> String {
        "'\(configuration.command)' on \(target.name)"
    }

    /// What an execution has printed, but for passwords that the command was given.
    private func output(
        _ execution: Execution,
        _ context: JobContext<Checkpoint>,
        isWhole: Bool
    ) async throws -> CommandOutput {
        let mask = SecretRedactor(context.secrets)
        return try await CommandOutput.read(execution.output, isWhole: isWhole) { [redact = lab.redact] text in
            redact(mask(text))
        }
    }

    /// A wait for the execution's end, which no trouble of the lab ends before the deadline.
    ///
    /// `isKnown` says whether the execution was just seen running.
    private func wait(
        for executionID: String,
        of configuration: Configuration,
        on target: CommandTarget,
        until deadline: Date,
        isKnown: Bool,
        _ context: JobContext<Checkpoint>
    ) -> JobWait<ExecutionWatcher.WaitResult> {
        let watcher = lab.executionWatcher
        let place = Self.place(configuration, target)
        let start = deadline.addingTimeInterval(-configuration.timeout.timeInterval)
        let clock = context.clock
        let hasteEnds = start.addingTimeInterval(lab.statusInterval.timeInterval * 1.5)
        return JobWait(
            for: "the command's end",
            until: deadline,
            pause: watcher.pause(since: start, now: max(clock.now, hasteEnds)),
            looking: { givesWay, wake in
                await watcher.watch(
                    for: executionID,
                    at: place,
                    since: start,
                    until: deadline,
                    isKnown: isKnown,
                    givingWay: { givesWay(clock.now < hasteEnds) },
                    tell: wake
                )
            }
        )
    }

    private var troubleInWords: String? {
        get async { await lab.executionWatcher.trouble.map { "waiting for the lab: \($0)" } }
    }

    /// Looks at an execution at once.
    ///
    /// `mayFail` says whether it's no matter if the lab is in trouble.
    ///
    /// - Returns: The execution; `nil` while the lab is in trouble.
    private func look(at executionID: String, mayFail: Bool = true) async throws -> Execution? {
        do {
            return try await lab.executionWatcher.execution(executionID)
        } catch let error as SandboxAPIError {
            guard mayFail, !error.isRefusal else { throw unreadable(executionID, error) }
            return nil
        }
    }

    private func unreadable(_ executionID: String, _ error: SandboxAPIError) -> JobFailure {
        lab.failure("The execution '\(executionID)' can't be read, so it is unknown how the command ended", error)
    }

    /// Asks the lab to cancel an execution; whether it has agreed.
    ///
    /// Where its reply doesn't tell, the execution does; the request is sent again while that goes on.
    func cancel(_ executionID: String, _ context: JobContext<Checkpoint>) async throws -> Bool {
        let client = lab.client
        var attempts = 0
        while true {
            attempts += 1
            do {
                try await context.uninterrupted { try await client.stopExecution(id: executionID) }
                return true
            } catch let error as SandboxAPIError {
                if error.mayHaveBeenProcessed, error.isTransient {
                    try await context.clock.sleep(for: min(lab.statusInterval, .seconds(2)))
                    let status = try await LabAccess.ifTold { try await lab.executionWatcher.execution(executionID) }?
                        .status
                    if let status, status.isFinal || status == .stopping {
                        return status.isCancelled || status == .stopping
                    }
                    if attempts < Self.mostCancellations { continue }
                }
                // Not every command can be cancelled; the job fails in any case.
                context.logger.warning(
                    "The lab doesn't cancel an execution",
                    metadata: ["commandExecution": "\(executionID)", "error": "\(error)"]
                )
                return false
            }
        }
    }
}
