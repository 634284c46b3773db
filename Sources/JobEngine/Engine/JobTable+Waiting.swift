import AWSLite
import Foundation
import HTTPTransport

/// The jobs whose handlers have returned a wait.
///
/// A task keeps its stack while it waits, which is some 50 KB for a job; one that waits here is no more than its data.
extension JobTable {
    /// Keeps a job until its wait is over, it is abandoned, or the worker stops; `false` if it does already.
    ///
    /// `begin` begins the wait. What it is given goes on with the job.
    func keep(
        _ job: ClaimedJob,
        _ wait: JobWait<any Sendable>,
        begin: (_ wake: @escaping @Sendable (Woken.Reason) -> Void) async -> GiveUp
    ) async -> Bool {
        let id = job.record.id
        let number = change { state -> Int? in
            guard !state.isClosed else { return nil }
            state.lastWait += 1
            let number = state.lastWait
            _ = state.apply(.waits, to: id) { entry in
                entry.wait = Wait(wait, number: number)
                entry.work = job
            }
            return state.jobs[id]?.state == .waiting ? number : nil
        }
        guard let number else { return false }
        let giveUp = await begin { self.end(id, number, $0) }
        let isThere = state.withLock { state in
            guard let job = state.jobs[id], job.wait?.number == number else { return false }
            job.wait = Wait(wait, number: number, giveUp: giveUp)
            return true
        }
        // It may have gone on meanwhile.
        if !isThere { await giveUp() }
        return true
    }

    /// Goes on with all jobs that wait, since the worker stops, and keeps no more.
    func close() {
        let ids = change { state in
            state.isClosed = true
            return state.jobs.values.filter { $0.state == .waiting }.sorted { $0.number < $1.number }.map(\.id)
        }
        for id in ids { apply(.stops, to: id) }
    }

    private func end(_ id: String, _ number: Int, _ reason: Woken.Reason) {
        let woken = change { state -> Woken? in
            // It may be a later wait by now.
            guard let job = state.jobs[id], job.state == .waiting, let wait = job.wait, wait.number == number,
                let work = job.work
            else { return nil }
            _ = state.apply(.runs, to: id) { _ in }
            return Woken(job: work, wait: wait, reason: reason)
        }
        if let woken { wake(woken) }
    }

    /// Notes that a job's handler runs no more.
    func noteEnd(of id: String) {
        state.withLock { state in
            state.jobs[id]?.isHandled = false
            state.jobs[id]?.cancel = nil
        }
    }

    // MARK: Stopped pipelines

    /// The executions of jobs that have been held, or in the queue, since then.
    func executions(since date: Date) -> Set<PipelineExecutionID> {
        state.withLock { state in
            Set(state.jobs.values.filter { $0.watchedSince.map { $0 <= date } ?? false }.compactMap(\.execution))
        }
    }

    /// The jobs of an execution that somebody may still want, and the actions that they are of.
    func jobs(of execution: PipelineExecutionID) -> [(id: String, actionExecutionID: String, isInQueue: Bool)] {
        state.withLock { state in
            state.jobs.values.filter { $0.execution == execution }
                .map { ($0.id, $0.record.actionExecutionID, $0.state == .requeued) }
        }
    }
}

extension JobTable.Job {
    /// Its pipeline's execution, while it is worth a look.
    fileprivate var execution: PipelineExecutionID? {
        guard watchedSince != nil, [.running, .waiting, .requeued].contains(state) else { return nil }
        return PipelineExecutionID(record.place)
    }
}
