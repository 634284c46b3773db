/// Growing, jittered pauses between tries of one thing.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    /// Starts with about `first` and doubles up to `longest`.
    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The pause before the next try: between half of the nominal one and the whole.
    package mutating func pause() -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 0.5...1)
    }

    /// Begins anew, after a success.
    package mutating func reset() {
        next = first
    }
}
