import Foundation
import LocalCloud

/// One run: pipelines that begin and end, workers that are killed and started again, a network that loses things.
struct Soak: Sendable {
    /// How long a pipeline has to be over before its sandbox is ended, in minutes.
    private static let grace = 0.2
    /// The name of the command that fails.
    private static let failing = "break"
    /// How long all pipelines have to end once nothing is killed any more.
    private static let patience: Duration = .seconds(660)

    private let cloud: LocalCloud
    private let options: SoakOptions
    private let repeats = Repeats()

    init(_ cloud: LocalCloud, _ options: SoakOptions) {
        self.cloud = cloud
        self.options = options
    }

    /// The services: quick, so that much happens in an hour.
    static var services: LocalCloud.Options {
        var services = LocalCloud.Options()
        services.blueprints = [
            LabBlueprint(
                name: "Lab",
                components: [
                    LabComponent(
                        name: "server",
                        kind: .resource,
                        model: "Server",
                        address: "10.0.0.2",
                        commands: [
                            LabCommand(name: "work", params: [.init("Step")], duration: .milliseconds(300)),
                            LabCommand(
                                name: failing,
                                params: [.init("Step")],
                                duration: .milliseconds(300),
                                outcome: .failed("broken as wanted")
                            ),
                        ]
                    )
                ],
                setup: .succeeds(after: .milliseconds(800)),
                teardown: .succeeds(after: .milliseconds(200))
            )
        ]
        return services
    }

