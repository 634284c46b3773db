import Foundation
import HTTPTransport

/// How often a job's progress was shown in CodePipeline's console, and when that is due again.
///
/// CodePipeline has no call that reports progress alone: a job is put back with its summary and link, and taken again.
struct RequeueSchedule: Sendable, Codable, Hashable {
    /// How long after its claim a job is first put back: shorter ones cost no call more than their result.
    private static let beginning: TimeInterval = 4
    /// How many times its first length the pause between shows grows to.
    private static let growth = 5

    var count = 0
    var last: Date?

    /// When progress is next to be shown of a job that this worker holds since `start`.
    func next(heldSince start: Date, interval: Duration) -> Date {
        guard let last else { return start.addingTimeInterval(Self.beginning) }
        let factor = count > 3 ? Self.growth : min(1 << max(count - 1, 0), Self.growth)
        return last.addingTimeInterval(interval.timeInterval * Double(factor))
    }

    /// The same after one more.
    func shown(at time: Date) -> Self { Self(count: count + 1, last: time) }
}

/// Keeps the showing of progress from wearing out the account's request rate, however many jobs a worker holds.
final class RequeueBudget: Sendable {
    /// How many jobs may be put back at once, and how many in a second later on.
    private static let (burst, rate) = (20.0, 1.0)

    private let state = Locked((left: burst, filledAt: Date.distantPast))

    /// Takes the right to put one job back, if there is one left.
    func take(now: Date) -> Bool {
        state.withLock { state in
            let elapsed = max(0, now.timeIntervalSince(state.filledAt))
            state.left = min(Self.burst, state.left + elapsed * Self.rate)
            state.filledAt = now
            guard state.left >= 1 else { return false }
            state.left -= 1
            return true
        }
    }
}
