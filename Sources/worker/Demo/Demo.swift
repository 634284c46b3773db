import AWSLite
import ArgumentParser
import Foundation
import HTTPTransport
import LocalCloud
import Logging
import QualiCore
import UnixSignals
import WorkerSettings

/// The main job, from registration to the sandbox's end, against the stand-ins: with the settings, the clients and the
/// worker of `run`, over real HTTP.
struct Demo: Sendable {
    private let cloud: LocalCloud
    private let story: DemoStory
    private let settings: WorkerSettings
    private let logger: Logger
    /// Somebody's own pipeline; `nil` for the demo's.
    private let own: Own?

    /// A pipeline of somebody's own, and what is to happen to it.
    struct Own: Sendable {
        let definition: DemoDefinition
        let played: PlayedActions
        /// When the execution is stopped, if it is.
        let stop: Duration?
    }

    /// Prepares a demo.
    ///
    /// - Parameters:
    ///   - cloud: The stand-ins, running.
    ///   - story: Tells what happens.
    ///   - log: What to show of the worker's log.
    ///   - own: Somebody's own pipeline; `nil` for the demo's.
    /// - Throws: ``SettingsError`` when the stand-ins' settings aren't what a worker takes.
    init(_ cloud: LocalCloud, story: DemoStory, log: [String: String], own: Own? = nil) async throws {
        self.cloud = cloud
        self.own = own
        self.story = story
        settings = try await WorkerSettings.read(SettingSources(flags: log, environment: Self.environment(cloud)))
        let mask = SecretRedactor(settings.secrets)
        logger = settings.log.logger { mask($0) }
    }

    /// The environment of a worker at the stand-ins, in which nothing of the user's own AWS set-up counts.
    private static func environment(_ cloud: LocalCloud) -> [String: String] {
        let own = [
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.3", "LOG_LEVEL": "error",
            // Nobody waits for an hour to see it.
            "QUALI_PIPELINE_POLL_SECONDS": "1", "QUALI_END_GRACE_MINUTES": "0.1",
        ]
        return cloud.environment.merging(own) { $1 }
    }

    /// Registers the action types, runs the pipeline and tells of it.
    ///
    /// - Parameters:
    ///   - stays: Whether to go on until a signal, and to tell how to use the stand-ins.
    ///   - hasWorker: Whether a worker takes the jobs; without, they are left to one of the user's.
    /// - Throws: ``ProgramFailure`` when an action fails.
    func run(stays: Bool, hasWorker: Bool = true) async throws {
        let signals = await WorkerProcess.trapSignals()
        if stays { tellEnvironment() }
        story.heading("Register the action types, as 'quali-worker actions install' does")
        try await register()
        let pipeline = own?.definition.pipeline ?? DemoPipeline(names: settings.actions.names)
        do {
            try own?.played.register(in: cloud)
            try pipeline.create(in: cloud)
        } catch let error as LocalServiceError {
            throw ProgramFailure(.usage, "CodePipeline's stand-in doesn't take the pipeline: \(error)")
        }
        guard hasWorker else {
            return await standBy(pipeline, until: signals, try cloud.codePipeline.start(pipeline.name))
        }
        let mask = SecretRedactor(settings.secrets)
        let worker = try WorkerProcess(settings, journal: InMemoryJobJournal(), logger: logger) { mask($0) }
        let executionID = try cloud.codePipeline.start(pipeline.name)
        let succeeded = Locked<Bool?>(nil)
        let left = Locked(0)
        await withDiscardingTaskGroup { tasks in
            if let own {
                tasks.addTask { try? await own.played.run(settings, logger) }
                tasks.addTask { try? await stop(executionID, after: own.stop) }
            }
            tasks.addTask {
                let result = try? await follow(executionID, pipeline, with: "the worker of 'quali-worker run'")
                succeeded.withLock { $0 = result }
                if own != nil, result != nil {
                    let count = try? await tellLeft()
                    left.withLock { $0 = count ?? 0 }
                }
                guard result != nil, stays else { return await worker.stop() }
                story.heading("They stay until Ctrl-C. More to do, with the environment above:")
                invite(pipeline, "a second worker")
                story.line()
                story.line(
                    "A sandbox whose pipeline fails or is stopped is ended six seconds later here, and after an hour with "
                        + "'run'."
                )
                try? await followOthers(pipeline, after: cloud.codePipeline.executions(of: pipeline.name).count)
            }
            await serve(worker, until: signals)
            // A signal may have ended the worker before the story's end.
            tasks.cancelAll()
        }
        switch succeeded.withLock({ $0 }) {
        case .some where own != nil: if left.withLock({ $0 }) > 0 { throw ExitCode(1) }
        case true?: break
        case false?: throw ProgramFailure(.software, "an action of the demo failed")
        case nil: throw ProgramFailure(.software, "the demo was interrupted")
        }
    }

