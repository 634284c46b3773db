import CoreMetrics

/// The metrics of a lab and its sandboxes.
package struct LabMetrics: Sendable {
    /// Why a worker has ended a sandbox.
    package enum End: String, Sendable, CaseIterable {
        /// An action's job is to end it.
        case action
        /// The action that has started it has failed, or nobody wants its result any more, or it is a twin.
        case undone
        /// Its pipeline's execution is over.
        case pipeline
        /// A later attempt of its action has made another one.
        case replaced

        /// The reason in words, of one sandbox or of several.
        package var words: String {
            switch self {
            case .action: "an End action asks for it"
            case .undone: "the action that has started it isn't to go on"
            case .pipeline: "the pipeline's execution is over"
            case .replaced: "a later attempt of the action has made another"
            }
        }
    }

    /// Counts requests.
    package let requests: RequestMetrics
    private let started: Counter
    private let ended: [End: Counter]
    private let refusedEnds: Counter
    private let kept: Meter
    private let left: Meter

    init(operations: [String], at place: MetricsPlace) {
        requests = RequestMetrics(.labRequests, .labRequestDuration, operations: operations, at: place)
        started = place.counter(.sandboxesStarted)
        ended = Dictionary(
            uniqueKeysWithValues: End.allCases.map { end in
                (end, place.counter(.sandboxesEnded, [("reason", end.rawValue)] + place.labels))
            }
        )
        refusedEnds = place.counter(.sandboxEndsRefused)
        kept = place.meter(.sandboxesKept)
        left = place.meter(.sandboxesLeft)
        kept.set(0)
        left.set(0)
    }

    /// Counts a sandbox that the worker has started.
    package func sandboxStarted() { started.increment() }

    /// Counts a sandbox that the lab ends because the worker has asked for it.
    package func sandboxEnded(_ end: End) { ended[end]?.increment() }

    /// Counts a sandbox that the worker can't end.
    package func endRefused() { refusedEnds.increment() }

    /// Tells how many sandboxes the worker looks after, and how many of these the lab refuses to end.
    package func sandboxes(kept: Int, left: Int) {
        self.kept.set(kept)
        self.left.set(left)
    }
}
