import AWSLite
import Foundation

/// How long a sandbox is to live, as the action says that has started it.
struct LifetimeTerms: Sendable, Codable, Hashable {
    /// Whether it ends with its pipeline; `nil` where the action leaves that to the worker.
    var endWithPipeline: EndWithPipeline?
    /// How long it is reserved for at its start, in seconds.
    var duration: TimeInterval
    /// How long it may be reserved for in all, in seconds; `nil` where it isn't extended.
    var maxDuration: TimeInterval?

    /// Creates terms.
    init(endWithPipeline: EndWithPipeline? = nil, duration: Duration, maxDuration: Duration? = nil) {
        self.endWithPipeline = endWithPipeline
        self.duration = duration.timeInterval
        self.maxDuration = maxDuration?.timeInterval
    }
}

/// When a sandbox is ended with its pipeline, and when it is extended.
struct LifetimeRules: Sendable, Hashable {
    /// What holds where an action doesn't say it.
    var endWithPipeline: EndWithPipeline
    /// How long an execution has to be over before its sandboxes are ended: time for a retry, and for a look.
    var grace: Duration

    /// Creates rules.
    init(endWithPipeline: EndWithPipeline = .onFailure, grace: Duration = .seconds(3_600)) {
        self.endWithPipeline = endWithPipeline
        self.grace = grace
    }

    /// When a sandbox ends with its pipeline: as its action says, else as the worker does.
    func wish(_ terms: LifetimeTerms) -> EndWithPipeline { terms.endWithPipeline ?? endWithPipeline }

    /// Until when a sandbox runs that nobody ends, in words that go on after "it".
    ///
    /// `isFollowed` says whether its pipeline is looked at, without which it isn't ended with it.
    func fate(_ terms: LifetimeTerms, isFollowed: Bool = true) -> String {
        guard isFollowed, wish(terms) != .never else { return "runs until its reservation is over" }
        return "runs until its pipeline's execution has been over for \(grace.inMinutes)"
    }

    /// Whether a sandbox is to be ended once its execution is over in a certain way.
    ///
    /// - Returns: `false` for an execution that goes on, or is in a state that nobody knows.
    func isEnded(_ terms: LifetimeTerms, with status: CodePipeline.PipelineExecutionStatus) -> Bool {
        guard status.isOver else { return false }
        return switch wish(terms) {
        case .never: false
        case .always: true
        case .onFailure: status != .succeeded
        }
    }

    /// When a sandbox is to be ended whose execution is over since then.
    func end(of terms: LifetimeTerms, with status: CodePipeline.PipelineExecutionStatus, since over: Date) -> Date? {
        isEnded(terms, with: status) ? over.addingTimeInterval(grace.timeInterval) : nil
    }

    /// How long before its end a sandbox is extended, in seconds.
    ///
    /// `isOwn` says whether this worker has started it; others wait longer, so that two don't extend it at once.
    /// `interval` is the pause between looks, in seconds.
    func lead(_ terms: LifetimeTerms, isOwn: Bool, interval: TimeInterval) -> TimeInterval {
        // Several looks, where the reservation is long enough for them.
        let lead = max(terms.duration / 3, min(terms.duration * 2 / 3, interval * 4))
        return isOwn ? lead : lead / 2
    }

    /// By how much a sandbox is to be extended now, in whole minutes; `nil` if it isn't.
    ///
    /// It is then reserved for as long from now on as it was at its start, but no longer than it may be in all.
    ///
    /// Its reservation began at `start`, and ends at `end`.
    func extra(_ terms: LifetimeTerms, start: Date, end: Date, now: Date) -> Duration? {
        guard let maxDuration = terms.maxDuration else { return nil }
        let wanted = min(now.addingTimeInterval(terms.duration), start.addingTimeInterval(maxDuration))
        let minutes = (wanted.timeIntervalSince(end) / 60).rounded(.down)
        // A lab may send any date.
        guard minutes >= 1, minutes <= 527_040 else { return nil }
        return .seconds(60 * Int(minutes))
    }
}
