public import Foundation
import HTTPTransport

/// The time and a way to wait, as one thing that a test can replace.
///
/// Deadlines are dates, not instants of a process's clock, because a job may outlive the process that began it.
public protocol WorkerClock: Sendable {
    /// The time, as a date that passes evenly: a host's clock that is set right changes nothing in it.
    var now: Date { get }

    /// The host's time of day, which jumps when it is set; by default ``now``.
    var timeOfDay: Date { get }

    /// Waits.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    func sleep(for duration: Duration) async throws
}

extension WorkerClock {
    /// The same as ``now``.
    public var timeOfDay: Date { now }
}

/// The system's clock.
package struct SystemWorkerClock: WorkerClock {
    /// Creates the clock.
    package init() {}

    /// The time of day when the process began, and what has passed since.
    package var now: Date { SteadyTime.ofProcess.now }

    /// The host's time of day.
    package var timeOfDay: Date { Date() }

    /// Waits, without blocking a thread.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}

extension WorkerClock where Self == SystemWorkerClock {
    /// The system's clock.
    package static var system: Self { SystemWorkerClock() }
}
