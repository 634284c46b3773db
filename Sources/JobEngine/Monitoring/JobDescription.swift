package import Foundation

/// A job in the words that tell of it everywhere: on the page and in its JSON, in what commands print, and in metrics.
package struct JobDescription: Sendable, Hashable {
    /// The words for how a job may stand: of those that go on, then of those that are over.
    package static let states = WorkerSnapshot.Stage.all.map(\.rawValue) + WorkerSnapshot.Ending.all.map(\.rawValue)

    /// How it stands, in one of the ``states``.
    package let state: String
    /// Pipeline, stage and action.
    package let place: String
    /// What it waits for in the worker; `nil` while it doesn't.
    package let wait: JobWaitInfo?

    /// Describes a job that goes on.
    package init(_ job: WorkerSnapshot.Job) {
        self.init(job.stage.rawValue, job.place, job.wait)
    }

    /// Describes a job that is over.
    package init(_ ended: WorkerSnapshot.EndedJob) {
        self.init(ended.ending.rawValue, ended.job.place, nil)
    }

    /// Describes a job of the journal, which doesn't know whether the handler of a claimed job has begun to run.
    package init(_ action: JournalledAction) {
        self.init(
            action.ending?.rawValue ?? action.stage.rawValue,
            action.record.place,
            action.stage == .waiting ? action.wait : nil
        )
    }

    private init(_ state: String, _ place: JobPlace, _ wait: JobWaitInfo?) {
        (self.state, self.place, self.wait) = (state, Self.text(of: place), wait)
    }

    /// Pipeline, stage and action, those that CodePipeline names.
    package static func text(of place: JobPlace) -> String {
        [place.pipeline, place.stage, place.action].filter { !$0.isEmpty }.joined(separator: "/")
    }

    /// What it waits for, in words: "waits for the sandbox's setup, until 2026-01-02 03:04:05 UTC"; `nil` while it doesn't.
    ///
    /// `tellsLimit` says whether it tells when the wait ends at the latest, where that is known.
    package func waiting(tellsLimit: Bool = true) -> String? {
        wait.map { wait in
            let limit = tellsLimit ? wait.deadline.map { ", until \(Self.time($0)) UTC" } : nil
            return "waits for \(wait.reason)\(limit ?? "")"
        }
    }

    /// A day and a time, in UTC.
    package static func time(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
    }
}

extension JournalledAction {
    /// How it ended; `nil` before CodePipeline has the outcome.
    package var ending: WorkerSnapshot.Ending? {
        guard endedAt != nil else { return nil }
        return switch record.outcome {
        case .success: .succeeded
        case .failure: .failed
        case .abandoned: .abandoned
        case .continuation, nil: nil
        }
    }

    /// Where its job is, unless it has ended.
    package var stage: WorkerSnapshot.Stage {
        if record.outcome != nil { return endedAt == nil ? .completed : .requeued }
        if !record.isAcknowledged { return .offered }
        return wait == nil ? .running : .waiting
    }

    /// Whether this host's worker has the job, or will have it again when it starts.
    package var isHeld: Bool { ending == nil && stage != .requeued }
}
