import HTTPTransport

/// Growing, jittered pauses between tries of one thing.
package struct Backoff: Sendable {
    private let pauses: GrowingPauses
    private var tries = 0

    /// Starts with about `first` and doubles up to `longest`.
    package init(first: Duration, longest: Duration) {
        pauses = GrowingPauses(first: first, longest: longest)
    }

    /// The pause before the next try: between half of the nominal one and the whole.
    package mutating func pause() -> Duration {
        tries += 1
        return pauses.pause(after: tries, jitter: .half)
    }

    /// Begins anew, after a success.
    package mutating func reset() {
        tries = 0
    }
}