    func run() async throws -> Verdict {
        print("soak: \(options.workers) workers, journals in \(options.folder)")
        let hosts = try (1...options.workers).map { number in
            let settings = [
                "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.3", "LOG_FORMAT": "json",
                "QUALI_PIPELINE_POLL_SECONDS": "1", "QUALI_END_GRACE_MINUTES": "\(Self.grace)",
                // Half of them let their jobs wait in the queue.
                "QUALI_HANDOFF": number.isMultiple(of: 2) ? "always" : "on-stop",
            ]
            return try WorkerHost(
                "worker-\(number)",
                environment: cloud.environment.merging(settings) { $1 },
                folder: options.folder,
                clock: options.clock
            )
        }
        let copier = try WorkerHost("copier", environment: cloud.environment, folder: options.folder)
        try registerActions()
        denyExecutions()
        for host in hosts { try await host.start() }

        var verdict = Verdict()
        var running: Set<String> = []
        var started: [String] = []
        var areLoginsRefused = false
        let begin = ContinuousClock.now
        let end = begin + .seconds(options.minutes * 60)
        var nextWord = begin + .seconds(60)
        while ContinuousClock.now < end, verdict.kills < options.kills {
            for id in running where cloud.codePipeline.execution(id)?.hasEnded != false {
                running.remove(id)
                judge(id, &verdict)
            }
            while running.count < options.pipelines {
                let isFailing = Int.random(in: 0..<4) == 0
                let id = try beginPipeline(verdict.pipelines + running.count, isFailing: isFailing)
                running.insert(id)
                started.append(id)
                if isFailing { verdict.unfinished += 1 }
            }
            if Int.random(in: 0..<12) == 0, let id = running.randomElement(),
                (try? cloud.codePipeline.stop(id, abandon: .random())) != nil
            {
                verdict.unfinished += 1
            }
            if Int.random(in: 0..<4) == 0 {
                injectFault()
                verdict.faults += 1
            }
            if Int.random(in: 0..<20) == 0 { injectRepeat() }
            if Int.random(in: 0..<40) == 0 {
                areLoginsRefused.toggle()
                refuseLogins(areLoginsRefused)
                if areLoginsRefused { verdict.refusals += 1 }
            }
            // Most die while they are getting up; now and then they live for long enough to get on, on a busy machine too.
            let longest = Int.random(in: 0..<8) == 0 ? 6_000 : 700
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...longest)))
            guard let host = hosts.randomElement() else { break }
            if options.clock != nil, Int.random(in: 0..<4) == 0 {
                try host.stepClock()
                verdict.steps += 1
            }
            let isKill = Int.random(in: 0..<20) > 0
            if let end = await host.end(isKill ? SIGKILL : SIGTERM) { verdict.badEnds.append(end) }
            if isKill { verdict.kills += 1 } else { verdict.stops += 1 }
            if Int.random(in: 0..<8) == 0 {
                try await copier.runCopy(of: host)
                verdict.copies += 1
            }
            try await host.start()
            if ContinuousClock.now > nextWord {
                nextWord += .seconds(60)
                print("soak: \(verdict.kills) kills, \(verdict.pipelines) pipelines, \(verdict.doubled) doubled")
                fflush(nil)
            }
        }
        cloud.faults.removeAll()
        denyExecutions()
        try await copier.stopCopy()
        if areLoginsRefused {
            refuseLogins(false)
            // Who was refused tries again after ten minutes, or at once when it is started anew.
            for host in hosts {
                if let end = await host.end(SIGTERM) { verdict.badEnds.append(end) }
                try await host.start()
            }
        }
        await wait(for: running)
        if !options.deniesExecutions { await waitForEnds(of: started.count) }
        for host in hosts { if let end = await host.end(SIGTERM) { verdict.badEnds.append(end) } }
        for id in running { judge(id, &verdict) }
        let left = options.deniesExecutions ? [] : cloud.lab.sandboxesNotStopped
        let names = Dictionary(grouping: cloud.lab.sandboxes, by: \.name)
        verdict.leftTwins = left.count { names[$0.name, default: []].count > 1 }
        verdict.leftOver = left.count - verdict.leftTwins
        for sandbox in left where names[sandbox.name, default: []].count == 1 {
            let execution = started.lazy.compactMap { cloud.codePipeline.execution($0) }
                .first { sandbox.name.hasPrefix($0.pipeline + " ") }
            let start = execution?.action("Start")
            verdict.leftovers.append(
                "\(sandbox.name), \(sandbox.id), of \(execution?.status ?? "no execution"): Start is \(start?.status ?? "absent"), "
                    + "links to \(start?.externalExecutionID ?? "nothing") and says: \(start?.errorMessage ?? start?.summary ?? "")"
            )
        }
        verdict.requests = cloud.journal.count
        verdict.seconds = (ContinuousClock.now - begin) / .seconds(1)
        return verdict
    }

    // MARK: What happens

    private static let faults: [Fault] = [
        .loseReply, .resetBeforeProcessing, .hangAfterProcessing, .truncateBody, .html(502), .html(200), .html(403),
        .page(200), .status(500), .delay(.milliseconds(400)),
    ]

    private static let operations = [
        "PollForJobs", "AcknowledgeJob", "GetJobDetails", "PutJobSuccessResult", "startSandbox", "sandboxes",
        "components", "startComponentCommand", "execution", "stopSandbox", "GetObject", "PutObject", "login",
        "ListPipelineExecutions", "ListActionExecutions", "ListPipelines",
    ]

    private func injectFault() {
        guard let fault = Self.faults.randomElement(),
            let operation = Self.operations.randomElement()
        else { return }
        cloud.faults.inject(fault, on: operation)
    }

    /// What a box in the way sends twice, by the sandbox's name or the command's step.
    private func injectRepeat() {
        let repeats = repeats
        cloud.faults.inject(.sendRepeatedly(passingFirst: .random()), on: "startSandbox") { repeats.add($0) }
        cloud.faults.inject(.sendRepeatedly(passingFirst: .random()), on: "startComponentCommand") { repeats.add($0) }
    }

    /// Gives the lab another password, or the right one again; either way it forgets its sessions.
    private func refuseLogins(_ isRefused: Bool) {
        let account = cloud.options.labAccount
        cloud.lab.add(isRefused ? LabAccount(username: account.username, password: "another") : account)
        cloud.lab.forgetTokens()
    }

    /// Takes away the right to ask how an action stands, if the run is to be without it.
    private func denyExecutions() {
        guard options.deniesExecutions else { return }
        let refusal = Fault.status(400, code: "AccessDeniedException", message: "not authorized")
        cloud.faults.inject(refusal, on: "ListActionExecutions", times: .max)
    }

    private func registerActions() throws {
        for (type, properties) in [
            (start, ["BlueprintName", "SandboxName", "DurationInMinutes"]), (work, Self.workNames), (end, []),
        ] {
            try cloud.codePipeline.register(type, required: properties)
        }
    }

    private static let workNames = ["ComponentName", "CommandName", "ArgumentsJSON"]
    private var start: VirtualPipeline.ActionType {
        .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1")
    }
    private var work: VirtualPipeline.ActionType {
        .init(category: "Test", provider: "Quali-Run-Command", version: "1")
    }
    private var end: VirtualPipeline.ActionType {
        .init(category: "Deploy", provider: "Quali-End-Sandbox", version: "1")
    }

    /// Begins a pipeline: a sandbox of its own name, two commands at once, the end.
    ///
    /// `isFailing` says whether its second command fails, so that the end isn't come to.
    private func beginPipeline(_ number: Int, isFailing: Bool) throws -> String {
        let name = "soak-\(UUID().uuidString.prefix(8))-\(number)"
        func run(_ step: Int) -> VirtualPipeline.Action {
            let arguments = #"{"Step": "\#(step)"}"#
            let command = isFailing && step == 2 ? Self.failing : "work"
            let properties = ["ComponentName": "server", "CommandName": command, "ArgumentsJSON": arguments]
            return .init("Run\(step)", work, properties, inputs: ["Sandbox"], runOrder: 2)
        }
        let properties = ["BlueprintName": "Lab", "SandboxName": name, "DurationInMinutes": "600"]
        try cloud.create(
            VirtualPipeline(
                name,
                stages: [
                    .init(
                        "Lab",
                        [
                            .init("Start", start, properties, outputs: ["Sandbox"], runOrder: 1), run(1), run(2),
                            .init("End", end, [:], inputs: ["Sandbox"], runOrder: 3),
                        ]
                    )
                ]
            )
        )
        return try cloud.codePipeline.start(name)
    }

    private func wait(for executions: Set<String>) async {
        await within(Self.patience) {
            for id in executions { _ = try? await cloud.codePipeline.end(of: id) }
        }
    }

    private func within(_ time: Duration, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { either in
            either.addTask { await body() }
            either.addTask { try? await Task.sleep(for: time) }
            await either.next()
            either.cancelAll()
        }
    }

    /// Waits until no sandbox is left.
    ///
    /// Each is of a pipeline of its own, so it costs a worker some calls of CodePipeline, of which it makes one a second. What
    /// a copied folder's worker has started is searched for in all pipelines.
    private func waitForEnds(of pipelines: Int) async {
        let left = cloud.lab.sandboxesNotStopped.count
        await within(.seconds(Self.grace * 60 + 60 + Double(left) * 8 + Double(pipelines) * 3)) {
            _ = try? await cloud.lab.first { $0.contains(where: \.isUnstopped) ? nil : true }
        }
    }

    // MARK: What came of it

    /// Looks at a pipeline that has ended, or should have.
    private func judge(_ id: String, _ verdict: inout Verdict) {
        guard let execution = cloud.codePipeline.execution(id) else { return }
        verdict.pipelines += 1
        for action in execution.actions {
            verdict.jobs += action.jobs.count
            if !action.hasEnded { verdict.lost += 1 }
            if action.status == "Failed", action.errorMessage?.contains("broken as wanted") != true {
                // Ids differ in each message.
                let words = (action.errorMessage ?? "nothing").split(separator: " ").map { word in
                    word.contains(where: \.isNumber) ? "…" : String(word)
                }
                verdict.failures[words.prefix(40).joined(separator: " "), default: 0] += 1
            }
        }
        let sandboxes = cloud.lab.sandboxes.filter { $0.name.hasPrefix(execution.pipeline + " ") }
        verdict.sandboxes += sandboxes.count
        count(sandboxes.count - 1, repeated: repeats.sandboxes(named: execution.pipeline + " "), &verdict)
        let ids = Set(sandboxes.map(\.id))
        let executions = cloud.lab.executions.filter { ids.contains($0.sandboxID) }
        verdict.executions += executions.count
        for step in ["1", "2"] {
            let repeated = ids.reduce(0) { $0 + repeats.commands(of: $1, with: step) }
            count(executions.count { $0.parameters["Step"] == step } - 1, repeated: repeated, &verdict)
        }
        // A twin is ended, or told of; all else is the End action's, or the keeper's.
        guard execution.status == "Succeeded", let start = execution.action("Start") else { return }
        for sandbox in cloud.lab.sandboxesNotStopped where ids.contains(sandbox.id) {
            if start.summary?.contains(sandbox.id) != true { verdict.untoldTwins += 1 }
        }
    }

    private func count(_ tooMany: Int, repeated: Int, _ verdict: inout Verdict) {
        let excused = min(max(0, tooMany), repeated)
        verdict.repeated += excused
        verdict.doubled += max(0, tooMany) - excused
    }
}
