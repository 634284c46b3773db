import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// How a command that runs is waited for.
extension RunCommand {
    /// How far a job is whose command runs.
    static func running(_ configuration: Configuration, _ target: CommandTarget) -> JobProgress {
        JobProgress("Running '\(configuration.command)' on \(target.name)", externalExecutionID: target.sandboxID)
    }

    /// Waits for the execution, and makes the job's result of it.
    func finish(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> JobResult {
        guard let executionID = checkpoint.executionID, let deadline = checkpoint.deadline else {
            throw JobFailure(.jobFailed, "The worker's notes on this job name no execution.")
        }
        if context.checkpoint?.executionID != nil { await context.report(Self.running(configuration, target)) }
        let place = ExecutionReads.Place(target: target, command: configuration.command)
        var execution = try await lab.executionReads.waiting(at: place) {
            try await wait(
                for: executionID,
                at: place,
                until: deadline,
                startedAt: deadline.addingTimeInterval(-configuration.timeout.timeInterval),
                context
            )
        }
        let what = "'\(configuration.command)' on \(target.name)"
        if !execution.status.isFinal {
            let isCancelled = try await cancel(executionID, context)
            // It may have ended while it was being cancelled.
            if let now = try? await lab.watchingClient.execution(id: executionID) { execution = now }
            guard execution.status.isSuccess || execution.status.isFinal && !isCancelled else {
                throw JobFailure(
                    .jobFailed,
                    """
                    The command \(what) did not end within \(configuration.timeout.inMinutes)\(isCancelled
                        ? ", so it was cancelled" : "; the lab didn't cancel it, so it may still run"). If it takes longer, \
                    raise the property 'TimeoutInMinutes'.\(output(execution, configuration).quotation(limit: 4_000))
                    """
                )
            }
        }
        let output = output(execution, configuration)
        guard execution.status.isSuccess else {
            throw JobFailure(
                .jobFailed,
                "The command \(what) ended as '\(execution.status.rawValue)'.\(output.quotation(limit: 4_500))"
            )
        }
        if let artifact = context.artifacts.outputs.first {
            let archive = try output.archive(executionID: executionID, command: configuration.command)
            try await context.artifacts.write(archive, contentType: "application/zip", to: artifact)
        }
        return JobResult(
            summary: "The command \(what) ended well.\(output.quotation(limit: 1_800))",
            externalExecutionID: target.sandboxID,
            outputVariables: ["ExecutionId": executionID, "CommandOutput": output.variable]
        )
    }

    /// What an execution has printed, but for passwords that the command was given.
    private func output(_ execution: Execution, _ configuration: Configuration) -> CommandOutput {
        let mask = SecretRedactor(configuration.arguments.secrets)
        return CommandOutput(execution.output) { lab.redact(mask($0)) }
    }

    /// Reads the execution until it has ended or the deadline has passed: quickly at first, then at the usual pace, then
    /// at a tenth of the time that it has been running for.
    ///
    /// Until the deadline, no trouble of the lab ends the wait.
    ///
    /// - Returns: The execution as it was last seen.
    /// - Throws: ``JobFailure`` if it never was, because then nothing can be said of it.
    private func wait(
        for executionID: String,
        at place: ExecutionReads.Place,
        until deadline: Date,
        startedAt start: Date,
        _ context: JobContext<Checkpoint>
    ) async throws -> Execution {
        let isResumed = context.checkpoint?.executionID != nil
        var pause = isResumed ? lab.statusInterval : min(.milliseconds(500), lab.statusInterval)
        var execution: Execution?
        var isFirst = true
        while true {
            // The first read mustn't wait for others, and the last has to be of the execution itself.
            let isAlone = isFirst || context.clock.now >= deadline
            isFirst = false
            do {
                execution =
                    if isAlone {
                        try await lab.watchingClient.execution(id: executionID)
                    } else {
                        try await lab.executionReads.execution(executionID, at: place, interval: pause, context.clock)
                            ?? execution
                    }
                lab.executionOutage.succeeded(at: context.clock.now, context.logger)
            } catch let error as SandboxAPIError {
                let isLasting = [.notFound, .authentication, .forbidden].contains(error.code)
                guard !isLasting, execution != nil || context.clock.now < deadline else {
                    throw JobFailure(
                        "The execution '\(executionID)' can't be read, so it is unknown how the command ended",
                        error
                    )
                }
                lab.executionOutage.failed(error, at: context.clock.now, context.logger)
            }
            let now = context.clock.now
            if let execution, execution.status.isFinal || now >= deadline { return execution }
            let rest = min(pause, max(.seconds(deadline.timeIntervalSince(now)), .milliseconds(100)))
            if pause < lab.statusInterval {
                try await context.clock.sleep(for: rest)
            } else {
                try await context.pause(for: rest)
            }
            pause = min(pause * 2, longestPause(after: now.timeIntervalSince(start)))
        }
    }

    /// The longest pause between reads of a command that has been running for some seconds.
    private func longestPause(after seconds: TimeInterval) -> Duration {
        min(max(lab.statusInterval, .seconds(seconds / 10)), lab.statusInterval * 6)
    }

    /// Asks the lab to cancel an execution; whether it has agreed.
    func cancel(_ executionID: String, _ context: JobContext<Checkpoint>) async throws -> Bool {
        let client = lab.client
        do {
            try await context.uninterrupted { try await client.stopExecution(id: executionID) }
            return true
        } catch let error as SandboxAPIError {
            // Not every command can be cancelled; the job fails in any case.
            context.logger.warning(
                "The lab doesn't cancel an execution",
                metadata: ["commandExecution": "\(executionID)", "error": "\(error)"]
            )
            return false
        }
    }
}
