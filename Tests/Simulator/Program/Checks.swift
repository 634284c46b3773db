import Foundation
import LocalCloud
import QualiCore

/// What has to be true after every step, and at the end.
final class Checks: @unchecked Sendable {
    private let cloud: LocalCloud
    private let scenario: Scenario
    /// The first thing that wasn't true.
    private(set) var violation: String?
    /// How many actions have taken another's execution for their own, where that can't be helped.
    private(set) var mixUps = 0
    private var seenSandboxes = 0
    private var seenExecutions = 0
    /// What must show up nowhere: the fixed secrets, and those that were handed out.
    private var secrets = [Secrets.component, Secrets.lab, Secrets.aws]
    /// The worker that holds a job, by the job's id.
    private var holders: [String: String] = [:]
    private var lostLives: Set<String> = []
    /// The pipelines' executions that have begun.
    var executions: [String] = []
    /// The starts of commands under way, by worker and command.
    private var starting: [String: Int] = [:]

    /// What has to be true of how long sandboxes live, where the world is about that.
    private(set) var lifetimes: LifetimeChecks?

    init(cloud: LocalCloud, scenario: Scenario) {
        self.cloud = cloud
        self.scenario = scenario
        if let plan = scenario.lifetimes {
            lifetimes = LifetimeChecks(cloud: cloud, scenario: scenario, plan: plan) { [weak self] in self?.fail($0) }
        }
    }

    func fail(_ text: String) { violation = violation ?? text }

    // MARK: Steps

    /// What begins something in the lab.
    static let starts: Set = ["startSandbox", "startCommand", "startComponentCommand"]

    /// How often a box has repeated a start, by the sandbox's name or the command's package.
    private var repeats: [String: Int] = [:]

    /// A box repeats a start.
    func repeating(_ request: LocalRequest) {
        guard let input = try? JSON(parsing: request.body) else { return }
        let package = input["params"]?.array?.compactMap { $0["value"]?.string }.first
        guard let key = input["name"]?.string ?? package else { return fail("A start names nothing") }
        repeats[key, default: 0] += 1
    }

    /// A worker sends a request.
    func sending(_ operation: String, _ request: LocalRequest, by life: Life) {
        if ["startCommand", "startComponentCommand"].contains(operation) {
            let key = "\(life.name) \(request.path)"
            starting[key, default: 0] += 1
            if starting[key] != 1 { fail("\(life.name) starts two executions of one command at once: \(request.path)") }
        }
        if operation == "sandbox", let lifetimes, let id = request.path.split(separator: "/").last {
            lifetimes.noteRead(of: String(id), by: life)
        }
        if operation.hasPrefix("PutJob") { written(String(decoding: request.body, as: UTF8.self), by: life) }
    }

    /// A worker's request is over for it.
    func sent(_ operation: String, _ request: LocalRequest, by life: Life) {
        if ["startCommand", "startComponentCommand"].contains(operation) {
            starting["\(life.name) \(request.path)"] = nil
        }
    }

    /// A service has acted on a request.
    func handled(_ operation: String, _ request: LocalRequest, _ reply: LocalReply, from life: Life) {
        let text = String(decoding: reply.body, as: UTF8.self)
        switch operation {
        case "AcknowledgeJob" where reply.status == 200:
            let input = try? JSON(parsing: request.body)
            if let id = input?["jobId"]?.string { holders[id] = life.name }
        case "PollForJobs", "GetJobDetails":
            for name in ["secretAccessKey", "sessionToken"] {
                for part in text.components(separatedBy: "\"\(name)\":\"").dropFirst() {
                    note(secret: String(part.prefix { $0 != "\"" }))
                }
            }
        case "login" where reply.status == 200: note(secret: text.trimmingCharacters(in: ["\""]))
        case "stopSandbox": checkEnd(of: request, by: life)
        case "extendSandbox" where reply.status == 200: checkExtension(of: request, by: life)
        case "startSandbox": checkSandboxes()
        case "startCommand", "startComponentCommand": checkExecutions()
        default: break
        }
    }

    /// A worker is told how its login went: a lab locks out who is refused often.
    func toldOfLogin(_ reply: LocalReply, _ life: Life) {
        guard reply.status == 401 else { return life.loginTaken() }
        let pause = life.loginRefused()
        if let pause, pause < .seconds(595) { fail("\(life.name) logs in \(pause) after it was refused") }
    }

    private func note(secret: String) {
        if secret.count > 8, !secrets.contains(secret) { secrets.append(secret) }
        // Old ones are looked for no more, for the sake of speed.
        if secrets.count > 40 { secrets.remove(at: 3) }
    }

    /// A worker has written something that lasts.
    func written(_ value: Any, by life: Life) {
        guard scenario.load == nil else { return }
        let text = value as? String ?? String(describing: value)
        for secret in secrets where text.contains(secret) {
            fail("\(life.name) writes down the secret '\(secret)': \(text)")
        }
    }

