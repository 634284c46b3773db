import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// Runs a command on a component of a sandbox, or on the sandbox, and waits for it: `Quali-Run-Command`.
package struct RunCommand: WaitingActionHandler {
    /// The properties of the action.
    package struct Configuration: ActionConfiguration {
        let component: String
        let command: String
        let arguments: [Input]
        let timeout: Duration
        let onCommandFailure: OnCommandFailure
        let sandboxID: String?

        /// Reads the properties.
        package init(_ properties: ActionProperties) throws {
            component = try properties.string("ComponentName")
            command = try properties.string("CommandName")
            arguments = try properties.dictionary("ArgumentsJSON").map { Input(name: $0.name, value: $0.value) }
            timeout = try properties.minutes(.commandTimeout, default: 15)
            onCommandFailure = try properties.choice(.onCommandFailure, default: .fail)
            sandboxID = properties.string(ifPresent: "SandboxId")
        }
    }

    /// What a command that fails does to its action.
    enum OnCommandFailure: String, CaseIterable {
        case fail = "Fail"
        case `continue` = "Continue"
    }

    /// How far the run has come.
    package struct Checkpoint: Codable, Sendable {
        /// What the command runs on, once that is found.
        var target: CommandTarget?
        /// The pipeline's execution that has started the sandbox, if it is known to be another one than the job's.
        var otherExecution: String?
        /// What was passed over for it, if the action's author may have meant that.
        var targetWarning: String?
        /// The executions that the command had before this job's; set when a start may have reached the lab.
        var earlierExecutions: [String]?
        /// How often a new one was looked for in vain since.
        var looks: LookupAttempts?
        /// Until when it is waited for twins whose executions aren't known yet.
        var twinsDeadline: Date?
        /// This job's execution, once its id is known.
        var executionID: String?
        /// The ends of the ids of the executions that the command had before; `nil` where these are too many to keep.
        var earlierEnds: [String]?
        /// Until when the command is waited for.
        var deadline: Date?
        /// The arguments whose type alone tells that they are passwords, if there are any.
        var passwordArguments: [String]?
    }

    /// How long after a job was taken its command may be started without a look whether the job is still open, in seconds.
    static let longestDelay: TimeInterval = 5

    let lab: LabAccess
    /// Who looks after the sandbox; `nil` for nobody.
    let keeper: SandboxKeeper?

    /// Creates the handler.
    package init(lab: LabAccess, keeper: SandboxKeeper? = nil) {
        self.lab = lab
        self.keeper = keeper
    }

    /// Finds, runs, waits.
    package func run(
        _ configuration: Configuration,
        after event: ExecutionWatcher.WaitResult?,
        context: JobContext<Checkpoint>
    ) async throws -> JobStep<ExecutionWatcher.WaitResult> {
        let begin = context.clock.now
        var checkpoint = context.checkpoint ?? Checkpoint()
        let actionExecutionID = context.job.actionExecutionID
        lab.hide(configuration.arguments, ofPasswordType: checkpoint.passwordArguments ?? [], context)
        if let executionID = checkpoint.executionID {
            lab.claims.add(executionID, of: actionExecutionID)
        } else {
            lab.claims.note(actionExecutionID, isSettled: checkpoint.earlierExecutions == nil)
        }
        let target: CommandTarget
        if let known = checkpoint.target {
            target = known
        } else {
            target = try await find(configuration, context, &checkpoint)
            checkpoint.target = target
        }
        do {
            if checkpoint.executionID == nil {
                try await start(configuration, target, since: begin, context, &checkpoint)
            }
            return try await goOn(configuration, target, after: event, context, checkpoint)
        } catch var failure as JobFailure {
            if checkpoint.executionID == nil || failure.type == .configurationError {
                failure = try await explained(
                    failure,
                    target.sandboxID,
                    of: checkpoint.otherExecution,
                    context.clock
                )
            }
            throw await failure.about(target.sandboxID, keeper)
        }
    }

    /// Cancels the execution that the job has started, if it is known and runs.
    package func abandon(_ context: JobContext<Checkpoint>) async throws {
        guard let executionID = context.checkpoint?.executionID else { return }
        let execution = try await lab.read(
            "The execution '\(executionID)' can't be read",
            context.waiter(limit: LabAccess.longestUndo)
        ) {
            try await $0.execution(id: executionID)
        }
        if !execution.status.isFinal { _ = try await cancel(executionID, context) }
    }

    /// Unknown while no execution is known, since an execution doesn't tell whose it is.
    package func isBegun(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> Bool? {
        context.checkpoint?.executionID == nil ? nil : false
    }

    /// The sandbox.
    package func externalExecutionID(of checkpoint: Checkpoint) -> String? { checkpoint.target?.sandboxID }

    // MARK: Find

    private func find(
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> CommandTarget {
        let sandbox = try await SandboxReference.resolve(configuration.sandboxID, context.artifacts)
        checkpoint.otherExecution = sandbox.executionID(otherThan: context.job)
        if configuration.component == CommandTarget.sandboxKeyword {
            return CommandTarget(sandboxID: sandbox.id, componentID: nil, name: "the sandbox")
        }
        do {
            let (target, warning) = try await findComponent(of: sandbox.id, configuration, context)
            checkpoint.targetWarning = warning
            return target
        } catch let failure as JobFailure {
            throw try await explained(failure, sandbox.id, of: checkpoint.otherExecution, context.clock)
                .about(sandbox.id, keeper)
        }
    }

    private func findComponent(
        of sandboxID: String,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>
    ) async throws -> (CommandTarget, warning: String?) {
        // What the lab tells others of a crowd now is as true for this job.
        let begin = context.clock.now
        let components = try await lab.read(
            "The components of sandbox '\(sandboxID)' can't be read",
            context.waiter(limit: configuration.timeout)
        ) { [reads = lab.components] client in
            try await reads.read(sandboxID, since: begin, context.clock) {
                try await client.namedComponents(sandboxID: sandboxID)
            }.value
        }
        let selector = ComponentSelector(
            text: configuration.component,
            match: lab.componentMatch,
            parameters: lab.parameters
        )
        let found = try await selector.select(from: components)
        if let warning = found.warning {
            context.logger.warning("Another component may be meant", metadata: ["detail": "\(warning)"])
        }
        let name = "'\(found.component.name)'"
        return (CommandTarget(sandboxID: sandboxID, componentID: found.component.id, name: name), found.warning)
    }

    // MARK: Start

    private func start(
        _ configuration: Configuration,
        _ target: CommandTarget,
        since begin: Date,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        await context.report(
            JobProgress("Starting '\(configuration.command)' on \(target.name)", externalExecutionID: target.sandboxID)
        )
        // Which execution is whose is told from what the command's list had before the start, so starts of one command
        // must not overlap.
        let copy = checkpoint
        let place = Self.place(configuration, target)
        checkpoint = try await lab.starts.with(place) {
            // What it has is asked while another job's start is under way; an error is met again below. A start whose fate is
            // unknown asks anew.
            guard copy.earlierExecutions == nil else { return }
            let oldest = max(begin, context.clock.now.addingTimeInterval(-CommandLists.freshness))
            _ = try? await lab.commands.command(at: place, since: oldest, context.clock, lab.watchingClient)
        } _: {
            var checkpoint = copy
            try await startAlone(configuration, target, since: begin, context, &checkpoint)
            return checkpoint
        }
    }

    /// What starts of one command have in common.
    static func place(_ configuration: Configuration, _ target: CommandTarget) -> ExecutionWatcher.Place {
        ExecutionWatcher.Place(target: target, command: configuration.command)
    }

    /// `begin` is when the job had certainly been claimed: what the lab has told since then may be used, if it is
    /// young.
    private func startAlone(
        _ configuration: Configuration,
        _ target: CommandTarget,
        since begin: Date,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        var begin = begin
        let client = lab.client
        let waiter = context.waiter(limit: configuration.timeout)
        let judge = lab.patience(of: waiter)
        let patienceEnd = context.clock.now.addingTimeInterval(lab.patience.timeInterval)
        var backoff = Backoff(first: .seconds(2), longest: .seconds(30))
        var lookedAt = context.oldClaim ?? context.clock.now
        if context.checkpoint == nil, context.mayHaveBegunElsewhere {
            try await refuseOthers(configuration, target, context)
        }
        while true {
            if checkpoint.earlierExecutions != nil {
                // A start's fate is unknown: what has appeared since tells it.
                if let id = try await newExecution(configuration, target, context, checkpoint) {
                    context.logger.notice(
                        "Execution found whose start's reply was lost",
                        metadata: ["commandExecution": "\(id)"]
                    )
                    return try await adopt(id, configuration, target, context, &checkpoint)
                }
                begin = context.clock.now
            }
            checkpoint.looks = nil
            let oldest = max(begin, context.clock.now.addingTimeInterval(-Self.longestDelay))
            let (command, executions, readAt) = try await command(configuration, target, since: oldest, context)
            let passwords = lab.passwords(command.params.map { ($0.name, $0.type) })
            checkpoint.passwordArguments = passwords.isEmpty ? nil : passwords
            let arguments = lab.hide(configuration.arguments, ofPasswordType: passwords, context)
            let request = StartCommandRequest(params: arguments, printOutput: true)
            checkpoint.earlierExecutions = executions.map(Self.shortened)
            lab.claims.note(context.job.actionExecutionID, isSettled: false)
            try await context.save(checkpoint)
            // The action may have gone on elsewhere by now, if the job's acknowledgement was in doubt there. It is asked after
            // the note, for which a full disk may have waited long, and once more where the answer itself took long.
            for _ in 1...3 where context.clock.now.timeIntervalSince(lookedAt) > Self.longestDelay {
                lookedAt = context.clock.now
                if await context.isOver() {
                    throw JobFailure.closed(before: "its command was started")
                }
            }
            if context.clock.now.timeIntervalSince(readAt) > Self.longestDelay,
                try await newExecutions(configuration, target, context, checkpoint).isEmpty == false
            {
                continue
            }
            do {
                let started = try await context.uninterrupted {
                    try await target.start(configuration.command, request, tag: command.tag, client)
                }
                lab.outage.succeeded(at: context.clock.now, context.logger)
                return try await adopt(started.id, configuration, target, context, &checkpoint)
            } catch let error as SandboxAPIError {
                // What may have been processed has to be looked for in any case.
                var deadline = error.mayHaveBeenProcessed ? patienceEnd : .distantPast
                if case .passing(let end, _) = judge(error) { deadline = end }
                guard context.clock.now < deadline else { throw startFailure(error, configuration, target) }
                begin = context.clock.now
                lab.outage.failed(error, at: begin, context.logger)
                await context.show(trouble: "waiting for \(error.wordsOfWaiting)")
                if !error.mayHaveBeenProcessed {
                    checkpoint.earlierExecutions = nil
                    lab.claims.note(context.job.actionExecutionID, isSettled: true)
                }
                context.logger.debug("The lab hasn't confirmed the command's start", metadata: ["error": "\(error)"])
            }
            try await context.clock.sleep(for: backoff.pause())
        }
    }

    /// Fails the job if the command has an execution that another worker may have started for this action.
    private func refuseOthers(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>
    ) async throws {
        var others: [String] = []
        for look in 1...LookupAttempts.enoughForOthers {
            if look > 1 { try await context.clock.sleep(for: lab.pauseBetweenLooks) }
            others = try await newExecutions(configuration, target, context, Checkpoint())
            if !others.isEmpty { break }
        }
        guard !others.isEmpty else { return }
        let twins = try await twins(configuration, context)
        others.removeAll { isExplained($0, twins, context) }
        guard others.isEmpty else {
            let list = Set(others).sorted().joined(separator: ", ")
            let reason = "the reply to its acknowledgement was lost, so another worker may have run it as \(list)"
            throw ambiguous(configuration, target, because: reason)
        }
    }

    /// The execution that has appeared since a start whose fate is unknown, looked for with patience for a lab that lists
    /// late, and for twins whose executions aren't known yet.
    ///
    /// - Throws: ``JobFailure`` if it can't be told which is this job's.
    private func newExecution(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> String? {
        var checkpoint = checkpoint
        var looks = checkpoint.looks ?? LookupAttempts()
        try await looks.waitForNext(lab.pauseBetweenLooks, context.clock)
        while true {
            var new = try await newExecutions(configuration, target, context, checkpoint)
            if !new.isEmpty {
                let twins = try await twins(configuration, context)
                new.removeAll { isExplained($0, twins, context) }
                if !new.isEmpty, !twins.mayHaveMore || context.clock.now >= checkpoint.twinsDeadline ?? .distantFuture {
                    guard new.count == 1, !twins.mayHaveMore else {
                        let list = Set(new).sorted().joined(separator: ", ")
                        let reason = """
                            the reply to its start was lost, and since then \(list) \(Set(new).count == 1 ? "has" : "have") \
                            appeared, which may be another action's
                            """
                        throw ambiguous(configuration, target, because: reason)
                    }
                    return new.first
                }
                if !new.isEmpty, checkpoint.twinsDeadline == nil {
                    // Kept, since a worker that is killed again and again would wait for ever.
                    checkpoint.twinsDeadline = context.clock.now.addingTimeInterval(lab.patience.timeInterval)
                    try await context.save(checkpoint)
                }
            }
            if new.isEmpty {
                looks.add(at: context.clock.now)
                if looks.areEnough { return nil }
                checkpoint.looks = looks
                try await context.save(checkpoint)
            }
            try await context.clock.sleep(for: lab.pauseBetweenLooks)
        }
    }

    /// The executions that have come since the checkpoint's list, but those of other actions.
    private func newExecutions(
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: Checkpoint
    ) async throws -> [String] {
        let earlier = checkpoint.earlierExecutions ?? []
        return try await command(configuration, target, since: nil, context).executions.filter { id in
            !earlier.contains(Self.shortened(id)) && !lab.claims.isAnothers(id, than: context.job.actionExecutionID)
        }
    }

    /// Whether an execution is that of another action, as CodePipeline tells, or as this worker has learned meanwhile.
    func isExplained(_ executionID: String, _ twins: ConcurrentCommands, _ context: JobContext<Checkpoint>) -> Bool {
        twins.executions.contains(executionID.lowercased())
            || lab.claims.isAnothers(executionID, than: context.job.actionExecutionID)
    }

    /// - Throws: `CancellationError` alone.
    func twins(_ configuration: Configuration, _ context: JobContext<Checkpoint>) async throws -> ConcurrentCommands {
        do {
            let actions = try await context.actionsOfExecution()
            lab.actionsOutage.succeeded(at: context.clock.now, context.logger)
            return ConcurrentCommands(
                among: actions,
                of: context.job.actionExecutionID,
                command: configuration.command,
                lab.claims
            )
        } catch let error as CancellationError {
            throw error
        } catch {
            // Without the right to ask, what has appeared is the best proof there is.
            guard (error as? AWSError)?.code.isAccessDenied == true else {
                lab.actionsOutage.failed(error, at: context.clock.now, context.logger)
                return .unknown
            }
            context.logger.notice(
                "It can't be seen whether another action runs the same command",
                metadata: ["error": "\(error)"]
            )
            return ConcurrentCommands()
        }
    }

    /// As much of an execution's id as tells it from a command's others: checkpoints travel in a short token.
    private static func shortened(_ executionID: String) -> String {
        String(executionID.suffix(10))
    }

    private func adopt(
        _ executionID: String,
        _ configuration: Configuration,
        _ target: CommandTarget,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        lab.claims.add(executionID, of: context.job.actionExecutionID)
        lab.commands.noteStart(of: executionID, at: Self.place(configuration, target), context.clock.now)
        // What is left is to wait.
        context.noteBegun()
        checkpoint.executionID = executionID
        checkpoint.earlierEnds = RepeatedCommand.ends(of: checkpoint.earlierExecutions)
        (checkpoint.earlierExecutions, checkpoint.looks, checkpoint.twinsDeadline) = (nil, nil, nil)
        checkpoint.deadline = context.clock.now.addingTimeInterval(configuration.timeout.timeInterval)
        await context.report(Self.running(configuration, target))
        try await context.save(checkpoint)
        context.logger.info("Command started", metadata: ["commandExecution": "\(executionID)"])
    }

    /// The command with the ids of its executions; an unknown command is a failure that lists the known ones.
    ///
    /// `date` is since when the lab may have told it; `nil` to ask it now.
    private func command(
        _ configuration: Configuration,
        _ target: CommandTarget,
        since date: Date?,
        _ context: JobContext<Checkpoint>
    ) async throws -> CommandLists.Answer {
        let found: CommandLists.Answer? = try await lab.read(
            "The command '\(configuration.command)' can't be read",
            context.waiter(limit: configuration.timeout)
        ) { [commands = lab.commands] client in
            do {
                if let date {
                    let place = Self.place(configuration, target)
                    return try await commands.command(at: place, since: date, context.clock, client)
                }
                let now = context.clock.now
                let command = try await target.command(configuration.command, client)
                return (command, command.executions.map(\.id), now)
            } catch let error as SandboxAPIError where error.code == .notFound {
                return nil
            }
        }
        guard let found else {
            let commands: [Command]
            do {
                commands = try await target.commands(lab.client)
            } catch let error as SandboxAPIError {
                let what = "The commands of \(target.name) in sandbox '\(target.sandboxID)' can't be read"
                throw lab.failure(what, error)
            }
            guard !commands.contains(where: { $0.name == configuration.command }) else {
                throw JobFailure(
                    .systemUnavailable,
                    """
                    The lab lists the command '\(configuration.command)' of \(target.name), but doesn't find it by its path: \
                    something before the lab changes the paths of requests. Check the worker's \(lab.parameters.labURL) and \
                    what stands before the lab.
                    """
                )
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
        return found
    }

    private func ambiguous(
        _ configuration: Configuration,
        _ target: CommandTarget,
        because reason: String
    ) -> JobFailure {
        JobFailure(
            .jobFailed,
            """
            It is unknown which execution of '\(configuration.command)' on \(target.name) is this job's: \(reason). Look \
            in \(lab.portal.sandbox(target.sandboxID)) before you run the action again.
            """
        )
    }

    private func startFailure(
        _ error: SandboxAPIError,
        _ configuration: Configuration,
        _ target: CommandTarget
    ) -> JobFailure {
        lab.failure("The command '\(configuration.command)' can't be started on \(target.name)", error)
    }
}
