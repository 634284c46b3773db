import Foundation
import HTTPTransport

/// Gives up a wait; what it waited for is told no more once this has returned.
package typealias GiveUp = @Sendable () async -> Void

/// The jobs whose handlers have returned a wait.
///
/// A task keeps its stack while it waits, which is some 50 KB for a job; one that waits here is no more than its data.
final class WaitingJobs: Sendable {
    /// A job that goes on.
    struct Woken: Sendable {
        let job: ClaimedJob
        let wait: JobWait<any Sendable>
        let reason: Reason
        /// Ends what may still call back.
        fileprivate let giveUps: [GiveUp]

        /// Why it does.
        enum Reason: Sendable {
            /// Its wait is over, and has brought this.
            case event((any Sendable)?)
            /// Its wait would go on, but gives way.
            case givesWay
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
        var jobs: [Int: (job: ClaimedJob, wait: JobWait<any Sendable>, giveUps: [GiveUp])] = [:]
        var last = 0
        var isClosed = false
    }

    private let abandonment: AbandonmentWatch
    private let alarms: Alarms
    private let clock: any WorkerClock
    private let wake: @Sendable (Woken) -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - clock: What waits' deadlines are in.
    ///   - wake: Goes on with a job.
    init(
        _ abandonment: AbandonmentWatch,
        _ alarms: Alarms,
        clock: any WorkerClock,
        wake: @escaping @Sendable (Woken) -> Void
    ) {
        self.abandonment = abandonment
        self.alarms = alarms
        self.clock = clock
        self.wake = wake
    }

    /// Keeps a job until its wait is over, it is abandoned, or the worker stops; `false` if it does already.
    ///
    /// - Parameter mayGiveWay: Whether the job may go into the queue meanwhile.
    func add(_ job: ClaimedJob, _ wait: JobWait<any Sendable>, mayGiveWay: Bool) async -> Bool {
        let place = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.last += 1
            state.jobs[state.last] = (job, wait, [])
            return state.last
        }
        guard let place else { return false }
        let giveUps = [
            await begin(wait, of: job, place, mayGiveWay),
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

    private func begin(
        _ wait: JobWait<any Sendable>,
        of job: ClaimedJob,
        _ place: Int,
        _ mayGiveWay: Bool
    ) async -> GiveUp {
        switch wait.kind {
        case .looks(let begin):
            let ledger = job.ledger
            return await begin({ mayGiveWay && ledger.givesWay(inHaste: $0) }) { event in
                self.end(place, event.map { .event($0) } ?? .givesWay)
            }
        case .callback(let begin):
            var giveUps = [await begin { self.end(place, .event($0)) }]
            if mayGiveWay {
                let ledger = job.ledger
                giveUps.append(
                    alarms.set(every: wait.pause) {
                        guard ledger.givesWay() else { return true }
                        self.end(place, .givesWay)
                        return false
                    }
                )
            }
            if let deadline = wait.deadline {
                let rest = deadline.timeIntervalSince(clock.now)
                giveUps.append(
                    alarms.set(every: .seconds(max(rest, 1))) {
                        self.end(place, .event(nil))
                        return false
                    }
                )
            }
            return { [giveUps] in for giveUp in giveUps { await giveUp() } }
        case .time(let event):
            return alarms.set(every: wait.pause) {
                self.end(place, .event(event))
                return false
            }
        }
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
        guard let entry = state.withLock({ $0.jobs.removeValue(forKey: place) }) else { return }
        wake(Woken(job: entry.job, wait: entry.wait, reason: reason, giveUps: entry.giveUps))
    }
}
