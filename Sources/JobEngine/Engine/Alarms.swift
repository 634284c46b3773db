import Foundation
import HTTPTransport

/// Calls back at set times, with one task for all of them.
final class Alarms: Sendable {
    private struct Alarm {
        var date: Date
        let pause: Duration
        let ring: @Sendable () -> Bool
    }

    private struct State {
        var alarms: [Int: Alarm] = [:]
        var last = 0
        /// When ``run()`` looks next.
        var nextLook = Date.distantFuture
        var isNeeded: AsyncStream<Void>.Continuation?
    }

    /// The least time between two looks, in seconds, so that those of a crowd ring together.
    private static let round: TimeInterval = 0.05

    private let clock: any WorkerClock
    private let state = Locked(State())

    init(_ clock: any WorkerClock) {
        self.clock = clock
    }

    /// Sets an alarm.
    ///
    /// - Parameters:
    ///   - pause: The time until it rings, and until it rings again.
    ///   - ring: Called then; whether it is to ring again.
    /// - Returns: Takes it back.
    func set(every pause: Duration, _ ring: @escaping @Sendable () -> Bool) -> GiveUp {
        let date = clock.now.addingTimeInterval(pause.timeInterval)
        let number = state.withLock { state in
            state.last += 1
            state.alarms[state.last] = Alarm(date: date, pause: pause, ring: ring)
            if date < state.nextLook { state.isNeeded?.yield() }
            return state.last
        }
        return { self.state.withLock { $0.alarms[number] = nil } }
    }

    /// Sets an alarm that rings once.
    ///
    /// - Returns: Takes it back.
    func set(once pause: Duration, _ ring: @escaping @Sendable () -> Void) -> GiveUp {
        set(every: pause) {
            ring()
            return false
        }
    }

    /// Rings until the task is cancelled.
    func run() async {
        let clock = clock
        while !Task.isCancelled {
            let (needs, isNeeded) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let now = clock.now
            let (due, next) = state.withLock { state in
                let due = state.alarms.filter { $0.value.date <= now }.sorted { $0.key < $1.key }
                for (number, alarm) in due {
                    state.alarms[number]?.date = now.addingTimeInterval(alarm.pause.timeInterval)
                }
                state.nextLook = state.alarms.values.map(\.date).min() ?? .distantFuture
                state.isNeeded = isNeeded
                return (due, state.nextLook)
            }
            for (number, alarm) in due where !alarm.ring() { state.withLock { $0.alarms[number] = nil } }
            if next == .distantFuture {
                for await _ in needs { break }
            } else {
                let rest = Duration.seconds(max(next.timeIntervalSince(now), Self.round))
                await race({ for await _ in needs { break } }, { try? await clock.sleep(for: rest) })
            }
        }
    }
}
