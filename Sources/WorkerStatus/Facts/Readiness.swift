import Foundation
import JobEngine

/// Whether a worker could take a job now and do it, as far as the services' latest answers tell.
struct Readiness: Sendable, Hashable {
    /// Why it couldn't, a line each; none where it could.
    let reasons: [String]

    /// Whether it could.
    var isReady: Bool { reasons.isEmpty }

    /// Judges a snapshot.
    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts) {
        guard snapshot.startedAt != nil, !snapshot.isStopping else {
            reasons = [snapshot.isStopping ? "The worker is being stopped." : "The worker is starting."]
            return
        }
        let queues = snapshot.queues.compactMap { queue -> String? in
            if [.paused, .waitingForRoom, .heldBack].contains(queue.activity) { return nil }
            return Self.reason(
                "CodePipeline's queue of \(queue.action), version \(queue.version),",
                queue.service,
                facts.pollPatience,
                snapshot.takenAt
            )
        }
        let journal = snapshot.journalTrouble.map { "The journal can't note what would be claimed: \($0)" }
        let lab = facts.lab.flatMap { lab in
            snapshot.lab.refusal.map { "The lab refuses the worker's login, so it takes no jobs: \($0)" }
                ?? Self.reason("The lab", snapshot.lab, lab.patience, snapshot.takenAt)
        }
        let pause = snapshot.pause.map(\.sentence)
        reasons = [pause, journal].compactMap(\.self) + queues + [lab].compactMap(\.self)
    }

    private static func reason(
        _ name: String,
        _ service: WorkerSnapshot.Service,
        _ patience: Duration,
        _ now: Date
    ) -> String? {
        let trouble = service.trouble.map { ": \($0)" } ?? ""
        guard let last = service.lastAnswerAt else { return "\(name) hasn't answered yet\(trouble)" }
        let (seconds, attoseconds) = patience.components
        guard now.timeIntervalSince(last) > Double(seconds) + Double(attoseconds) * 1e-18 else { return nil }
        return "\(name) hasn't answered since \(last.formatted(.iso8601))\(trouble)"
    }
}

extension WorkerPause {
    /// What it is, until when and why, in a sentence.
    package var sentence: String {
        let end = until.map { "until \(JobDescription.time($0)) UTC" } ?? "until somebody ends it"
        let reason = note.map { ": \($0)" } ?? ""
        let isWhole = reason.last.map { ".!?…".contains($0) } ?? false
        return "The worker is paused and takes no jobs, \(end)\(reason)\(isWhole ? "" : ".")"
    }
}