    /// A worker has written into its journal.
    func journal(_ journal: InMemoryJobJournal, of life: Life, limit: Int) async {
        guard scenario.load == nil else { return }
        let count = await journal.unfinished().count { !$0.isInDoubt }
        if count > limit { fail("\(life.name) holds \(count) jobs, and may hold \(limit)") }
    }

    /// No sandbox is ended that an action needs, or may need.
    private func checkEnd(of request: LocalRequest, by life: Life) {
        guard let sandbox = cloud.lab.sandboxes.first(where: { request.path.contains($0.id) }) else { return }
        if let lifetimes {
            // One of two is of no use to anybody.
            let hasTwin =
                repeats[sandbox.name] != nil
                && cloud.lab.sandboxesNotStopped.contains { $0.name == sandbox.name && $0.id != sandbox.id }
            return lifetimes.checkEnd(of: sandbox.id, hasTwin: hasTwin, by: life)
        }
        for report in executions.compactMap(cloud.codePipeline.execution) {
            let tags = report.actions.filter { $0.name == "Start" }
            guard let start = tags.first(where: { SandboxTag(actionExecutionID: $0.id).marks(sandbox.name) }) else {
                continue
            }
            if report.actions.contains(where: { $0.name == "End" }) { return }
            // It ends with its pipeline after an hour; a host that a box misleads knows the time to five minutes.
            if report.hasEnded, report.status != "Succeeded", let last = report.actions.map(\.updated).max(),
                Date().timeIntervalSince(last) >= 3_600 - (scenario.hosts.contains { $0.boxSkew != nil } ? 620 : 2)
            {
                return
            }
            // One of two is of no use to anybody.
            if repeats[sandbox.name] != nil,
                cloud.lab.sandboxesNotStopped.contains(where: { $0.name == sandbox.name && $0.id != sandbox.id })
            {
                return
            }
            // A start whose setup has failed, or takes too long by a clock that jumps, ends its own sandbox.
            let clocksAreRight = scenario.hosts.allSatisfy { $0.jumps.isEmpty && $0.skew == .zero }
            var isNeeded = start.status == "Succeeded"
            if case .succeeds = scenario.blueprint.setup, clocksAreRight, start.status == "InProgress" {
                isNeeded = true
            }
            if isNeeded {
                fail("\(life.name) ends the sandbox '\(sandbox.name)', whose action's status is \(start.status)")
            }
        }
    }

    private func checkExtension(of request: LocalRequest, by life: Life) {
        guard let sandbox = cloud.lab.sandboxes.first(where: { request.path.contains($0.id) }) else { return }
        guard let lifetimes else { return fail("\(life.name) extends '\(sandbox.name)', which no action wants") }
        lifetimes.checkExtension(of: sandbox.id, by: life)
    }

    /// One start action makes one sandbox.
    private func checkSandboxes() {
        // A volume that was set back, which nobody can know, may do again what it has forgotten.
        if scenario.setsVolumesBack { return }
        let sandboxes = cloud.lab.sandboxes.filter { lifetimes?.foreign.contains($0.id) != true }
        guard sandboxes.count > seenSandboxes else { return }
        for sandbox in sandboxes[seenSandboxes...] {
            let count = sandboxes.count { $0.name == sandbox.name }
            guard count > 1 + repeats[sandbox.name, default: 0] else { continue }
            fail("Doubled: there are two sandboxes '\(sandbox.name)'")
        }
        seenSandboxes = sandboxes.count
    }

    /// One run action runs its command once.
    private func checkExecutions() {
        if scenario.setsVolumesBack { return }
        let executions = cloud.lab.executions
        guard executions.count > seenExecutions else { return }
        for execution in executions[seenExecutions...] {
            let package = execution.parameters["Package"] ?? ""
            let most = attempts(of: package) + repeats[package, default: 0]
            if executions.count(where: { $0.parameters["Package"] == package }) > most {
                fail("Doubled: the command '\(execution.command.name)' of action \(package) was executed twice")
            }
        }
        seenExecutions = executions.count
    }

    /// How many runs of an action there are with a package: more than one where its stage was tried again.
    private func attempts(of package: String) -> Int {
        guard lifetimes != nil else { return 1 }
        return executions.compactMap(cloud.codePipeline.execution).flatMap(\.actions).count {
            Self.package(of: $0) == package
        }
    }

    /// What tells a run action's commands from others'.
    static func package(of action: ActionReport) -> String? {
        let arguments = action.configuration["ArgumentsJSON"].flatMap { try? JSON(parsing: Data($0.utf8)) }
        return arguments?["Package"]?.string
    }

    /// Jobs go on with what a backup has kept of them.
    func resumed(_ jobs: [String], by name: String) {
        lostLives.remove(name)
        for id in jobs { holders[id] = name }
    }

    /// A disk is gone, and with it all that these workers knew.
    func lost(_ names: [String]) { lostLives.formUnion(names) }

