import Foundation

/// Keeps calls apart that nobody waits for, so that they don't wear out the account's request rate.
package actor CallPace {
    /// The least time between the beginnings of two calls, in seconds.
    private static let pause: TimeInterval = 1
    private let clock: any WorkerClock
    private var next = Date.distantPast

    /// - Parameter clock: What the pauses are measured by.
    package init(clock: any WorkerClock) {
        self.clock = clock
    }

    /// Waits until it is the caller's turn.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    package func turn() async throws {
        let now = clock.now
        // A clock that was put back makes nobody wait for long.
        let slot = min(max(now, next), now.addingTimeInterval(Self.pause * 1_000))
        next = slot.addingTimeInterval(Self.pause)
        if slot > now { try await clock.sleep(for: .seconds(slot.timeIntervalSince(now))) }
        try Task.checkCancellation()
    }
}
