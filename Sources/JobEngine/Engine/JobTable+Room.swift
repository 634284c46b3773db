import Foundation
import HTTPTransport

/// The room that a worker has: how many jobs it may hold, and how many may begin at once.
extension JobTable {
    /// How many jobs may begin at once.
    ///
    /// While a job begins, it costs some 50 KB; once it waits, a fraction of that. Jobs that this worker can't begin at once
    /// are better left to others.
    private static let mostBeginning = 256
    /// After this time a job counts no more as one that begins: it may be one that never waits.
    private static let longestBeginning: Duration = .seconds(1)

    /// How much room is taken.
    var inUse: Int { state.withLock { $0.used } }

    /// Takes up to a share of the free room, waiting until there is at least that for one job.
    ///
    /// - Parameters:
    ///   - privileged: Whether the reserve may be used too.
    ///   - share: Over how many takers what is free is to be spread.
    ///   - most: The most to take.
    /// - Returns: For how many jobs the caller has room now; 0 only if its task was cancelled.
    func takeRoom(privileged: Bool, share: Int, most: Int = .max) async -> Int {
        while !Task.isCancelled {
            let count = state.withLock { state in
                let free = freeRoom(state, privileged)
                let count = free > 0 ? min(most, max(1, free / share)) : 0
                state.used += count
                return count
            }
            if count > 0 { return count }
            await waitForRoom(privileged: privileged)
        }
        return 0
    }

    /// Waits until there is room for a job, or the task is cancelled.
    ///
    /// - Parameter privileged: Whether the reserve may be used too.
    func waitForRoom(privileged: Bool) async {
        await wait { [self] in freeRoom($0, privileged) > 0 }
    }

    private func freeRoom(_ state: State, _ privileged: Bool) -> Int {
        capacity - state.used - (privileged ? 0 : reserve)
    }

    /// Gives room back that no job has taken.
    func returnRoom(_ count: Int) {
        guard count > 0 else { return }
        change { $0.used -= count }
    }

    /// Waits until no room is taken, or the task is cancelled.
    func emptied() async { await wait { $0.used == 0 } }

    /// Waits until another job may begin.
    ///
    /// - Parameter privileged: Whether one may in any case.
    /// - Returns: How many may begin now.
    func roomToBegin(privileged: Bool = false) async -> Int {
        if privileged { return max(Self.mostBeginning - state.withLock { $0.beginning }, 1) }
        await wait(for: Self.longestBeginning) { $0.beginning < Self.mostBeginning }
        return state.withLock { state in
            if state.beginning >= Self.mostBeginning { state.forgetBeginning() }
            return Self.mostBeginning - state.beginning
        }
    }

    /// Notes that a job has begun: it waits for the first time, or has ended.
    func hasBegun(_ id: String) {
        guard state.withLock({ $0.jobs[id]?.isBeginning }) == true else { return }
        change { state in state.jobs[id].map { state.endBeginning($0) } }
    }
}

extension JobTable.State {
    fileprivate mutating func forgetBeginning() {
        for job in jobs.values { endBeginning(job) }
    }
}

/// A clock that notes when a job waits for the first time.
struct BeginningClock: WorkerClock {
    let base: any WorkerClock
    let jobID: String
    let table: JobTable

    var now: Date { base.now }
    var timeOfDay: Date { base.timeOfDay }

    func sleep(for duration: Duration) async throws {
        table.hasBegun(jobID)
        try await base.sleep(for: duration)
    }
}
