import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Logging
import QualiCore
import SandboxAPI
import ServiceLifecycle

/// A host whose workers come and go, with a disk and a clock of its own.
final class SimulatedHost: @unchecked Sendable {
    let number: Int
    private let plan: Scenario.Host
    private unowned let simulation: Simulation
    private var journal = InMemoryJobJournal(isDurable: true)
    fileprivate var skew: Duration
    private(set) var life: Life?
    /// What a backup has kept.
    private var backup: (records: [JobRecord], notes: [String: Data])?
    private var lives = 0
    /// Whether it is gone for good.
    private var isGone = false
    /// The workers that have written on this disk.
    private var names: [String] = []
    /// The tasks of dead workers, which end by themselves.
    private var remains: [Task<Void, Never>] = []

    init(number: Int, plan: Scenario.Host, simulation: Simulation) {
        self.number = number
        self.plan = plan
        self.simulation = simulation
        skew = plan.skew
        for jump in plan.jumps {
            VirtualExecutor.shared.after(jump.time) { [weak self] in
                self?.skew += jump.by
                simulation.step { "the clock of host \(number) jumps by \(jump.by)" }
            }
        }
    }

    /// The jobs on its disk, as a copy of that has them.
    ///
    /// `isKnown` says whether a worker can tell that it is a copy.
    private func records(isKnown: Bool) async -> [JobRecord] {
        await journal.unfinished().map { record in
            var record = record
            record.isInDoubt = record.isInDoubt || isKnown
            return record
        }
    }

    /// The notes on its disk.
    private func notes() async -> [String: Data] {
        simulation.scenario.lifetimes == nil ? [:] : await journal.keptNotes()
    }

    /// A disk with what another one had.
    private static func journal(_ records: [JobRecord], _ notes: [String: Data]) async -> InMemoryJobJournal {
        let journal = InMemoryJobJournal(records, isDurable: true)
        for (key, note) in notes { await journal.keep(note, as: key) }
        return journal
    }

    /// Makes the backup when it is time.
    private func backUp() {
        guard let plan = plan.backup else { return }
        VirtualExecutor.shared.after(plan.time) { [weak self] in
            Task { [weak self] in
                guard let self, !simulation.isOver else { return }
                backup = (await records(isKnown: plan.isKnown), await notes())
                simulation.step { "the disk of host \(self.number) is backed up" }
            }
        }
    }

    /// Begins with a copy of another host's disk, when it is time.
    private func copyDisk() async {
        guard let copy = plan.copy else { return }
        await simulation.pause(copy.time)
        let original = simulation.hosts[copy.of]
        journal = await Self.journal(await original.records(isKnown: true), await original.notes())
        simulation.step { "host \(self.number) begins with a copy of the disk of host \(copy.of + 1)" }
    }

    /// Lets workers live and die until all is calm, and one more until the simulation is over.
    func run() async {
        backUp()
        await copyDisk()
        for downfall in plan.downfalls where !simulation.isCalm && !simulation.isOver {
            await live(downfall)
            if downfall.isForGood {
                isGone = true
                break
            }
            if !simulation.isOver { await simulation.pause(downfall.pause) }
        }
        if !simulation.isOver, !isGone { await live(nil) }
        for task in remains { await task.value }
    }

    /// A worker that holds nothing polls on, whatever its host's clock does.
    func checkPolls() async {
        guard let life, !life.isOver, !life.isStopping else { return }
        if await !journal.unfinished().isEmpty { life.noteActivity() }
        // A poll may hang for half a minute, and a refused one rests for a whole.
        if life.idleTime > .seconds(150) { simulation.checks.fail("\(life.name) hasn't polled for \(life.idleTime)") }
    }

