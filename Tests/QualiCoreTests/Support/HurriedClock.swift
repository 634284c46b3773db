import Foundation
import QualiCore

/// A clock that runs fifty times as fast as the real one, so that a limit of a minute is met in 1.2 seconds.
struct HurriedClock: WorkerClock {
    static let speed = 50.0
    /// The same for all, lest the clock of a worker that goes on with another's jobs be behind.
    private static let start = Date()

    var now: Date { Self.start.addingTimeInterval(Date().timeIntervalSince(Self.start) * Self.speed) }

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration / Self.speed)
    }
}
