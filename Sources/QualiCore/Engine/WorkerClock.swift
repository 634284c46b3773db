public import Foundation

/// The time of day and a way to wait, as one thing that a test can replace.
///
/// Deadlines are dates, not instants of a process's clock, because a job may outlive the process that began it.
public protocol WorkerClock: Sendable {
    /// The time of day.
    var now: Date { get }

    /// Waits.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    func sleep(for duration: Duration) async throws
}

/// The system's clock.
public struct SystemWorkerClock: WorkerClock {
    /// Creates the clock.
    public init() {}

    /// The time of day.
    public var now: Date { Date() }

    /// Waits, without blocking a thread.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}

extension WorkerClock where Self == SystemWorkerClock {
    /// The system's clock.
    public static var system: Self { SystemWorkerClock() }
}
