import Foundation
import QualiCore

/// A clock that runs two hundred times as fast as the real one, so that a limit of a minute is met in 0.3 seconds.
struct HurriedClock: WorkerClock {
    static let speed = 200.0
    private let start = Date()

    var now: Date { start.addingTimeInterval(Date().timeIntervalSince(start) * Self.speed) }

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration / Self.speed)
    }
}
