package import Foundation
import Synchronization

/// The time in the stand-ins: the real one, moved forward when a test wants it.
package final class LocalClock: Sendable {
    private struct State {
        var offset: TimeInterval = 0
        var frozen: Date?
    }

    private let state = Mutex(State())

    /// Creates a clock that runs with the real one.
    package init() {}

    /// Creates a clock that stands still at a time and moves by ``advance(by:)`` alone.
    package init(frozenAt date: Date) {
        state.withLock { $0.frozen = date }
    }

    /// The time now.
    package var now: Date {
        state.withLock { ($0.frozen ?? Date()).addingTimeInterval($0.offset) }
    }

    /// Moves the time forward.
    package func advance(by duration: Duration) {
        state.withLock { $0.offset += duration / .seconds(1) }
    }
}
