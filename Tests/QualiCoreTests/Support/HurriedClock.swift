import Foundation
import HTTPTransport
import QualiCore

/// A clock that runs fifty times as fast as the real one, so that a limit of a minute is met in 1.2 seconds, but no faster
/// than the real one while something is waited for that takes its time on a slow machine: a reply, or the disk.
final class HurriedClock: WorkerClock {
    private static let speed = 50.0
    /// How long a call that isn't answered may hold the hurry up.
    private static let patience = Duration.seconds(5)
    /// The latest time of any: the clock of a worker that goes on with another's jobs mustn't be behind.
    private static let latest = Locked(Date())

    private struct State {
        var now: Date
        var readAt: ContinuousClock.Instant
        /// When each call began that isn't over.
        var calls: [Int: ContinuousClock.Instant] = [:]
        var lastCall = 0

        /// Moves the time on to an instant.
        mutating func go(to instant: ContinuousClock.Instant) {
            let hurriesFrom = calls.values.max().map { $0 + HurriedClock.patience } ?? readAt
            let slow = max(.zero, min(instant, hurriesFrom) - readAt)
            let fast = max(.zero, instant - readAt - slow)
            now += slow / .seconds(1) + fast / .seconds(1) * HurriedClock.speed
            readAt = max(readAt, instant)
        }
    }

    private let state = Locked(State(now: latest.withLock { $0 }, readAt: .now))

    var now: Date {
        let now = state.withLock { state in
            state.go(to: .now)
            return state.now
        }
        Self.latest.withLock { $0 = max($0, now) }
        return now
    }

    func sleep(for duration: Duration) async throws {
        let end = now + duration / .seconds(1)
        while true {
            let left = end.timeIntervalSince(now)
            guard left > 0 else { return try Task.checkCancellation() }
            try await Task.sleep(for: max(.milliseconds(2), .seconds(left / Self.speed)))
        }
    }

    /// Doesn't hurry while `body` waits for something real.
    func waiting<Value: Sendable>(for body: @Sendable () async throws -> Value) async rethrows -> Value {
        let call = state.withLock { state in
            state.go(to: .now)
            state.lastCall += 1
            state.calls[state.lastCall] = .now
            return state.lastCall
        }
        defer {
            state.withLock { state in
                state.go(to: .now)
                state.calls[call] = nil
            }
        }
        return try await body()
    }
}

/// A client for whose replies a hurried clock waits.
struct UnhurriedHTTPClient: HTTPClient {
    let base: any HTTPClient
    let clock: HurriedClock

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        try await clock.waiting { try await base.send(call) }
    }
}
