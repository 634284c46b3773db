import Foundation
import HTTPTransport

/// The ids of the jobs that a worker has in hand, so that one which is offered again isn't done twice.
///
/// A poll is no claim: a job whose acknowledgement is still under way may come with the next poll.
final class HeldJobs: Sendable {
    private struct State {
        var held: Set<String>
        var shunned: [String: Date] = [:]
    }

    private let state: Locked<State>

    /// Begins with the jobs of an earlier run.
    init(_ ids: some Sequence<String>) {
        state = Locked(State(held: Set(ids)))
    }

    /// Takes a job in hand; `false` if it is already, or is shunned.
    func take(_ id: String, now: Date) -> Bool {
        state.withLock { state in
            if let until = state.shunned[id] {
                guard now >= until else { return false }
                state.shunned[id] = nil
            }
            return state.held.insert(id).inserted
        }
    }

    /// The jobs in hand.
    var ids: Set<String> { state.withLock(\.held) }

    /// Lets go of a job.
    func release(_ id: String) {
        _ = state.withLock { $0.held.remove(id) }
    }

    /// Lets go of a job that can't be acknowledged, and doesn't take it again for a while.
    func shun(_ id: String, until date: Date, now: Date) {
        state.withLock { state in
            state.held.remove(id)
            state.shunned = state.shunned.filter { $0.value > now }
            state.shunned[id] = date
        }
    }
}
