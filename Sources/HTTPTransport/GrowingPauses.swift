/// The pauses between tries of one thing, each twice as long as the one before, up to a limit.
package struct GrowingPauses: Sendable {
    /// How much of a pause is left to chance, so that those that fail together don't come back together.
    package enum Jitter: Sendable {
        /// All of it.
        case full
        /// Its second half.
        case half
    }

    private let first: Duration
    private let longest: Duration

    /// Begins with `first`, or with `longest` where that is less.
    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The whole pause after a number of failures, from 1.
    package func whole(after failures: Int) -> Duration {
        var pause = min(first, longest)
        var left = failures - 1
        while left > 0, pause < longest {
            pause = min(pause * 2, longest)
            left -= 1
        }
        return pause
    }

    /// What chance leaves of the pause after a number of failures, from 1.
    ///
    /// `jitter` is how much is left to chance, and `random` is the chance, from 0 up to, but not including, 1.
    package func pause(
        after failures: Int,
        jitter: Jitter,
        random: Double = Double.random(in: 0..<1)
    ) -> Duration {
        let whole = whole(after: failures)
        let least = jitter == .full ? .zero : whole / 2
        return least + (whole - least) * random
    }
}
