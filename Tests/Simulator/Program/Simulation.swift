import AWSLite
import Foundation
import LocalCloud
import QualiCore

/// One seed's world, from its first job to its last worker's stop.
///
/// Everything runs on one thread, so nothing needs a lock.
final class Simulation: @unchecked Sendable {
    /// What happened.
    struct Statistics {
        var runs = 0
        var steps = 0
        var virtualTime: Duration = .zero
        var lives = 0
        var crashes = 0
        var stops = 0
        var faults: [String: Int] = [:]
        var outcomes: [String: Int] = [:]
        var mixUps = 0

        static func += (sum: inout Statistics, one: Statistics) {
            sum.runs += one.runs
            sum.steps += one.steps
            sum.virtualTime += one.virtualTime
            sum.lives += one.lives
            sum.crashes += one.crashes
            sum.stops += one.stops
            sum.mixUps += one.mixUps
            sum.faults.merge(one.faults) { $0 + $1 }
            sum.outcomes.merge(one.outcomes) { $0 + $1 }
        }
    }

    /// What a seed has come to.
    struct Report {
        var violation: String?
        var trace: Trace?
        var statistics: Statistics
        /// The same for the same run.
        var fingerprint: UInt64
        /// What a load has come to.
        var load: String?
        /// The names of the sandboxes that are left over, though their executions are over.
        var leaks: [String]
    }

    /// How long after the last trouble everything has to be done.
    static let patience: Duration = .seconds(3_600)

    /// More than any world needs.
    private var mostSteps: Int { scenario.lifetimes == nil ? 50_000 : 300_000 }

    let scenario: Scenario
    let cloud: LocalCloud
    let checks: Checks
    /// Decides what happens on the way.
    var random: SeededGenerator
    var statistics = Statistics()
    /// Whether all workers have to stop now.
    private(set) var isOver = false
    private var hasEnded = false
    private(set) var hosts: [SimulatedHost] = []
    private var trace: Trace?
    private let start: Int64
    private(set) var executions: [String] = []
    /// How many approvals of a pipeline were refused.
    var refusals: [String: Int] = [:]
    private var meter = LoadMeter()
    private var leaks: [String] = []

    /// Runs a seed.
    static func run(seed: UInt64, isTraced: Bool) -> Report {
        run(Scenario(seed: seed), seed: seed, isTraced: isTraced)
    }

    /// Runs a scenario.
    static func run(_ scenario: Scenario, seed: UInt64 = 1, isTraced: Bool = false) -> Report {
        let executor = VirtualExecutor.shared
        executor.begin(seed)
        let simulation = Simulation(scenario, seed: seed, isTraced: isTraced)
        Task {
            await simulation.play()
            simulation.hasEnded = true
        }
        let ending = executor.run { !simulation.hasEnded && simulation.checks.violation == nil }
        switch ending {
        case .told: break
        case .idle: simulation.checks.fail("Nothing will ever happen again")
        case .spinning: simulation.checks.fail("Something spins")
        }
        simulation.conclude()
        return Report(
            violation: simulation.checks.violation,
            trace: simulation.trace,
            statistics: simulation.statistics,
            fingerprint: simulation.random.next() &+ UInt64(executor.turns) &* 31,
            load: scenario.load.map(simulation.meter.summary),
            leaks: simulation.leaks
        )
    }

    private init(_ scenario: Scenario, seed: UInt64, isTraced: Bool) {
        start = VirtualExecutor.shared.now
        self.scenario = scenario
        random = SeededGenerator(seed &+ 2)
        trace = isTraced ? Trace() : nil
        var options = LocalCloud.Options()
        options.codePipeline = scenario.codePipeline
        options.lab = scenario.lab
        options.blueprints = [scenario.blueprint]
        options.labAccount = scenario.labAccount
        options.secretAccessKey = Secrets.aws
        cloud = LocalCloud.withoutSockets(options)
        checks = Checks(cloud: cloud, scenario: scenario)
        statistics.runs = 1
    }

    /// The time since the beginning.
    var time: Duration { .nanoseconds(VirtualExecutor.shared.now - start) }

    /// Whether nothing goes wrong any more.
    var isCalm: Bool { time >= scenario.calm }

