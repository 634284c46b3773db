public import Foundation
import HTTPTransport
public import JobEngine

/// A clock that stands still until a test moves it.
///
/// Who sleeps on it is woken by ``wakeNext(leapingAtMost:)``, ``advance(by:)`` or, one after the other, by
/// ``running(leapingAtMost:_:)``; so an hour of pauses takes no time. ``HandlerTest`` moves its clock by itself.
public final class ManualClock: WorkerClock {
    private struct Sleeper {
        let id: Int
        let wakesAt: Date
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Date
        var sleepers: [Sleeper] = []
        var lastID = 0
        /// How many have ever lain down.
        var count = 0
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    /// What a clock shows first, unless it is told: a morning in January 2027.
    public static let beginning = Date(timeIntervalSince1970: 1_800_000_000)

    /// Runs the tasks that are waited for until they have nothing left to do, before sleepers are woken.
    ///
    /// So the time never passes over one of them that is awake and about to lie down, however slow the machine is.
    package let executor = SettlingExecutor()

    private let state: Locked<State>
    private let tick: TimeInterval

    /// Creates a clock.
    ///
    /// - Parameter start: What it shows first.
    public convenience init(startingAt start: Date = ManualClock.beginning) {
        self.init(startingAt: start, tick: 0)
    }

    /// Creates a clock that goes on by itself.
    ///
    /// `tick` is by how many seconds each reading moves the time on, as no real clock tells one time twice.
    package init(startingAt start: Date = ManualClock.beginning, tick: TimeInterval) {
        state = Locked(State(now: start))
        self.tick = tick
    }

    /// The time to which the clock was moved.
    public var now: Date {
        state.withLock { state in
            state.now += tick
            return state.now
        }
    }

    /// Sleeps until the clock is moved so far, and whoever moves it wakes this sleeper.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it sleeps.
    public func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let watchers = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
                    guard !Task.isCancelled else { return nil }
                    let wakesAt = state.now.addingTimeInterval(Self.seconds(duration))
                    state.count += 1
                    state.sleepers.append(Sleeper(id: id, wakesAt: wakesAt, continuation: continuation))
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

    /// How many sleep.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Waits until somebody sleeps, then moves the time to the first sleeper's waking and wakes it.
    ///
    /// A cancelled task waits no longer.
    ///
    /// - Parameter leap: How far the time may move at once; who sleeps longer is left asleep till then.
    public func wakeNext(leapingAtMost leap: Duration? = nil) async {
        await wake { sleepers, now in
            let next = sleepers.min { $0.wakesAt < $1.wakesAt }
            guard let leap, let next else { return next }
            return next.wakesAt <= now.addingTimeInterval(Self.seconds(leap)) ? next : nil
        }
    }

    /// Waits until somebody sleeps for exactly this long, then moves the time on and wakes it, and nobody else.
    package func wakeSleeper(of duration: Duration) async {
        await wake { sleepers, now in sleepers.first { $0.wakesAt == now.addingTimeInterval(Self.seconds(duration)) } }
    }

    private func wake(_ choose: ([Sleeper], Date) -> Sleeper?) async {
        while !Task.isCancelled {
            // Who has lain down first may be joined by who sleeps for less.
            await executor.settled()
            let (sleeper, seen) = state.withLock { state -> (Sleeper?, Int) in
                guard let chosen = choose(state.sleepers, state.now) else { return (nil, state.count) }
                state.sleepers.removeAll { $0.id == chosen.id }
                state.now = max(state.now, chosen.wakesAt)
                return (chosen, state.count)
            }
            if let sleeper {
                sleeper.continuation.resume()
                return
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isLate = state.withLock { state in
                        // Somebody may have lain down since the look.
                        guard state.count == seen, !Task.isCancelled else { return true }
                        state.watchers.append(continuation)
                        return false
                    }
                    if isLate { continuation.resume() }
                }
            } onCancel: {
                // All look again, the others in vain.
                let watchers = state.withLock { state in
                    defer { state.watchers = [] }
                    return state.watchers
                }
                for watcher in watchers { watcher.resume() }
            }
        }
    }

    /// Wakes sleepers one after the other, each at its time, while `body` runs.
    ///
    /// Before it wakes one, it waits until `body` and its child tasks have nothing left to do. Of tasks that aren't
    /// `body`'s children it knows nothing: the time may leap while one of these is about to lie down.
    ///
    /// - Parameters:
    ///   - leap: How far the time may move at once: as far as the longest pause of those that mustn't be passed over
    ///     while they are awake on a busy machine, about to lie down again.
    ///   - body: What is done meanwhile.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    @discardableResult
    public func running<Value: Sendable>(
        leapingAtMost leap: Duration? = nil,
        _ body: @Sendable () async throws -> Value
    ) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.wakeNext(leapingAtMost: leap)
                    await Task.yield()
                }
            }
            let value = try await withTaskExecutorPreference(executor) { try await body() }
            group.cancelAll()
            return value
        }
    }

    private static func seconds(_ duration: Duration) -> TimeInterval {
        TimeInterval(duration.components.seconds) + TimeInterval(duration.components.attoseconds) * 1e-18
    }

    /// Moves the time on, and wakes all whose time has come by then.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += Self.seconds(duration)
            let due = state.sleepers.filter { $0.wakesAt <= state.now }.sorted { $0.wakesAt < $1.wakesAt }
            state.sleepers.removeAll { $0.wakesAt <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves the time on while all sleep on, as where the host itself was asleep.
    package func leap(by seconds: TimeInterval) {
        state.withLock { $0.now += seconds }
    }
}
