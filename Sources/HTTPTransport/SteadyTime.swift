package import FoundationEssentials

/// A date that passes evenly: the time of day at its beginning, and what has passed since.
///
/// The time of day jumps when a host's clock is set. This one doesn't, so pauses, ages and deadlines are measured by it.
/// It goes on while the host sleeps: on Linux it counts with `CLOCK_BOOTTIME`, as `Task.sleep(for:)` does.
package struct SteadyTime: Sendable {
    /// The one that all of a process measure by; it begins when it is first asked.
    package static let ofProcess = SteadyTime()

    private let beginning: Date
    private let began: ContinuousClock.Instant

    /// Begins now.
    ///
    /// - Parameter beginning: What the date is now.
    package init(from beginning: Date = Date()) {
        self.beginning = beginning
        began = .now
    }

    /// The date.
    package var now: Date {
        let (seconds, attoseconds) = began.duration(to: .now).components
        return beginning.addingTimeInterval(TimeInterval(seconds) + TimeInterval(attoseconds) * 1e-18)
    }
}
