import AWSLite
import Foundation
import JobEngine
import Synchronization

/// People who are asked, from memory.
final class Approvals: Sendable {
    private struct State {
        var wakes: [String: @Sendable (Bool) -> Void] = [:]
        var givenUp: [String] = []
    }

    private let state = Mutex(State())

    /// Who has been asked for in vain, or has answered, in order.
    var givenUp: [String] { state.withLock { $0.givenUp } }

    func ask(_ id: String, _ wake: @escaping @Sendable (Bool) -> Void) { state.withLock { $0.wakes[id] = wake } }

    func giveUp(_ id: String) {
        state.withLock {
            $0.wakes[id] = nil
            $0.givenUp.append(id)
        }
    }

    func answer(_ id: String, _ isYes: Bool) {
        let wake = state.withLock { $0.wakes[id] }
        wake?(isYes)
    }
}

/// Waits for somebody's word.
struct Approval: WaitingActionHandler {
    let approvals: Approvals
    /// How long it is waited for; `nil` for ever.
    var limit: Duration? = .seconds(600)

    func run(_ configuration: NoConfiguration, after event: Bool?, context: JobContext<Date>) async throws
        -> JobStep<Bool>
    {
        let asked = context.checkpoint ?? context.clock.now
        if context.checkpoint == nil { try await context.save(asked) }
        if let event {
            guard event else { throw JobFailure(.jobFailed, "Somebody said no.") }
            return .done(JobResult(summary: "Approved"))
        }
        let deadline = limit.map { asked + $0 }
        let seconds = Int(context.clock.now.timeIntervalSince(asked))
        if context.isProgressDue { await context.report(JobProgress("Asked \(seconds) s ago")) }
        if let deadline, context.clock.now >= deadline { throw JobFailure(.jobFailed, "Nobody said anything.") }
        let id = context.job.actionExecutionID
        return .wait(
            JobWait(for: "somebody's word", until: deadline) { [approvals] wake in
                approvals.ask(id, wake)
                return { approvals.giveUp(id) }
            }
        )
    }
}
