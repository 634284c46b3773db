import Foundation
import QualiCore

/// Tells when a worker has had no job for so long that it may stop.
///
/// A job that it has put back into the queue is one, too. And each queue was asked since the last job ended, without
/// bringing another: a pause between polls is no idleness, nor is a time in which nobody answers.
struct IdleWatch {
    /// How long there may be no job.
    let limit: Duration
    private var since: Date?

    init(limit: Duration) {
        self.limit = limit
    }

    /// Whether it may stop, by what it does now.
    mutating func isOver(_ snapshot: WorkerSnapshot) -> Bool {
        guard snapshot.jobs.isEmpty, snapshot.startedAt != nil, !snapshot.isStopping else {
            since = nil
            return false
        }
        let lastEnd = snapshot.ended.first?.endedAt ?? .distantPast
        let begin = max(since ?? snapshot.takenAt, lastEnd)
        since = begin
        // A paused worker asks no queue.
        let isEmpty =
            snapshot.pause != nil || snapshot.queues.allSatisfy { $0.service.lastAnswerAt ?? .distantPast > begin }
        return isEmpty && snapshot.takenAt.timeIntervalSince(begin) >= limit / .seconds(1)
    }
}
