import Foundation

/// Which jobs there are to be had.
extension World {
    mutating func addJob(to runID: String, token: String?, now: Date) {
        guard let type = runs[runID]?.action.type else { return }
        let delay = token == nil ? 0 : behavior.continuationDelay / .seconds(1)
        let job = Job(
            id: Random.uuid(),
            number: jobs.count,
            runID: runID,
            created: now,
            available: now.addingTimeInterval(delay),
            continuationToken: token
        )
        jobs[job.id] = job
        openJobs.insert(job.id)
        offers[type, default: JobLine()].append(job)
        runs[runID]?.jobIDs.append(job.id)
    }

    /// Makes sure that a job isn't handed out any more.
    mutating func withdraw(_ id: String) {
        guard let job = jobs[id], let type = runs[job.runID]?.action.type else { return }
        offers[type]?.remove(job)
    }

    /// Ends a job.
    mutating func close(_ id: String, as status: Job.Status, with result: JSON? = nil, now: Date) {
        jobs[id]?.status = status
        jobs[id]?.ended = now
        jobs[id]?.result = result
        openJobs.remove(id)
        withdraw(id)
    }
}
