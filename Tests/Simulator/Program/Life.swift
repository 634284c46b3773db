import Foundation
import QualiCore

/// The life of one worker.
///
/// When it is over nothing more is written and nothing more is sent, as if its process had been killed; what is left of
/// its tasks is cancelled.
///
/// Everything in the simulator runs on one thread, so nothing needs a lock.
final class Life: @unchecked Sendable {
    enum Event {
        /// It has been killed.
        case died
        /// It shall be stopped.
        case stopped
        /// It has ended by itself.
        case finished
    }

    let name: String
    private let downfall: Scenario.Downfall?
    private var requests = 0
    private var writes = 0
    private(set) var isOver = false
    /// Whether it has ended by itself.
    private(set) var hasFinished = false
    /// Whether it has been told to stop.
    var isStopping = false
    /// When it last had something else to do than to poll, or sent a poll.
    private var lastActivity = VirtualExecutor.shared.now
    /// How often, and when last, the lab has refused its login since it took one.
    private var refusals = 0
    private var refusedAt: Int64?
    private var events: [Event] = []
    private var listener: CheckedContinuation<Event, Never>?
    /// What to do when it is over, by number.
    private var atEnd: [Int: () -> Void] = [:]
    private var lastHook = 0

    init(name: String, downfall: Scenario.Downfall?) {
        self.name = name
        self.downfall = downfall
        if case .time(let time) = downfall?.trigger {
            VirtualExecutor.shared.after(time) { [weak self] in self?.strike() }
        }
    }

    /// Waits for the next thing to happen to it.
    func next() async -> Event {
        if !events.isEmpty { return events.removeFirst() }
        return await withCheckedContinuation { listener = $0 }
    }

    func tell(_ event: Event) {
        if event == .finished { hasFinished = true }
        if let listener {
            self.listener = nil
            listener.resume(returning: event)
        } else {
            events.append(event)
        }
    }

    /// Ends it at once.
    func end() {
        guard !isOver else { return }
        isOver = true
        let hooks = atEnd.sorted { $0.key < $1.key }.map(\.value)
        atEnd = [:]
        for hook in hooks { hook() }
        tell(.died)
    }

    /// Notes that it polls, or holds jobs, which may leave it no room to.
    func noteActivity() { lastActivity = max(lastActivity, VirtualExecutor.shared.now) }

    /// For how long it has neither held a job nor polled.
    var idleTime: Duration { .nanoseconds(VirtualExecutor.shared.now - lastActivity) }

    /// The lab has refused its login.
    ///
    /// - Returns: How long ago it was refused before, if it was since it was taken last.
    func loginRefused() -> Duration? {
        let now = VirtualExecutor.shared.now
        defer {
            refusals += 1
            refusedAt = now
            // It doesn't poll before it has tried again: after ten minutes, an hour, and every four hours.
            lastActivity = now + Int64([600, 3_600, 14_400][min(refusals - 1, 2)]) * 1_000_000_000
        }
        return refusedAt.map { .nanoseconds(now - $0) }
    }

    /// Whether the lab has refused its login and not taken it since.
    var isRefusedByLab: Bool { refusedAt != nil }

    /// The lab has taken its login.
    func loginTaken() {
        refusals = 0
        refusedAt = nil
        lastActivity = VirtualExecutor.shared.now
    }

    /// Does something at its end.
    func whenOver(_ body: @escaping () -> Void) -> Int {
        lastHook += 1
        atEnd[lastHook] = body
        return lastHook
    }

    func forget(_ hook: Int) { atEnd[hook] = nil }

    /// What meets those who go on after its end; they have to let others come first, who will cancel them.
    func afterlife() async -> CancellationError {
        await withCheckedContinuation { continuation in
            VirtualExecutor.shared.after(.milliseconds(1)) { continuation.resume() }
        }
        return CancellationError()
    }