    /// Tells of what a worker of the user's does with the jobs, until a signal.
    private func standBy(
        _ pipeline: DemoPipeline,
        until signals: UnixSignalsSequence,
        _ executionID: String
    ) async {
        story.heading("No worker runs. Start yours with the environment above; Ctrl-C ends all this.")
        invite(pipeline, "your worker")
        await withDiscardingTaskGroup { tasks in
            tasks.addTask {
                _ = try? await follow(executionID, pipeline, with: "a worker of yours")
                try? await followOthers(pipeline, after: 1)
            }
            for await _ in signals { break }
            tasks.cancelAll()
        }
    }

    private func serve(_ worker: WorkerProcess, until signals: UnixSignalsSequence) async {
        do {
            try await worker.run(until: signals)
        } catch {
            story.line("The worker failed: \(error)")
        }
    }

    private func register() async throws {
        do {
            let client = CodePipeline(
                settings.aws.client(try settings.aws.httpClient(), endpoint: settings.aws.codePipelineEndpoint)
            )
            _ = try await InstallActions.install(
                settings.actions.names.definitions(portal: settings.portal),
                with: ActionRegistrar(client)
            ) { story.line("   " + $0) }
        } catch {
            throw ProgramFailure(.unavailable, "the action types can't be registered: \(error)")
        }
    }

    // MARK: A pipeline of somebody's own

    private func stop(_ executionID: String, after time: Duration?) async throws {
        guard let time else { return }
        try await Task.sleep(for: time)
        story.line("\nThe execution is stopped.", .bad)
        try cloud.codePipeline.stop(executionID)
    }

    /// Tells which sandboxes stay, once the worker has had the time to end those that it ends.
    ///
    /// - Returns: How many.
    private func tellLeft() async throws -> Int {
        story.heading("What is left behind")
        // The grace is six seconds here, and the worker looks once a second.
        for _ in 1...30 where !cloud.lab.sandboxesNotStopped.isEmpty { try await Task.sleep(for: .milliseconds(500)) }
        let left = cloud.lab.sandboxesNotStopped
        guard !left.isEmpty else {
            story.line(
                "Nothing: \(cloud.lab.sandboxes.count) of \(cloud.lab.sandboxes.count) sandboxes were ended.",
                .good
            )
            return 0
        }
        for sandbox in left {
            let end = sandbox.endTime.map {
                "until its reservation is over, \(Int($0.timeIntervalSinceNow / 60)) minutes from now"
            }
            story.line("Sandbox '\(sandbox.name)' stays \(end ?? "for ever").", .bad)
        }
        return left.count
    }

    // MARK: Following an execution

    /// Tells of each action as it begins and ends.
    ///
    /// - Returns: Whether all went well.
    private func follow(
        _ executionID: String,
        _ pipeline: DemoPipeline,
        with worker: String = "whatever worker takes it"
    ) async throws -> Bool {
        let start = ContinuousClock.now
        let first = cloud.journal.count
        story.heading("Run the pipeline '\(pipeline.name)' with \(worker)")
        var before = first
        for (index, step) in pipeline.steps.enumerated() {
            let begun = try await cloud.codePipeline.wait(for: executionID) { execution -> Bool? in
                execution.action(step.action.name) != nil ? true : execution.hasEnded ? false : nil
            }
            guard begun else { break }
            story.step(index + 1, step.action.name, step.action.type.provider)
            if !step.configurationInWords.isEmpty { story.detail("asked", step.configurationInWords) }
            let action = try await cloud.codePipeline.end(ofAction: step.action.name, in: executionID)
            tell(action, step, since: before)
            before = cloud.journal.count
        }
        let execution = try await cloud.codePipeline.end(of: executionID)
        let entries = cloud.journal.entries.filter { $0.number > first }
        let services = Dictionary(grouping: entries, by: \.service).sorted { $0.key < $1.key }
        let counts = services.map { "\($0.value.count) to \($0.key)" }.joined(separator: ", ")
        let duration = (ContinuousClock.now - start).formatted(
            .units(allowed: [.seconds], width: .wide, fractionalPart: .show(length: 1))
        )
        story.line()
        story.line(
            "\(execution.status) in \(duration), with \(entries.count) requests:\n\(counts).",
            execution.status == "Succeeded" ? .good : .bad
        )
        return execution.status == "Succeeded"
    }

