import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// Starts a sandbox from a public blueprint, waits for its setup, and stores its details: `Quali-Start-Sandbox`.
package struct StartSandbox: WaitingActionHandler {
    /// The properties of the action.
    package struct Configuration: ActionConfiguration {
        let blueprint: String
        let inputs: [Input]
        let sandboxName: String?
        let duration: Duration
        /// What the property says; without it the blueprint's estimate counts.
        let setupTimeout: Duration?
        let onSetupFailure: OnSetupFailure
        let waitForResources: Duration
        let artifactFormat: SandboxDocument.Format
        let options: StartOptions

        /// Reads the properties.
        package init(_ properties: ActionProperties) throws {
            blueprint = try properties.string("BlueprintName")
            inputs = try properties.dictionary("InputsJSON").map { Input(name: $0.name, value: $0.value) }
            sandboxName = properties.string(ifPresent: "SandboxName")
            duration = try properties.minutes("DurationInMinutes")
            let hasTimeout = properties.string(ifPresent: .setupTimeout) != nil
            setupTimeout = hasTimeout ? try properties.minutes(.setupTimeout) : nil
            onSetupFailure = try properties.choice(.onSetupFailure, default: .end)
            waitForResources = try properties.minutes(.waitForResources, minimum: 0, default: 0)
            artifactFormat = try properties.choice(.artifactFormat, default: .zip)
            options = try StartOptions(properties.options(ifPresent: StartOptions.property), duration: duration)
        }
    }

    enum OnSetupFailure: String, CaseIterable {
        case end = "End"
        case keep = "Keep"
    }

    /// How far the start has come.
    package struct Checkpoint: Codable, Sendable {
        /// Whether a start may have reached the lab, so that a sandbox may exist whose id isn't known.
        var isStartUncertain = false
        /// How often that sandbox was looked for in vain since.
        var looks: LookupAttempts?
        /// The sandbox, once its id is known.
        var sandboxID: String?
        /// Until when resources are waited for.
        var resourcesDeadline: Date?
        /// Until when it is waited for the teardown of an earlier attempt's sandbox.
        var teardownDeadline: Date?
        /// How long the setup may take by its blueprint's estimate, in minutes.
        var setupMinutes: Int?
        /// The blueprint's inputs whose type alone tells that they are passwords; `nil` while types aren't known.
        var passwordInputs: [String]?
        /// Until when the setup is waited for.
        var setupDeadline: Date?
        /// The most that was shown of the setup's progress, which mustn't fall.
        var percent: Int?
        /// Why the job fails, once it is known and only the sandbox's end is left to do.
        var failure: String?
        /// The type of that failure.
        var failureType: String?
    }

    /// How long after a job was taken a start may come that nothing is looked for before, in seconds.
    private static let longestDelay: TimeInterval = 5
    /// How long a setup may take at least where no property says it, in minutes.
    package static let leastSetupMinutes = 30

    let lab: LabAccess
    /// Who looks after the sandbox once it has been started; `nil` for nobody.
    let keeper: SandboxKeeper?

    /// Creates the handler.
    package init(lab: LabAccess, keeper: SandboxKeeper? = nil) {
        self.lab = lab
        self.keeper = keeper
    }

    /// What a wait brings.
    package enum Event: Sendable {
        /// The sandbox's setup has come to something.
        case setup(SandboxEvent)
        /// The lab, which lacked resources, is to be asked again.
        case retry(Start)
    }

    /// A start that is tried again while the lab lacks resources.
    package struct Start: Sendable {
        let blueprint: Blueprint
        let request: StartSandboxRequest
        let limit: Duration
        var judge: @Sendable (any Error) -> Waiter.Verdict
        var backoff = Backoff(first: .seconds(10), longest: .seconds(60))
        /// When another worker's sandbox was last looked for.
        var lookedAt: Date
        /// What is known of the action's own earlier attempts, once the lab has refused it.
        var earlier = EarlierAttempts()
    }

    /// Starts, waits, stores.
    package func run(
        _ configuration: Configuration,
        after event: Event?,
        context: JobContext<Checkpoint>
    ) async throws -> JobStep<Event> {
        var checkpoint = context.checkpoint ?? Checkpoint()
        lab.hide(configuration.inputs, ofPasswordType: checkpoint.passwordInputs ?? [], context)
        do {
            if checkpoint.sandboxID == nil, let wait = try await start(configuration, event, context, &checkpoint) {
                return .wait(wait)
            }
            try await learnBlueprint(configuration, context, &checkpoint)
            if let message = checkpoint.failure {
                throw JobFailure(checkpoint.failureType.map { .init(rawValue: $0) } ?? .jobFailed, message)
            }
            var setup: SandboxEvent?
            if case .setup(let event) = event { setup = event }
            return try await goOn(configuration, after: setup, context, &checkpoint)
        } catch let error where error is CancellationError || error is Requeue {
            throw error
        } catch {
            throw try await failed(error, configuration, context, &checkpoint)
        }
    }

    /// Ends the sandbox that the job has started, if there is one.
    package func abandon(_ context: JobContext<Checkpoint>) async throws {
        guard let checkpoint = context.checkpoint else { return }
        let tag = SandboxTag(actionExecutionID: context.job.actionExecutionID)
        var sandboxID = checkpoint.sandboxID
        if sandboxID == nil, checkpoint.isStartUncertain {
            sandboxID = try await lab.sandbox(with: tag, context.waiter(limit: LabAccess.longestUndo))
        }
        guard let sandboxID else { return }
        try await lab.urgent.stop(sandboxID, context, limit: LabAccess.longestUndo)
        try await lab.endTwins(of: sandboxID, since: context.job.claimedAt, bearing: tag, context)
        context.logger.notice("The sandbox of an abandoned job is being ended", metadata: ["sandbox": "\(sandboxID)"])
    }

    /// What the job fails with, after the sandbox, if there is one, has been ended or kept as the pipeline wants.
    private func failed(
        _ error: any Error,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> JobFailure {
        var failure =
            error as? JobFailure ?? JobFailure(.jobFailed, "The worker failed unexpectedly: \(error)")
        // The checkpoint holds the message, too.
        failure.message = lab.redact(context.redact(failure.message))
        guard let sandboxID = checkpoint.sandboxID else {
            if checkpoint.isStartUncertain {
                let tag = SandboxTag(actionExecutionID: context.job.actionExecutionID)
                failure.message +=
                    " A sandbox whose name ends with '\(tag)' may have been started; if so, end it by hand."
            }
            return failure
        }
        failure.externalExecutionID = sandboxID
        // Nothing of it is for the job with which the action goes on.
        if failure.isOfClosedJob { return failure }
        if failure.isPassing {
            // Nothing is wrong with the sandbox, so it is left to its reservation.
            failure.message += " The sandbox isn't ended for that: \(fate(configuration))."
            return failure
        }
        // What is known now can't be found out again once the sandbox is being ended.
        checkpoint.failure = failure.message.cut(to: 1_000)
        checkpoint.failureType = failure.type.rawValue
        try? await context.save(checkpoint)
        failure.message += try await applyPolicy(configuration, sandboxID, context)
        return failure
    }

    /// Whether there is a sandbox with the action's tag that isn't known of.
    package func isBegun(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> Bool? {
        if let checkpoint = context.checkpoint, checkpoint.sandboxID != nil || checkpoint.isStartUncertain {
            return false
        }
        let tag = SandboxTag(actionExecutionID: context.job.actionExecutionID)
        return try await lab.sandbox(with: tag, enough: 1, context.waiter(limit: .zero)) != nil
    }

    /// The sandbox.
    package func externalExecutionID(of checkpoint: Checkpoint) -> String? { checkpoint.sandboxID }

    // MARK: Start

    /// Starts the sandbox; its id is in the checkpoint then.
    ///
    /// - Returns: What is waited for first, where the lab lacks resources.
    private func start(
        _ configuration: Configuration,
        _ event: Event?,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> JobWait<Event>? {
        if case .retry(let start) = event { return try await attempt(start, configuration, context, &checkpoint) }
        let tag = SandboxTag(actionExecutionID: context.job.actionExecutionID)
        let limit = Self.setupTimeout(configuration, checkpoint)
        var hasLooked = true
        if checkpoint.isStartUncertain {
            if try await adoptStarted(tag, within: limit, context, &checkpoint) { return nil }
        } else if checkpoint.looks != nil || context.checkpoint == nil && context.mayHaveBegunElsewhere {
            if try await adoptOther(tag, within: limit, context, &checkpoint) { return nil }
        } else {
            hasLooked = false
        }
        await context.report(JobProgress("Starting a sandbox from '\(configuration.blueprint)'"))
        let blueprint = try await resolve(configuration, context)
        Self.note(blueprint, configuration, &checkpoint)
        let setupTimeout = Self.setupTimeout(configuration, checkpoint)
        checkpoint.passwordInputs = passwordInputs(of: blueprint)
        let inputs = hideInputs(configuration, blueprint, context)
        let oldClaim = context.oldClaim
        let start = Start(
            blueprint: blueprint,
            request: StartSandboxRequest(
                name: tag.name(for: configuration.sandboxName ?? "\(configuration.blueprint) - CodePipeline"),
                duration: configuration.duration,
                params: inputs,
                permittedUsers: configuration.options.permittedUsers
            ),
            limit: setupTimeout,
            judge: lab.patience(of: context.waiter(limit: setupTimeout)),
            lookedAt: oldClaim ?? context.clock.now
        )
        if !hasLooked, oldClaim != nil {
            // So long may another worker have had the job that it has started one, which a lab may list late.
            if await context.isOver() {
                throw JobFailure.closed(before: "its sandbox was started")
            }
            if try await adoptOther(tag, within: setupTimeout, context, &checkpoint) { return nil }
        }
        return try await attempt(start, configuration, context, &checkpoint)
    }

    /// Starts the sandbox, again and again while the lab is in passing trouble.
    ///
    /// - Returns: What is waited for before the next attempt, where the lab lacks resources.
    private func attempt(
        _ start: Start,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> JobWait<Event>? {
        var start = start
        let tag = SandboxTag(actionExecutionID: context.job.actionExecutionID)
        let waiter = context.waiter(limit: start.limit)
        while true {
            let wasUncertain = checkpoint.isStartUncertain
            checkpoint.isStartUncertain = true
            try await context.save(checkpoint)
            // The action may have gone on elsewhere by now, if the job's acknowledgement was in doubt there. It is looked for
            // after the note, for which a full disk may have waited long, and once more where the look itself took long.
            for _ in 1...3 where context.clock.now.timeIntervalSince(start.lookedAt) > Self.longestDelay {
                start.lookedAt = context.clock.now
                checkpoint.isStartUncertain = wasUncertain
                if await context.isOver() {
                    throw JobFailure.closed(before: "its sandbox was started")
                }
                if let other = try await lab.sandbox(with: tag, enough: 1, inPast: false, waiter) {
                    try await adoptOther(other, context, &checkpoint)
                    return nil
                }
                checkpoint.isStartUncertain = true
            }
            do {
                let (client, request) = (lab.client, start.request)
                let identifier = start.blueprint.id.isEmpty ? start.blueprint.name : start.blueprint.id
                let sandbox = try await context.uninterrupted {
                    try await client.startSandbox(blueprint: identifier, request)
                }
                lab.outage.succeeded(at: context.clock.now, context.logger)
                lab.metrics?.sandboxStarted()
                context.logger.info(
                    "Sandbox started",
                    metadata: ["sandbox": "\(sandbox.id)", "name": "\(request.name)"]
                )
                try await adopt(sandbox.id, context, &checkpoint)
                return nil
            } catch let error as SandboxAPIError {
                // Once a start may have gone through, a later refusal proves nothing: the resources that are taken may
                // be taken by that very sandbox.
                if error.mayHaveBeenProcessed || wasUncertain {
                    context.logger.warning(
                        "It is unknown whether a sandbox was started",
                        metadata: ["error": "\(error)"]
                    )
                    if try await adoptStarted(tag, within: start.limit, context, &checkpoint) { return nil }
                } else {
                    // A box on the way may have sent it twice, and tell of the second alone.
                    if error.mayBeMetLater, let sandboxID = await lab.runningSandbox(with: tag) {
                        context.logger.warning(
                            "The lab refuses a start that it has made: something on the way may repeat requests",
                            metadata: ["sandbox": "\(sandboxID)", "error": "\(error)"]
                        )
                        lab.metrics?.sandboxStarted()
                        try await adopt(sandboxID, context, &checkpoint)
                        return nil
                    }
                    checkpoint.isStartUncertain = false
                }
                // A lab that says what it lacks is well, so a later trouble is a new one.
                if error.mayBeMetLater, !error.isTransient { start.judge = lab.patience(of: waiter) }
                let pause = start.backoff.pause()
                if try await waitsForTeardown(after: error, &start, configuration, context, &checkpoint) {
                    let reason = "the teardown of the earlier attempt's sandbox"
                    return .pause(pause, for: reason, until: checkpoint.teardownDeadline, then: .retry(start))
                }
                try await admitRetry(error, start, configuration, context, &checkpoint)
                // Resources may stay taken for hours. Other trouble is waited out here: its patience is no checkpoint's.
                if error.mayBeMetLater, let deadline = checkpoint.resourcesDeadline, deadline > context.clock.now {
                    return .pause(pause, for: "resources of the lab", until: deadline, then: .retry(start))
                }
                try await context.clock.sleep(for: pause)
            }
        }
    }

    /// Looks for the sandbox of a start whose fate is unknown.
    private func adoptStarted(
        _ tag: SandboxTag,
        within limit: Duration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> Bool {
        await context.report(JobProgress("Looking for a sandbox that may have been started"))
        let found = try await look(for: tag, LookupAttempts.enough, within: limit, context, &checkpoint)
        guard let sandboxID = found else { return false }
        context.logger.notice("Sandbox found whose start's reply was lost", metadata: ["sandbox": "\(sandboxID)"])
        lab.metrics?.sandboxStarted()
        try await adopt(sandboxID, context, &checkpoint)
        return true
    }

    /// Looks for the sandbox of another worker that may have begun the action a while ago, with patience for a lab that lists
    /// late.
    private func adoptOther(
        _ tag: SandboxTag,
        within limit: Duration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> Bool {
        let found = try await look(for: tag, LookupAttempts.enoughForOthers, within: limit, context, &checkpoint)
        guard let found else { return false }
        try await adoptOther(found, context, &checkpoint)
        return true
    }

    private func adoptOther(
        _ sandboxID: String,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        context.logger.notice("Sandbox found that another worker has started", metadata: ["sandbox": "\(sandboxID)"])
        try await adopt(sandboxID, context, &checkpoint)
    }

    /// Looks for the sandbox that bears the tag; the looks in vain of workers that die soon add up.
    private func look(
        for tag: SandboxTag,
        _ enough: Int,
        within limit: Duration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws -> String? {
        var noted = checkpoint
        let waiter = context.waiter(limit: limit)
        let found = try await lab.sandbox(with: tag, after: checkpoint.looks, enough: enough, waiter) { looks in
            noted.looks = looks
            try await context.save(noted)
        }
        checkpoint.looks = nil
        return found
    }

    private func adopt(
        _ sandboxID: String,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        checkpoint.sandboxID = sandboxID
        checkpoint.isStartUncertain = false
        try await context.save(checkpoint)
    }

    private func resolve(_ configuration: Configuration, _ context: JobContext<Checkpoint>) async throws -> Blueprint {
        let name = configuration.blueprint
        let what = "The blueprint '\(name)' can't be read"
        do {
            let limit = Self.setupTimeout(configuration, Checkpoint())
            // What the lab tells others of a crowd now is as true for this job.
            let begin = context.clock.now
            return try await lab.read(what, context.waiter(limit: limit)) { [reads = lab.blueprints] client in
                do {
                    return try await reads.read(name, since: begin, context.clock) {
                        try await client.blueprint(name)
                    }.value
                } catch let error as SandboxAPIError where error.code == .notFound {
                    throw UnknownBlueprint()
                }
            }
        } catch is UnknownBlueprint {
            let names = try await LabAccess.ifTold { try await lab.client.blueprints().map(\.name).sorted() }
            let list =
                switch names {
                case nil: "The lab doesn't list its public blueprints"
                case []: "There is no public blueprint at all"
                case .some(let names): "There are: " + names.joined(separator: ", ").cut(to: 1_500)
                }
            throw JobFailure(
                .configurationError,
                """
                The property 'BlueprintName' is '\(name)', but the lab has no public blueprint of that name or id in the \
                worker's domain. \(list). A blueprint is visible here only when it is public.
                """
            )
        }
    }

    private struct UnknownBlueprint: Error {}

    /// Hides the inputs that are secret by their names or by the blueprint's types, and its defaults of such.
    @discardableResult
    func hideInputs(
        _ configuration: Configuration,
        _ blueprint: Blueprint,
        _ context: JobContext<Checkpoint>
    ) -> [Input] {
        let passwords = passwordInputs(of: blueprint)
        let defaults = blueprint.inputs.map { Input(name: $0.name, value: $0.defaultValue ?? "") }
        lab.hide(defaults, ofPasswordType: passwords, context)
        return lab.hide(configuration.inputs, ofPasswordType: passwords, context)
    }

    private func passwordInputs(of blueprint: Blueprint) -> [String] {
        lab.passwords(blueprint.inputs.map { ($0.name, $0.type) })
    }

    /// Learns what a start notes of its blueprint, for a sandbox that was found rather than started.
    private func learnBlueprint(
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        let wantsEstimate =
            checkpoint.setupDeadline == nil && checkpoint.setupMinutes == nil && configuration.setupTimeout == nil
        guard checkpoint.passwordInputs == nil || wantsEstimate else { return }
        guard let blueprint = try await blueprint(configuration) else {
            // As it may be gone, any of the inputs may be a password.
            if checkpoint.passwordInputs == nil { lab.hide(configuration.inputs, ofPasswordType: nil, context) }
            return
        }
        hideInputs(configuration, blueprint, context)
        checkpoint.passwordInputs = passwordInputs(of: blueprint)
        if wantsEstimate { Self.note(blueprint, configuration, &checkpoint) }
        try await context.save(checkpoint)
    }

    /// The blueprint, if the lab tells it.
    ///
    /// - Throws: `CancellationError` alone.
    func blueprint(_ configuration: Configuration) async throws -> Blueprint? {
        try await LabAccess.ifTold { try await lab.client.blueprint(configuration.blueprint) }
    }

    /// Returns if the start is to be tried again; throws what the job fails with, if not.
    private func admitRetry(
        _ error: SandboxAPIError,
        _ start: Start,
        _ configuration: Configuration,
        _ context: JobContext<Checkpoint>,
        _ checkpoint: inout Checkpoint
    ) async throws {
        let now = context.clock.now
        var deadline = Date.distantPast
        if case .passing(let patienceEnd, _) = start.judge(error) { deadline = patienceEnd }
        // It may be waited for resources for hours.
        let isKnown = error.mayBeMetLater && checkpoint.resourcesDeadline != nil
        if error.mayBeMetLater {
            let resourcesDeadline =
                checkpoint.resourcesDeadline ?? now.addingTimeInterval(configuration.waitForResources.timeInterval)
            checkpoint.resourcesDeadline = resourcesDeadline
            deadline = max(deadline, resourcesDeadline)
        }
        guard now < deadline else { throw startFailure(error, configuration, start) }
        try await context.save(checkpoint)
        await context.report(JobProgress("Waiting to start '\(configuration.blueprint)': \(error.message)"))
        guard error.mayBeMetLater else { return lab.outage.failed(error, at: now, context.logger) }
        context.logger.log(
            level: isKnown ? .debug : .notice,
            "The lab can't start the sandbox yet",
            metadata: ["error": "\(error)"]
        )
    }

    private func startFailure(
        _ error: SandboxAPIError,
        _ configuration: Configuration,
        _ start: Start
    ) -> JobFailure {
        let blueprint = start.blueprint
        var failure = lab.failure("No sandbox can be started from the blueprint '\(configuration.blueprint)'", error)
        failure.message += Self.words(on: start.earlier)
        switch error.code {
        case _ where configuration.waitForResources > .zero && error.mayBeMetLater:
            if !error.isTransient { failure.type = .jobFailed }
            failure.message += " That is its answer after \(configuration.waitForResources.inMinutes) of waiting."
        case .conflict:
            failure.message += " To wait for it, set \(lab.advice(.waitForResources))."
        case .badRequest where error.mayBeMetLater, .forbidden where error.mayBeMetLater:
            failure.message +=
                " If it lacks something for now, such as licences or a user's number of sandboxes, waiting may help: set "
                + "\(lab.advice(.waitForResources))."
        case .invalidInputs where !blueprint.inputs.isEmpty:
            let given = Set(configuration.inputs.map(\.name))
            let missing = blueprint.inputs.filter { ($0.defaultValue ?? "").isEmpty && !given.contains($0.name) }
            let names = blueprint.inputs.map { "'\($0.name)'" }.joined(separator: ", ")
            failure.message += " 'InputsJSON' may set: \(names)."
            if !missing.isEmpty {
                let names = missing.map { "'\($0.name)'" }.joined(separator: ", ")
                failure.message += " Without a default and not given: \(names)."
            }
        default: break
        }
        if !configuration.options.permittedUsers.isEmpty, [.badRequest, .forbidden, .notFound].contains(error.code) {
            failure.message +=
                " If it is about the users: each of 'PermittedUsers' needs access to the worker's domain."
        }
        return failure
    }
}