    private func strike() {
        guard !isOver, let downfall else { return }
        switch downfall.kind {
        case .stop: tell(.stopped)
        case .crash, .loss, .restoration: end()
        }
    }

    /// Counts a request, which may be the last.
    ///
    /// - Returns: Whether it reaches the wire.
    func request() -> Bool {
        guard !isOver else { return false }
        requests += 1
        guard case .request(requests, let isSent) = downfall?.trigger else { return true }
        if isSent {
            // On the wire when the process dies.
            VirtualExecutor.shared.after(.zero) { self.strike() }
            return true
        }
        strike()
        return !isOver
    }

    /// Counts a write, which may be the last.
    ///
    /// - Returns: Whether it reaches the disk.
    func write() -> Bool {
        guard !isOver else { return false }
        writes += 1
        guard case .write(writes, let isWritten) = downfall?.trigger else { return true }
        strike()
        return isWritten || !isOver
    }
}

/// What a write on a full disk fails with.
private struct FullDisk: Error {}

/// A journal that writes as long as there is life.
struct MortalJournal: JobJournal {
    let base: InMemoryJobJournal
    let life: Life
    /// How many jobs it may hold.
    let limit: Int
    /// When nothing can be written.
    let fullDisks: [Range<Duration>]
    let simulation: Simulation

    var isDurable: Bool { true }

    private func write(_ name: String, _ jobs: [String], _ secretless: Any, _ body: () async throws -> Void)
        async throws
    {
        guard !life.isOver else { throw await life.afterlife() }
        await simulation.pause(simulation.random.seconds(0...0.02))
        guard !fullDisks.contains(where: { $0.contains(simulation.time) }) else {
            // It asks for nothing until there is room.
            life.noteActivity()
            simulation.step { "\(life.name) can't note \(name): the disk is full" }
            simulation.statistics.faults["full disk", default: 0] += 1
            simulation.checks.lifetimes?.trouble(until: simulation.time, isLost: true)
            throw FullDisk()
        }
        let isWritten = life.write()
        simulation.step {
            "\(life.name) notes \(name) \(jobs.map { $0.prefix(8) }.joined(separator: " "))"
                + (life.isOver ? isWritten ? ", its last" : " in vain" : "")
        }
        if isWritten { try await body() }
        simulation.checks.written(secretless, by: life)
        await simulation.checks.journal(base, of: life, limit: limit)
        if life.isOver { throw CancellationError() }
    }

    func claim(_ records: [JobRecord]) async throws {
        try await write("claim", records.map(\.id), records) { await base.claim(records) }
    }

    func noteAcknowledged(_ jobID: String) async throws {
        try await write("acknowledged", [jobID], "") { await base.noteAcknowledged(jobID) }
    }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        let text = String(decoding: checkpoint, as: UTF8.self)
        try await write("checkpoint \(text)", [jobID], text) { try await base.saveCheckpoint(checkpoint, of: jobID) }
    }

    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        try await write("outcome \(outcome)", [jobID], outcome) { await base.saveOutcome(outcome, of: jobID) }
    }

    func forget(_ jobID: String) async throws {
        try await write("forget", [jobID], "") { await base.forget(jobID) }
    }

    func unfinished() async throws -> [JobRecord] {
        guard !life.isOver else { throw await life.afterlife() }
        return await base.unfinished()
    }

    // The worlds that aren't about sandboxes' lives are older than these notes.

    func keep(_ note: Data?, as key: String) async throws {
        guard simulation.scenario.lifetimes != nil else { return }
        let text = note.map { String(decoding: $0, as: UTF8.self) } ?? ""
        try await write("\(key) \(text)", [], text) { await base.keep(note, as: key) }
    }

    func keptNotes() async throws -> [String: Data] {
        guard simulation.scenario.lifetimes != nil else { return [:] }
        guard !life.isOver else { throw await life.afterlife() }
        return await base.keptNotes()
    }
}
