import Foundation
import HTTPTransport
import QualiCore

/// A clock that stands still until a test moves it.
final class ManualClock: WorkerClock {
    private struct Sleeper {
        let id: Int
        let wakesAt: Date
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Date(timeIntervalSince1970: 1_800_000_000)
        var sleepers: [Sleeper] = []
        var lastID = 0
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    var now: Date { state.withLock { $0.now } }

    func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let watchers = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
                    guard !Task.isCancelled else { return nil }
                    let seconds =
                        TimeInterval(duration.components.seconds)
                        + TimeInterval(duration.components.attoseconds) * 1e-18
                    state.sleepers.append(
                        Sleeper(id: id, wakesAt: state.now.addingTimeInterval(seconds), continuation: continuation)
                    )
                    defer { state.watchers = [] }
                    return state.watchers
                }
                guard let watchers else { return continuation.resume(throwing: CancellationError()) }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Waits until somebody sleeps, then moves the time to the first sleeper's waking and wakes it.
    func wakeNext() async {
        while true {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let first = state.sleepers.min(by: { $0.wakesAt < $1.wakesAt }) else { return nil }
                state.sleepers.removeAll { $0.id == first.id }
                state.now = max(state.now, first.wakesAt)
                return first
            }
            if let sleeper {
                sleeper.continuation.resume()
                return
            }
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    guard state.sleepers.isEmpty else { return true }
                    state.watchers.append(continuation)
                    return false
                }
                if isLate { continuation.resume() }
            }
        }
    }

    /// Wakes sleepers one after the other, each at its time, while `body` runs.
    @discardableResult
    func running<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.wakeNext()
                    await Task.yield()
                }
            }
            let value = try await body()
            group.cancelAll()
            return value
        }
    }

    /// Moves the time on; sleepers sleep on.
    func advance(by seconds: TimeInterval) {
        state.withLock { $0.now += seconds }
    }
}
