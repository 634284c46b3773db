public import Foundation
import HTTPTransport

/// What a person tells a worker while it runs; one is for one worker.
///
/// A paused worker takes no jobs, but takes back those that it had put into CodePipeline's queue, within a minute. It puts
/// none there to wait, and leaves those in hand to a durable journal when it stops. A pause isn't in the journal: whoever
/// starts a worker pauses it again.
public final class WorkerControl: Sendable {
    private struct State {
        var pause: WorkerPause?
        var cancel: @Sendable (_ id: String, _ reason: String) -> Bool = { _, _ in false }
    }

    private let state = Locked(State())
    /// Closed during a pause.
    private let gate = JobGate()

    /// Creates a control that has said nothing.
    public init() {}

    /// Pauses the worker from now on, or changes its pause.
    public func pause(_ pause: WorkerPause) {
        state.withLock { $0.pause = pause }
        gate.close()
    }

    /// Ends the worker's pause, if there is one.
    public func resume() {
        state.withLock { $0.pause = nil }
        gate.open()
    }

    /// The pause that there is at a time of day; `nil` where there is none.
    public func pause(at timeOfDay: Date) -> WorkerPause? {
        guard let pause = state.withLock({ $0.pause }), pause.until ?? .distantFuture > timeOfDay else { return nil }
        return pause
    }

    /// Fails a job whose handler runs or waits, and has what it has begun undone as if its pipeline were stopped.
    ///
    /// The first reason counts. It takes a ``JobWorker/Configuration/pipelinePollInterval``.
    ///
    /// - Parameters:
    ///   - id: The job's id, or that of its action's execution.
    ///   - reason: What the pipeline is told, such as who wants it.
    /// - Returns: Whether the worker has such a job; one that is about to begin can be cancelled a moment later.
    @discardableResult
    public func cancel(_ id: String, because reason: String) -> Bool {
        state.withLock { $0.cancel }(id, reason)
    }

    /// From now on, `cancel` is what cancels jobs.
    func serve(_ cancel: @escaping @Sendable (_ id: String, _ reason: String) -> Bool) {
        state.withLock { $0.cancel = cancel }
    }

    /// Waits until the pause is over or may be, or the task is cancelled.
    func waitForEnd(of pause: WorkerPause, _ clock: any WorkerClock) async {
        // The time of day may be set meanwhile.
        let rest = min(pause.until?.timeIntervalSince(clock.timeOfDay) ?? 60, 60)
        await race({ [gate] in await gate.pass() }, { try? await clock.sleep(for: .seconds(max(rest, 0.1))) })
    }
}
