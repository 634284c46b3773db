import Foundation
package import Logging

/// Says when somebody has set the host's clock.
///
/// Nothing else comes of that. But who compares the log's times will want to know.
package struct ClockWatch: Sendable {
    private static let pause: Duration = .seconds(10)
    /// More than a clock that is only slowed down or quickened strays within a pause.
    private static let leastJump: TimeInterval = 5

    private let clock: any WorkerClock
    private let logger: Logger

    package init(clock: any WorkerClock, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// Looks until the task is cancelled.
    package func run() async {
        var known = lead
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.pause)
            let lead = lead
            if abs(lead - known) >= Self.leastJump {
                logger.notice("The host's clock was set", metadata: ["by": "\(Self.inWords(lead - known))"])
            }
            known = lead
        }
    }

    /// How far the time of day is ahead of the even time.
    private var lead: TimeInterval { clock.timeOfDay.timeIntervalSince(clock.now) }

    private static func inWords(_ seconds: TimeInterval) -> String {
        let whole = Int(abs(seconds).rounded())
        let parts = [whole / 60 % 60, whole % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(seconds < 0 ? "-" : "+")\(whole / 3_600):\(parts.joined(separator: ":"))"
    }
}