    /// Notes what happens.
    func step(_ text: () -> String) {
        statistics.steps += 1
        if statistics.steps == mostSteps, scenario.load == nil {
            checks.fail("It takes more than \(mostSteps) steps")
        }
        if trace != nil { trace?.add(text(), at: VirtualExecutor.shared.now, since: start) }
    }

    /// Waits, whatever is cancelled.
    func pause(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            VirtualExecutor.shared.after(duration) { continuation.resume() }
        }
    }

    // MARK: The plot

    private func play() async {
        register()
        hosts = scenario.hosts.enumerated().map { SimulatedHost(number: $0 + 1, plan: $1, simulation: self) }
        for pipeline in scenario.pipelines { VirtualExecutor.shared.after(pipeline.start) { self.begin(pipeline) } }
        for amnesia in scenario.amnesias {
            VirtualExecutor.shared.after(amnesia) {
                self.step { "the lab forgets its sessions" }
                self.checks.lifetimes?.fault("login", until: self.time)
                self.cloud.lab.forgetTokens()
            }
        }
        if let refused = scenario.refusedLogins { refuseLogins(refused) }
        if let plan = scenario.lifetimes { invitePeople(plan) }
        await withDiscardingTaskGroup { group in
            for host in hosts { group.addTask { await host.run() } }
            if let plan = scenario.lifetimes {
                await watch(plan)
            } else if let load = scenario.load {
                await measure(load)
            } else {
                await watch()
            }
            endWork()
            for host in hosts { host.life?.tell(.stopped) }
        }
        guard scenario.load == nil else { return }
        checks.atEnd(executions)
        leaks = checks.lifetimes?.leaks ?? []
        statistics.mixUps = checks.mixUps
        for execution in executions.compactMap(cloud.codePipeline.execution) {
            let isOrphaned = checks.isHeldByLostHost(execution.id)
            for action in execution.actions where Names.providers.contains(action.provider) {
                let detail = action.hasEnded ? action.errorCode : isOrphaned ? "lost with its host's disk" : nil
                statistics.outcomes[action.status + (detail.map { " (\($0))" } ?? ""), default: 0] += 1
            }
        }
    }

    /// From now on no worker begins.
    func endWork() { isOver = true }

    /// Notes which executions there are and how they stand, where people start and retry some.
    func noteExecutions() {
        guard let lifetimes = checks.lifetimes else { return }
        let reports = scenario.pipelines.flatMap { cloud.codePipeline.executions(of: $0.name) }
        executions = reports.map(\.id)
        checks.executions = executions
        lifetimes.note(reports, at: time)
    }

    /// Waits until all that was begun has ended, or should have.
    private func watch() async {
        var looksAtLost = 0
        while true {
            await pause(.seconds(5))
            cloud.advance(by: .zero)
            for host in hosts { await host.checkPolls() }
            guard executions.count == scenario.pipelines.count else { continue }
            let late = executions.filter { cloud.codePipeline.execution($0)?.hasEnded != true }
            if late.isEmpty { return }
            guard isCalm else { continue }
            // A dead worker's last request may be on its way still, or another worker in doubt whose the job is, for which
            // it has to ask a lab.
            looksAtLost = late.allSatisfy(checks.isHeldByLostHost) ? looksAtLost + 1 : 0
            if looksAtLost > (scenario.refusedLogins == nil ? 12 : 300) { return }
            guard time > scenario.calm + Self.patience else { continue }
            return
        }
    }

    /// Waits for the end of a load; all that has begun has to succeed, and in time.
    private func measure(_ load: Load) async {
        var begun: [String: Duration] = [:]
        while time < Load.end {
            await pause(.seconds(30))
            cloud.advance(by: .zero)
            for id in executions { begun[id] = begun[id] ?? time }
            executions.removeAll { id in
                guard let report = cloud.codePipeline.execution(id) else { return true }
                if report.hasEnded, report.status != "Succeeded" {
                    checks.fail("Pipeline \(report.pipeline) ends as \(report.status)")
                }
                let lasted = time - (begun[id] ?? time)
                if !report.hasEnded, lasted > load.longest {
                    checks.fail("Pipeline \(report.pipeline) takes over \(load.longest)")
                }
                if report.hasEnded { meter.ended(after: lasted) }
                return report.hasEnded
            }
            meter.underWay(executions.count, at: time)
        }
    }

    /// Gives the lab another password for a while.
    private func refuseLogins(_ time: Range<Duration>) {
        let account = scenario.labAccount
        VirtualExecutor.shared.after(time.lowerBound) {
            self.step { "the lab refuses logins" }
            self.cloud.lab.add(LabAccount(username: account.username, password: "another"))
            self.cloud.lab.forgetTokens()
        }
        VirtualExecutor.shared.after(time.upperBound) {
            self.step { "the lab takes logins again" }
            self.cloud.lab.add(account)
        }
    }

    private func register() {
        for definition in QualiActions().definitions() {
            let properties = definition.configurationProperties
            do {
                try cloud.codePipeline.register(
                    .init(
                        category: definition.category.rawValue,
                        provider: definition.provider,
                        version: definition.version
                    ),
                    required: properties.filter(\.required).map(\.name),
                    optional: properties.filter { !$0.required }.map(\.name)
                )
                continue
            } catch { checks.fail("\(error)") }
        }
    }

    private func begin(_ pipeline: Scenario.Pipeline) {
        step { "pipeline \(pipeline.name) starts" }
        do {
            try cloud.create(pipeline.whole)
            let id = try cloud.codePipeline.start(pipeline.name)
            executions.append(id)
            checks.executions = executions
            noteExecutions()
            guard let stop = pipeline.stop else { return }
            VirtualExecutor.shared.after(stop.time) {
                self.step { "pipeline \(pipeline.name) is stopped\(stop.abandon ? " and abandoned" : "")" }
                // It may have ended.
                try? self.cloud.codePipeline.stop(id, abandon: stop.abandon)
            }
        } catch { checks.fail("\(error)") }
    }

    /// Ends what is left, so that the next world begins with nothing.
    private func conclude() {
        isOver = true
        statistics.virtualTime = time
        let steps = statistics.steps
        let lines = trace
        for host in hosts { host.life?.end() }
        let executor = VirtualExecutor.shared
        let limit = executor.turns + 1_000_000
        guard executor.run(while: { executor.turns < limit }) == .idle else {
            // What still runs would go on in the next world.
            fatalError("A dead worker's tasks never end")
        }
        statistics.steps = steps
        trace = lines
    }

    // MARK: Services

    func service(named host: String) -> any LocalService {
        switch host {
        case "codepipeline.test": cloud.codePipeline
        case "s3.test": cloud.s3
        default: cloud.lab
        }
    }

    func fault(for service: String, host: Int) -> Fault? {
        let outage = scenario.outages.first {
            $0.service == service && ($0.host.map { $0 + 1 == host } ?? true)
                && time >= $0.time && time < $0.time + $0.length
        }
        var fault = outage.map { Fault.unreachable(isRefused: $0.isRefused) }
        if fault == nil, !isCalm, !isOver, random.chance(scenario.faultRate) {
            fault = .kind(random.pick(scenario.faultKinds))
        }
        if let fault { statistics.faults[fault.rawValue, default: 0] += 1 }
        return fault
    }

    /// Lets a service act on a request, twice if a box in between repeats it.
    func handle(_ request: LocalRequest, _ operation: String, at service: any LocalService, from life: Life) async
        -> LocalReply
    {
        let reply = await act(on: request, operation, at: service, from: life)
        guard scenario.repeatedStarts > 0, !isCalm, Checks.starts.contains(operation),
            random.chance(scenario.repeatedStarts)
        else { return reply }
        step { "  a box repeats \(life.name)'s \(operation)" }
        statistics.faults["repeated start", default: 0] += 1
        checks.repeating(request)
        let second = await act(on: request, operation, at: service, from: life)
        return random.chance(0.5) ? reply : second
    }

    private func act(on request: LocalRequest, _ operation: String, at service: any LocalService, from life: Life) async
        -> LocalReply
    {
        let reply = await cloud.answer(request, at: service)
        step { "  \(service.name) acts on \(life.name)'s \(operation): \(reply.status)" }
        if scenario.load != nil {
            meter.handled(operation, at: service.name, from: life.name, at: time)
            return reply
        }
        if operation.hasPrefix("PutJob") { noteExecutions() }
        checks.handled(operation, request, reply, from: life)
        return reply
    }
}
