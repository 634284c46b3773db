import HTTPTransport

/// Gives up a wait; what it waited for is told no more once this has returned.
package typealias GiveUp = @Sendable () async -> Void

/// Begins a wait that calls back once with what it has brought.
typealias Standby = @Sendable (_ wake: @escaping @Sendable (any Sendable) -> Void) async -> GiveUp

/// The jobs whose handlers have ended until something happens.
///
/// A task keeps its stack while it waits, which is some 50 KB for a job; one that stands by here is no more than its data.
final class JobsStandingBy: Sendable {
    /// A job that goes on.
    struct Woken: Sendable {
        let job: ClaimedJob
        let reason: Reason
        /// Ends what may still call back.
        fileprivate let giveUps: [GiveUp]

        /// Why it does.
        enum Reason: Sendable {
            /// Its wait is over, and has brought this.
            case brought(any Sendable)
            /// Nobody wants its result any more.
            case abandoned
            /// The worker stops.
            case stopped
        }

        /// Ends what may still call back.
        func giveUp() async {
            for giveUp in giveUps { await giveUp() }
        }
    }

    private struct State {
        var jobs: [Int: (job: ClaimedJob, giveUps: [GiveUp])] = [:]
        var last = 0
        var isClosed = false
    }

    private let abandonment: AbandonmentWatch
    private let wake: @Sendable (Woken) -> Void
    private let state = Locked(State())

    /// - Parameter wake: Goes on with a job.
    init(_ abandonment: AbandonmentWatch, wake: @escaping @Sendable (Woken) -> Void) {
        self.abandonment = abandonment
        self.wake = wake
    }

    /// Keeps a job until its wait is over, it is abandoned, or the worker stops; `false` if it does already.
    func add(_ job: ClaimedJob, _ standby: Standby) async -> Bool {
        let place = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.last += 1
            state.jobs[state.last] = (job, [])
            return state.last
        }
        guard let place else { return false }
        let giveUps = [
            await standby { self.end(place, .brought($0)) },
            await abandonment.watch(job.record) { self.end(place, .abandoned) },
        ]
        let isThere = state.withLock { state in
            state.jobs[place]?.giveUps = giveUps
            return state.jobs[place] != nil
        }
        // It may have gone on meanwhile.
        if !isThere { for giveUp in giveUps { await giveUp() } }
        return true
    }

    /// Goes on with all jobs, since the worker stops, and takes no more.
    func close() {
        let places = state.withLock { state in
            state.isClosed = true
            return state.jobs.keys.sorted()
        }
        for place in places { end(place, .stopped) }
    }

    private func end(_ place: Int, _ reason: Woken.Reason) {
        guard let (job, giveUps) = state.withLock({ $0.jobs.removeValue(forKey: place) }) else { return }
        wake(Woken(job: job, reason: reason, giveUps: giveUps))
    }
}