    private func live(_ downfall: Scenario.Downfall?) async {
        lives += 1
        let life = Life(name: "worker \(number)\(lives > 1 ? ".\(lives)" : "")", downfall: downfall)
        self.life = life
        names.append(life.name)
        simulation.statistics.lives += 1
        simulation.step { "\(life.name) starts" }
        simulation.checks.lifetimes?.trouble(until: simulation.time, isLost: true)
        let group = ServiceGroup(
            services: [makeWorker(life)],
            logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task {
            do { try await group.run() } catch is CancellationError {} catch {
                if !life.isOver { simulation.checks.fail("\(life.name) ends with \(error)") }
            }
            life.tell(.finished)
        }
        defer { self.life = nil }
        var isStopping = false
        while true {
            switch await life.next() {
            case .died: return await die(life, running, downfall)
            case .finished:
                simulation.step { "\(life.name) has stopped" }
                simulation.checks.lifetimes?.trouble(until: simulation.time, isLost: true)
                if !isStopping { simulation.checks.fail("\(life.name) has ended though nobody stopped it") }
                return
            case .stopped where isStopping: break
            case .stopped:
                isStopping = true
                life.isStopping = true
                simulation.step { "\(life.name) is told to stop" }
                simulation.statistics.stops += 1
                limitStop(of: life, downfall)
                await group.triggerGracefulShutdown()
            }
        }
    }

    /// Kills a worker that doesn't stop in time, as a service manager does; when all is well, it has no excuse.
    private func limitStop(of life: Life, _ downfall: Scenario.Downfall?) {
        var grace: Duration = .seconds(30)
        let mustStop = simulation.isOver && simulation.isCalm
        if !mustStop, case .stop(let own) = downfall?.kind { grace = own }
        VirtualExecutor.shared.after(grace) { [simulation] in
            guard !life.hasFinished else { return }
            if mustStop { simulation.checks.fail("\(life.name) hasn't stopped within \(grace)") }
            life.end()
        }
    }

    private func die(_ life: Life, _ running: Task<Void, Never>, _ downfall: Scenario.Downfall?) async {
        simulation.step { "\(life.name) dies" }
        simulation.checks.lifetimes?.trouble(until: simulation.time, isLost: true)
        simulation.statistics.crashes += 1
        running.cancel()
        remains.append(running)
        if case .loss = downfall?.kind {
            simulation.step { "host \(number) loses its disk" }
            simulation.checks.lost(names)
            names = []
            journal = InMemoryJobJournal(isDurable: true)
        }
        if case .restoration = downfall?.kind, let backup {
            simulation.step { "host \(number) has its disk back from the backup" }
            // What was claimed since, nobody knows of; what wasn't yet ended by then, nobody may go on with.
            simulation.checks.lost(names)
            names = ["the backup of host \(number)"]
            simulation.checks.resumed(backup.records.filter { !$0.isInDoubt }.map(\.id), by: names[0])
            journal = await Self.journal(backup.records, backup.notes)
        }
    }

    private func makeWorker(_ life: Life) -> QualiWorker {
        let cloud = simulation.cloud
        let clock = HostClock(host: self, life: life, lead: skew / .seconds(1))
        let network = Network(life: life, host: number, boxSkew: plan.boxSkew, simulation: simulation)
        let credentials = AWSCredentials(
            accessKeyID: cloud.options.accessKeyID,
            secretAccessKey: Secret(cloud.options.secretAccessKey)
        )
        func aws(_ endpoint: String) -> AWSClientConfiguration {
            AWSClientConfiguration(
                region: cloud.options.region,
                credentials: StaticCredentialProvider(credentials),
                httpClient: network,
                endpoint: endpoint,
                clock: AWSClock(now: { clock.now }, timeOfDay: { clock.timeOfDay })
            )
        }
        let lab = SandboxClient.Configuration(
            url: cloud.labURL,
            username: cloud.options.labAccount.username,
            password: Secret(cloud.options.labAccount.password)
        )
        var configuration = QualiWorker.Configuration(
            lab: lab,
            codePipeline: aws(cloud.codePipelineURL),
            s3: aws(cloud.s3URL)
        )
        configuration.jobs.maxJobs = plan.maxJobs
        configuration.jobs.pollInterval = plan.pollInterval
        configuration.jobs.handoff = plan.handoff
        if let lifetimes = simulation.scenario.lifetimes {
            configuration.jobs.pipelinePollInterval = lifetimes.interval
            configuration.endWithPipeline = lifetimes.endWithPipeline
            configuration.endGrace = lifetimes.grace
        }
        let logger = Logger(label: life.name) { _ in SimulatedLog(life: life, simulation: self.simulation) }
        do {
            return try QualiWorker(
                configuration,
                labHTTPClient: network,
                journal: MortalJournal(
                    base: journal,
                    life: life,
                    limit: plan.maxJobs,
                    fullDisks: plan.fullDisks,
                    simulation: simulation
                ),
                clock: clock,
                logger: logger
            )
        } catch {
            preconditionFailure("The lab's address is fixed: \(error)")
        }
    }
}

/// A host's own idea of the time.
private struct HostClock: WorkerClock {
    let host: SimulatedHost
    let life: Life
    /// How far the host's clock was ahead when the process began.
    let lead: TimeInterval
    private let readings = Locked((at: Date.distantPast, count: 0))

    init(host: SimulatedHost, life: Life, lead: TimeInterval) {
        (self.host, self.life, self.lead) = (host, life, lead)
    }

    /// The time: a little later at each reading, as no real clock tells one time twice.
    var now: Date {
        let now = Date()
        let count = readings.withLock { readings in
            readings = (now, readings.at == now ? readings.count + 1 : 0)
            return readings.count
        }
        return now.addingTimeInterval(lead + Double(count) * 1e-6)
    }

    var timeOfDay: Date { Date().addingTimeInterval(host.skew / .seconds(1)) }

    func sleep(for duration: Duration) async throws {
        guard !life.isOver else { throw await life.afterlife() }
        try await Task.sleep(for: duration)
    }
}

/// Puts what a worker says into the trace, and looks for secrets in it.
private struct SimulatedLog: LogHandler {
    let life: Life
    let simulation: Simulation
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard !life.isOver else { return }
        let own = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let job = metadata["job"].map { ["job=\("\($0)".prefix(8))"] } ?? []
        let line = ([event.level.rawValue, "\(event.message)"] + job + own).joined(separator: " ")
        simulation.checks.written(line, by: life)
        simulation.step { "\(life.name) says \(line)" }
    }
}
