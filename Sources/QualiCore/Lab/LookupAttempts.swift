import Foundation

/// How often something that a lab may list late was looked for and not found.
///
/// It belongs in a checkpoint, so that the looks of workers which die soon add up.
package struct LookupAttempts: Codable, Sendable, Hashable {
    /// After how many looks it is taken for missing, if it may have been asked for only just now.
    ///
    /// With five seconds between them, these see a request that the lab acts upon twenty seconds late, and lists only at the
    /// third time.
    static let enough = 7

    /// After how many looks it is taken for missing, if another worker would have asked for it some ten seconds ago.
    static let enoughForOthers = 4

    private(set) var count = 0
    private var last: Date?

    /// Begins.
    package init() {}

    /// Whether it is taken for missing.
    var areEnough: Bool { count >= Self.enough }

    /// Waits until a pause after the last look is over.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func waitForNext(_ pause: Duration, _ clock: any WorkerClock) async throws {
        guard let last else { return }
        let elapsed = clock.now.timeIntervalSince(last)
        // A clock that was put back mustn't make it wait longer.
        let rest = elapsed < 0 ? pause.timeInterval : pause.timeInterval - elapsed
        if rest > 0 { try await clock.sleep(for: .seconds(rest)) }
    }

    /// Adds a look at the given time.
    mutating func add(at time: Date) {
        count += 1
        last = time
    }
}
