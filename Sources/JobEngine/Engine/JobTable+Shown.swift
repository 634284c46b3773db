import AWSLite
import Foundation
import HTTPTransport

/// What people are shown of the jobs.
extension JobTable {
    /// After this time a job that was put back has surely been taken by another worker.
    private static let longestAbsence: TimeInterval = 900

    /// Shows a job from now on, which goes on from where the action's job in the queue was.
    ///
    /// - Returns: Whether there was such a job, which is released.
    func show(_ record: JobRecord) -> Bool {
        change { state in
            let earlier = state.actions[record.actionExecutionID]?.jobs.filter { $0.state == .requeued } ?? []
            for job in earlier { _ = state.apply(.released, to: job.id) { _ in } }
            state.jobs[record.id]?.isShown = true
            guard let last = earlier.last else { return false }
            state.jobs[record.id]?.progress = last.progress
            state.jobs[record.id]?.progressSince = last.progressSince
            return true
        }
    }

    /// Notes how far a job has come.
    ///
    /// - Returns: The job as it is shown then; `nil` if that is nothing new, or it isn't shown.
    func note(_ progress: JobProgress, of id: String) -> WorkerSnapshot.Job? {
        let now = clock.now
        return state.withLock { state in
            guard let job = state.jobs[id], job.progress != progress else { return nil }
            (job.progress, job.progressSince) = (progress, now)
            return job.shown
        }
    }

    /// A job as it is shown; `nil` if it isn't.
    func shown(_ id: String) -> WorkerSnapshot.Job? { state.withLock { $0.jobs[id]?.shown } }

    /// The jobs as they are shown, oldest first.
    var shown: [WorkerSnapshot.Job] {
        forgetRequeued()
        return state.withLock { $0.jobs.values.compactMap(\.shown) }
            .sorted { ($0.claimedAt, $0.id) < ($1.claimedAt, $1.id) }
    }

    /// How many jobs there are in each state of those that are shown, and when the oldest of them was claimed first.
    ///
    /// It changes nothing, so whoever asks for it has no influence on the jobs.
    var census: WorkerMonitor.JobCensus {
        let longAgo = clock.now.addingTimeInterval(-Self.longestAbsence)
        return state.withLock { state in
            var census: WorkerMonitor.JobCensus = [:]
            for job in state.jobs.values where job.isShown && job.requeuedAt ?? .distantFuture >= longAgo {
                guard let stage = job.stage else { continue }
                let known = census[stage] ?? (0, .distantFuture)
                census[stage] = (known.count + 1, min(known.oldest, job.record.claimedAt))
            }
            return census
        }
    }

    /// Forgets the jobs that were put back long ago.
    func forgetRequeued() {
        change { $0.forgetRequeued(before: clock.now.addingTimeInterval(-Self.longestAbsence)) }
    }

    /// The same where there are many jobs, so that those which other workers have taken don't pile up.
    func forgetRequeued(in state: inout State) {
        guard state.jobs.count >= state.mostBeforeForgetting else { return }
        state.forgetRequeued(before: clock.now.addingTimeInterval(-Self.longestAbsence))
        state.mostBeforeForgetting = max(State.leastBeforeForgetting, 2 * state.jobs.count)
    }
}

extension JobTable.State {
    /// How many jobs there are at least when they are looked through for those that were put back long ago.
    static let leastBeforeForgetting = 256

    fileprivate mutating func forgetRequeued(before date: Date) {
        let ids = jobs.values.filter { $0.requeuedAt.map { $0 < date } ?? false }.map(\.id)
        for id in ids { _ = apply(.released, to: id) { _ in } }
    }
}

extension JobTable.Job {
    fileprivate var shown: WorkerSnapshot.Job? {
        guard isShown, let stage else { return nil }
        return WorkerSnapshot.Job(
            id: id,
            actionExecutionID: record.actionExecutionID,
            action: type.provider,
            place: record.place,
            claimedAt: record.claimedAt,
            stage: stage,
            progress: progress,
            progressSince: progressSince,
            wait: wait.map { JobWaitInfo($0.value) },
            putBackAt: requeuedAt
        )
    }

    fileprivate var stage: WorkerSnapshot.Stage? {
        switch state {
        case .offered, .acknowledging, .unanswered, .lost, .doubted: .offered
        case .claimed: .claimed
        case .running: .running
        case .waiting: .waiting
        case .completed, .reporting, .unclaimed, .reclaiming, .undoing: .completed
        case .requeued: .requeued
        case .released: nil
        }
    }
}
