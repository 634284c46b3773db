import AWSLite
import Logging
import Foundation
import SandboxAPI

/// Runs a command on a component of a sandbox, or on the sandbox, and waits for it: `Quali-Run-Command`.
public struct RunCommand: ActionHandler {
    /// The properties of the action.
    public struct Configuration: ActionConfiguration {
        let component: String
        let command: String
        let arguments: [Input]
        let timeout: Duration
        let sandboxID: String?

        /// Reads the properties.
        public init(_ properties: ActionProperties) throws {
            component = try properties.string("ComponentName")
            command = try properties.string("CommandName")
            arguments = try properties.dictionary("ArgumentsJSON").map { Input(name: $0.name, value: $0.value) }
            timeout = try properties.minutes("TimeoutInMinutes", default: 15)
            sandboxID = properties.string(ifPresent: "SandboxId")
        }
    }

    /// How far the run has come.
    public struct Checkpoint: Codable, Sendable {
        /// What the command runs on, once that is found.
        var target: CommandTarget?
        /// The executions that the command had before this job's; set when a start may have reached the lab.
        var earlierExecutions: [String]?
        /// This job's execution, once its id is known.
        var executionID: String?
        /// Until when the command is waited for.
        var deadline: Date?
    }

    private let lab: LabAccess

    /// Creates the handler.
    public init(lab: LabAccess) {
        self.lab = lab
    }