    /// Whether an execution goes on for ever without anybody's fault, or waits for one that does.
    func isExcused(_ report: ExecutionReport) -> Bool {
        if isHeldByLostHost(report.id) { return true }
        guard let plan = scenario.lifetimes else { return false }
        let open = report.actions.filter { !$0.hasEnded }
        guard open.isEmpty else {
            return plan.gates[report.pipeline]?.length == nil
                && open.allSatisfy { $0.provider == Lifetimes.gate.provider }
        }
        return cloud.codePipeline.executions(of: report.pipeline).contains { other in
            other.id != report.id && !other.hasEnded && other.actions.contains { !$0.hasEnded } && isExcused(other)
        }
    }

    /// Whether all that an execution waits for was in the hands of workers whose disk is gone.
    func isHeldByLostHost(_ executionID: String) -> Bool {
        guard let execution = cloud.codePipeline.execution(executionID) else { return false }
        let open = execution.actions.filter { !$0.hasEnded }
        return !open.isEmpty
            && open.allSatisfy { action in
                guard let job = action.jobs.last, job.status == "InProgress" else { return false }
                return holders[job.id].map(lostLives.contains) == true
            }
    }

    // MARK: The end

    func atEnd(_ executions: [String]) {
        let reports = executions.compactMap { cloud.codePipeline.execution($0) }
        for report in reports where !report.hasEnded && !isExcused(report) {
            let open = report.actions.filter { !$0.hasEnded }
            let jobs = open.map {
                "\($0.name) (\($0.jobs.last?.id.prefix(8) ?? "no job"): \($0.jobs.last?.status ?? ""))"
            }
            fail("Lost: pipeline \(report.pipeline) waits for ever for \(jobs.joined(separator: ", "))")
        }
        lifetimes?.atEnd()
        if scenario.setsVolumesBack { return }
        for report in reports { check(report) }
        checkLeftovers(reports)
    }

    private func check(_ report: ExecutionReport) {
        for action in report.actions where Names.providers.contains(action.provider) {
            let verdict = Verdict(action, package: Self.package(of: action) ?? "", cloud, scenario)
            guard let lie = verdict.lie else { continue }
            if verdict.isMixUp, canMixUp(action, report) {
                mixUps += 1
                continue
            }
            fail(
                "Untrue: \(report.pipeline)/\(action.name) \(action.status): \(lie): "
                    + (action.errorMessage ?? action.summary ?? "")
            )
        }
    }

    /// Whether an action may have taken another's execution for its own.
    ///
    /// The lab doesn't tell whose an execution is. After a lost reply, and without the right to look for twins, the one
    /// that has appeared is taken for the job's own; it may be that of an action with the same command on the same
    /// component that another process has run in the meantime. One process alone makes no such mistake.
    private func canMixUp(_ action: ActionReport, _ report: ExecutionReport) -> Bool {
        let target = ["ComponentName", "CommandName"].map { action.configuration[$0] }
        let twins = report.actions.filter { other in
            other.id != action.id && ["ComponentName", "CommandName"].map { other.configuration[$0] } == target
        }
        let isTwinRepeated = twins.contains { Self.package(of: $0).map { repeats[$0] != nil } ?? false }
        let hasOtherProcess = scenario.hosts.count > 1 || scenario.hosts.contains { !$0.downfalls.isEmpty }
        return isTwinRepeated || scenario.deniesExecutions && !twins.isEmpty && hasOtherProcess
    }

    /// Each sandbox that still runs is somebody's.
    private func checkLeftovers(_ reports: [ExecutionReport]) {
        let starts = reports.flatMap(\.actions).filter { $0.name == "Start" }
        for sandbox in cloud.lab.sandboxesNotStopped where lifetimes?.foreign.contains(sandbox.id) != true {
            guard let start = starts.first(where: { SandboxTag(actionExecutionID: $0.id).marks(sandbox.name) }) else {
                fail("The sandbox '\(sandbox.name)' is no action's")
                continue
            }
            let tag = SandboxTag(actionExecutionID: start.id).description
            if start.status == "Succeeded", start.outputVariables["SandboxId"] != sandbox.id,
                start.summary?.contains(tag) != true, start.summary?.contains(sandbox.id) != true
            {
                fail("Left behind: the twin '\(sandbox.name)' runs, and isn't told: \(start.summary ?? "")")
            }
            guard start.status == "Failed", start.externalExecutionID != sandbox.id else { continue }
            // Nobody could know of it by then.
            if sandbox.firstListed ?? .distantFuture >= start.updated { continue }
            // A worker that can't know whether a job is its own fails it, whoever works on it.
            if start.errorMessage?.contains("it can't be known whether another worker has it") == true { continue }
            if start.errorMessage?.contains(tag) != true {
                fail(
                    "Left behind: the sandbox '\(sandbox.name)' runs, and its failed action doesn't say so: \(start.errorMessage ?? "")"
                )
            }
        }
    }
}
