import Foundation
import HTTPTransport

/// Counts the jobs that were just taken, so that no more are taken than can be begun.
///
/// While a job begins, it costs some 50 KB; once it waits, a tenth of that. Jobs that this worker can't begin at once are
/// better left to others.
final class BeginningJobs: Sendable {
    /// A job that begins, until it waits for the first time or is gone.
    final class Mark: Sendable {
        private let jobs: BeginningJobs
        private let isOver = Locked(false)

        fileprivate init(_ jobs: BeginningJobs) {
            self.jobs = jobs
        }

        deinit { end() }

        /// Notes that the job has begun.
        func end() {
            let isFirst = isOver.withLock { isOver in
                defer { isOver = true }
                return !isOver
            }
            if isFirst { jobs.remove() }
        }
    }

    private struct State {
        var count = 0
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    /// How many jobs may begin at once.
    private static let most = 64
    /// After this time a job counts no more: it may be one that never waits.
    private static let longest: Duration = .seconds(1)

    private let state = Locked(State())

    /// Waits until another job may be taken.
    ///
    /// - Returns: How many may be taken now.
    func room(_ clock: any WorkerClock) async -> Int {
        let changes = state.withLock { state -> AsyncStream<Void>? in
            guard state.count >= Self.most else { return nil }
            let (changes, change) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            state.waiting.append(change)
            return changes
        }
        if let changes {
            await race({ for await _ in changes { break } }, { try? await clock.sleep(for: Self.longest) })
        }
        return state.withLock { state in
            if state.count >= Self.most { state.count = 0 }
            return Self.most - state.count
        }
    }

    /// Counts a job.
    func add() -> Mark {
        state.withLock { $0.count += 1 }
        return Mark(self)
    }

    private func remove() {
        let woken = state.withLock { state in
            state.count = max(0, state.count - 1)
            defer { state.waiting = [] }
            return state.waiting
        }
        for change in woken { change.yield() }
    }
}

/// A clock that notes when a job waits for the first time.
struct BeginningClock: WorkerClock {
    let base: any WorkerClock
    let mark: BeginningJobs.Mark?

    var now: Date { base.now }
    var timeOfDay: Date { base.timeOfDay }

    func sleep(for duration: Duration) async throws {
        mark?.end()
        try await base.sleep(for: duration)
    }
}