    private func tell(_ action: ActionReport, _ step: DemoPipeline.Step, since number: Int) {
        let isGood = action.status == "Succeeded"
        let link = action.externalExecutionURL
        story.detail("did", calls(since: number))
        story.verdict(
            isGood: isGood,
            .seconds(action.updated.timeIntervalSince(action.started)),
            isGood ? headline(action.summary ?? "", link) : action.errorMessage ?? action.status
        )
        for name in step.action.outputs {
            guard let data = cloud.artifact(name, of: action) else { continue }
            story.detail("stored", DemoArtifact.description(of: data, named: name))
        }
        let variables = action.outputVariables.sorted { $0.key < $1.key }.map { name, value in
            let lines = value.split(separator: "\n", omittingEmptySubsequences: false)
            let shown = lines.prefix(6).joined(separator: "\n") + (lines.count > 6 ? "\n…" : "")
            return "\(name) = \(value == link ? "the link" : shown)"
        }
        if !variables.isEmpty { story.detail("set", variables.joined(separator: "\n")) }
        if let link { story.detail("link", link) }
    }

    /// The first line of a result, without what is told elsewhere.
    private func headline(_ text: String, _ link: String?) -> String {
        var line = text.split(separator: "\n").first.map(String.init) ?? ""
        if let link { line = line.replacing(": \(link)", with: ".") }
        return line.replacing(" Its output:", with: "")
    }

    /// The requests of a step in their order, but for the polls, which go on all the time.
    private func calls(since number: Int) -> String {
        var calls: [(name: String, count: Int)] = []
        for entry in cloud.journal.entries where entry.number > number && entry.operation != "PollForJobs" {
            if calls.last?.name == entry.operation {
                calls[calls.count - 1].count += 1
            } else {
                calls.append((entry.operation, 1))
            }
        }
        return calls.map { $0.count == 1 ? $0.name : "\($0.name) ×\($0.count)" }.joined(separator: ", ")
    }

    // MARK: Staying

    private func tellEnvironment() {
        story.heading("For other tools, and for a worker of yours:")
        story.line()
        for (name, value) in cloud.environment.sorted(by: { $0.key < $1.key }) {
            story.line("export \(name)='\(value.replacing("'", with: "'\\''"))'")
        }
        let proxies = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        if proxies.contains(where: { ProcessInfo.processInfo.environment[$0] != nil }) {
            story.line("export NO_PROXY='127.0.0.1'")
        }
    }

    private func invite(_ pipeline: DemoPipeline, _ worker: String) {
        story.line()
        story.line("aws codepipeline start-pipeline-execution --name \(pipeline.name)   # again")
        story.line("aws codepipeline list-action-executions --pipeline-name \(pipeline.name)")
        story.line("quali-worker run                                        # \(worker)")
    }

    /// Tells of the executions that somebody else starts, until it is cancelled; the first `told` are left out.
    private func followOthers(_ pipeline: DemoPipeline, after told: Int) async throws {
        var told = told
        while true {
            // The journal before the executions, so that none is missed in between.
            let requests = cloud.journal.count
            let executions = cloud.codePipeline.executions(of: pipeline.name)
            if told < executions.count {
                _ = try await follow(executions[told].id, pipeline)
                told += 1
            } else {
                _ = try await cloud.journal.first(after: requests) {
                    $0.operation == "StartPipelineExecution"
                }
            }
        }
    }
}
