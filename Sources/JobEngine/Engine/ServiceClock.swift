package import AWSLite
package import Foundation

/// The time by CodePipeline, which a fleet's hosts have in common, and a host's next process will have, too.
///
/// Jobs' dates are in it: they go into the journal and continuation tokens, and mean the same wherever they are read.
/// It passes as evenly as the clock that it is made of. Until CodePipeline has answered once it is that clock's own time,
/// and no job is begun or gone on with before.
package struct ServiceClock: WorkerClock {
    private let base: any WorkerClock
    private let offset: @Sendable () -> TimeInterval?

    /// Creates a clock by AWS's time.
    ///
    /// - Parameters:
    ///   - base: What it passes by.
    ///   - aws: The clock of CodePipeline's client, which has to measure by `base`.
    package init(_ base: any WorkerClock = .system, aws: AWSClock) {
        self.init(base) { aws.offset }
    }

    /// `offset` tells how far the service's time is ahead of `base`, in seconds; `nil` until that is known.
    init(_ base: any WorkerClock, offset: @escaping @Sendable () -> TimeInterval?) {
        self.base = base
        self.offset = offset
    }

    /// The time.
    package var now: Date { date(of: base.now) }

    /// Whether CodePipeline has told its time, so that the time never goes back from now on.
    package var isKnown: Bool { offset() != nil }

    /// The host's time of day.
    package var timeOfDay: Date { base.timeOfDay }

    /// The service's date of a moment that the clock below has given.
    func date(of moment: Date) -> Date { moment.addingTimeInterval(offset() ?? 0) }

    /// Waits.
    package func sleep(for duration: Duration) async throws {
        try await base.sleep(for: duration)
    }
}