    /// Finds, runs, waits.
    public func run(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> JobResult {
        var checkpoint = context.checkpoint ?? Checkpoint()
        let target: CommandTarget
        if let known = checkpoint.target {
            target = known
        } else {
            target = try await find(configuration, context)
            checkpoint.target = target
        }
        do {
            if checkpoint.executionID == nil {
                try await start(configuration, target, context, &checkpoint)
            }
            return try await finish(configuration, target, context, checkpoint)
        } catch var failure as JobFailure {
            failure.externalExecutionID = target.sandboxID
            throw failure
        }
    }

    // MARK: Find

    private func find(_ configuration: Configuration, _ context: JobContext<Checkpoint>) async throws -> CommandTarget {
        let sandboxID = try await SandboxReference.resolve(configuration.sandboxID, context.artifacts)
        if configuration.component == CommandTarget.sandboxKeyword {
            return CommandTarget(sandboxID: sandboxID, componentID: nil, name: "the sandbox")
        }
        let client = lab.client
        let components = try await lab.read(
            "The components of sandbox '\(sandboxID)' can't be read",
            clock: context.clock
        ) {
            try await client.components(sandboxID: sandboxID)
        }
        let component = try ComponentSelector(text: configuration.component).select(from: components)
        return CommandTarget(sandboxID: sandboxID, componentID: component.id, name: "'\(component.name)'")
    }

    // MARK: Start

    private func start(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        await context.report(
            JobProgress("Starting '\(configuration.command)' on \(target.name)", externalExecutionID: target.sandboxID)
        )
        // Which execution is whose is told from what the command's list had before the start, so starts of one command
        // must not overlap.
        let key = "\(target.sandboxID)/\(target.componentID ?? "")/\(configuration.command)"
        let copy = checkpoint
        checkpoint = try await lab.starts.with(key) {
            var checkpoint = copy
            try await startAlone(configuration, target, context, &checkpoint)
            return checkpoint
        }
    }

    private func startAlone(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        let client = lab.client
        let request = StartCommandRequest(params: configuration.arguments, printOutput: true)
        let patienceEnd = context.clock.now.addingTimeInterval(lab.patience.timeInterval)
        var backoff = Backoff(first: .seconds(2), longest: .seconds(30))
        while true {
            let executions = try await executions(configuration, target, context)
            if let earlier = checkpoint.earlierExecutions {
                // A start's fate is unknown: what has appeared since tells it.
                let new = Set(executions).subtracting(earlier)
                guard new.count <= 1 else { throw ambiguous(new, configuration, target) }
                if let id = new.first {
                    context.logger.notice(
                        "Execution found whose start's reply was lost",
                        metadata: ["execution": "\(id)"]
                    )
                    return try await adopt(id, configuration, context, &checkpoint)
                }
            }
            checkpoint.earlierExecutions = executions
            try await context.save(checkpoint)
            do {
                let started = try await context.uninterrupted {
                    try await target.start(configuration.command, request, client)
                }
                return try await adopt(started.id, configuration, context, &checkpoint)
            } catch let error as SandboxAPIError {
                guard error.isTransient || error.mayHaveBeenProcessed, context.clock.now < patienceEnd else {
                    throw startFailure(error, configuration, target)
                }
                if !error.mayHaveBeenProcessed { checkpoint.earlierExecutions = nil }
                context.logger.notice("The lab hasn't confirmed the command's start", metadata: ["error": "\(error)"])
            }
            try await context.clock.sleep(for: backoff.pause())
        }
    }

    private func adopt(
        _ executionID: String,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        checkpoint.executionID = executionID
        checkpoint.earlierExecutions = nil
        checkpoint.deadline = context.clock.now.addingTimeInterval(configuration.timeout.timeInterval)
        try await context.save(checkpoint)
        context.logger.info("Command started", metadata: ["execution": "\(executionID)"])
    }

    /// The command's executions so far; an unknown command is a failure that lists the known ones.
    private func executions(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>
    ) async throws -> [String] {
        let client = lab.client
        let found: Command?
        found = try await lab.read("The command '\(configuration.command)' can't be read", clock: context.clock) {
            do {
                return try await target.command(configuration.command, client)
            } catch let error as SandboxAPIError where error.code == .notFound {
                return nil
            }
        }
        guard let found else {
            let commands: [Command]
            do {
                commands = try await target.commands(client)
            } catch let error as SandboxAPIError {
                throw JobFailure("The commands of \(target.name) in sandbox '\(target.sandboxID)' can't be read", error)
            }
            let names = commands.map { "'\($0.name)'" }.sorted().joined(separator: ", ").cut(to: 2_000)
            throw JobFailure(
                .configurationError,
                """
                The property 'CommandName' is '\(configuration.command)', which is no command of \(target.name). \
                \(names.isEmpty ? "It has none." : "There are: \(names).") Use the command's internal name, not the one \
                that the portal shows.
                """
            )
        }
        return found.executions.map(\.id)
    }

    private func ambiguous(_ new: Set<String>, _ configuration: Configuration, _ target: CommandTarget) -> JobFailure {
        JobFailure(
            .jobFailed,
            """
            It is unknown which execution of '\(configuration.command)' on \(target.name) is this job's: the reply to its \
            start was lost, and \(new.count) executions have appeared since (\(new.sorted().joined(separator: ", "))). \
            Look at them in \(lab.portal.sandbox(target.sandboxID)) before you run the action again.
            """
        )
    }

    private func startFailure(
        _ error: SandboxAPIError,
        _ configuration: Configuration,
        _ target: CommandTarget
    ) -> JobFailure {
        JobFailure("The command '\(configuration.command)' can't be started on \(target.name)", error)
    }

    // MARK: Wait

    private func finish(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> JobResult {
        guard let executionID = checkpoint.executionID, let deadline = checkpoint.deadline else {
            throw JobFailure(.jobFailed, "The worker's notes on this job name no execution.")
        }
        await context.report(
            JobProgress("Running '\(configuration.command)' on \(target.name)", externalExecutionID: target.sandboxID)
        )
        let execution = try await wait(for: executionID, until: deadline, context)
        let output = CommandOutput(execution.output)
        let what = "'\(configuration.command)' on \(target.name)"
        if !execution.status.isFinal {
            try await cancel(execution, context)
            throw JobFailure(
                .jobFailed,
                """
                The command \(what) did not end within \(configuration.timeout.inMinutes), so it was cancelled. If it \
                takes longer, raise the property 'TimeoutInMinutes'.\(output.quotation(limit: 4_000))
                """
            )
        }
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

    /// Reads the execution until it has ended or the deadline has passed: quickly at first, then at the usual pace.
    private func wait(
        for executionID: String,
        until deadline: Date,
        _ context: JobContext<Checkpoint>
    ) async throws -> Execution {
        let client = lab.client
        var pause = min(.milliseconds(500), lab.statusInterval)
        while true {
            let execution = try await lab.read("The execution '\(executionID)' can't be read", clock: context.clock) {
                try await client.execution(id: executionID)
            }
            if execution.status.isFinal || context.clock.now >= deadline { return execution }
            try await context.clock.sleep(for: pause)
            pause = min(pause * 2, lab.statusInterval)
        }
    }

    private func cancel(_ execution: Execution, _ context: JobContext<Checkpoint>) async throws {
        let client = lab.client
        do {
            try await context.uninterrupted { try await client.stopExecution(id: execution.id) }
        } catch let error as SandboxAPIError {
            // Not every command can be cancelled; the job fails in any case.
            context.logger.warning(
                "The lab doesn't cancel an execution",
                metadata: ["execution": "\(execution.id)", "error": "\(error)"]
            )
        }
    }
}
