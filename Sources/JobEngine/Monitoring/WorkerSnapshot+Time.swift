import Foundation

extension WorkerSnapshot {
    /// The same with all dates in CodePipeline's time, as those of claims are from the beginning.
    ///
    /// A monitor measures by the worker's even clock, whose dates are as wrong as the host's clock was when it began.
    ///
    /// `offset` is how far CodePipeline's time is ahead, in seconds.
    func inServiceTime(_ offset: TimeInterval) -> Self {
        guard offset != 0 else { return self }
        var snapshot = self
        snapshot.takenAt += offset
        snapshot.startedAt?.addTimeInterval(offset)
        snapshot.jobs = jobs.map { $0.moved(by: offset) }
        snapshot.ended = ended.map { ended in
            var ended = ended
            ended.job = ended.job.moved(by: offset)
            ended.endedAt += offset
            return ended
        }
        snapshot.events = events.map { event in
            var event = event
            event.at += offset
            return event
        }
        snapshot.queues = queues.map { queue in
            var queue = queue
            queue.activity = queue.activity.moved(by: offset)
            queue.service = queue.service.moved(by: offset)
            return queue
        }
        snapshot.lab = lab.moved(by: offset)
        return snapshot
    }
}

extension WorkerSnapshot.Job {
    fileprivate func moved(by offset: TimeInterval) -> Self {
        var job = self
        job.progressSince += offset
        job.putBackAt?.addTimeInterval(offset)
        return job
    }
}

extension WorkerSnapshot.Activity {
    fileprivate func moved(by offset: TimeInterval) -> Self {
        switch self {
        case .notStarted, .paused, .heldBack, .waitingForRoom: self
        case .asking(let since): .asking(since: since + offset)
        case .resting(let until): .resting(until: until + offset)
        }
    }
}

extension WorkerSnapshot.Service {
    fileprivate func moved(by offset: TimeInterval) -> Self {
        var service = self
        service.lastAnswerAt?.addTimeInterval(offset)
        service.troubleSince?.addTimeInterval(offset)
        return service
    }
}
