import Foundation
import HTTPTransport
import SandboxAPI

/// Reads executions for all jobs that wait for one, with few requests.
///
/// Where several jobs wait for one command, its list of executions answers for all of them. Repeated reads are spread over
/// time, so that they don't grow with the number of jobs; a job's first read has to wait for none.
final class ExecutionReads: Sendable {
    /// How many repeated reads a second there are at most.
    private static let perSecond = 50.0
    /// How many jobs have to wait for a command before its list is read.
    private static let crowd = 3

    /// A command of a component, or of a sandbox.
    struct Place: Hashable, Sendable {
        let target: CommandTarget
        let command: String
    }

    /// What one command's list has told.
    fileprivate struct List {
        let time: Date
        let running: Set<String>
    }

    fileprivate struct State {
        var waiting: [Place: Int] = [:]
        var lists: [Place: List] = [:]
        /// From when on the next repeated read may go out.
        var nextTurn = Date.distantPast
    }

    private let client: SandboxClient
    private let state = Locked(State())

    /// Creates reads that a client sends.
    init(client: SandboxClient) {
        self.client = client
    }

    /// Notes for the length of a closure that a job waits.
    func waiting<Value: Sendable>(at place: Place, _ body: () async throws -> Value) async throws -> Value {
        state.withLock { $0.waiting[place, default: 0] += 1 }
        defer {
            state.withLock { state in
                state.waiting[place, default: 1] -= 1
                guard state.waiting[place] == 0 else { return }
                state.waiting[place] = nil
                state.lists[place] = nil
            }
        }
        return try await body()
    }

    /// Reads an execution again.
    ///
    /// - Parameter interval: The pause between reads of it; what a list has told within half of that is taken for now.
    /// - Returns: The execution; `nil` if a list shows that it goes on.
    /// - Throws: `SandboxAPIError`; `CancellationError` when the task is cancelled.
    func execution(
        _ id: String,
        at place: Place,
        interval: Duration,
        _ clock: any WorkerClock
    ) async throws -> Execution? {
        let turn = state.withLock { state in
            let turn = max(clock.now, state.nextTurn)
            if !state.goesOn(id, at: place, asOf: turn, interval) {
                state.nextTurn = turn.addingTimeInterval(1 / Self.perSecond)
            }
            return turn
        }
        let rest = turn.timeIntervalSince(clock.now)
        if rest > 0 { try await clock.sleep(for: .seconds(rest)) }
        // Another job may have read the list meanwhile.
        if state.withLock({ $0.goesOn(id, at: place, asOf: clock.now, interval) }) { return nil }
        guard state.withLock({ $0.waiting[place] ?? 0 }) >= Self.crowd else {
            return try await client.execution(id: id)
        }
        let time = clock.now
        let command = try await place.target.command(place.command, client)
        let running = Set(command.executions.filter { !$0.status.isFinal && !$0.status.rawValue.isEmpty }.map(\.id))
        state.withLock { $0.lists[place] = List(time: time, running: running) }
        return running.contains(id) ? nil : try await client.execution(id: id)
    }
}

extension ExecutionReads.State {
    /// Whether a list that isn't old shows that an execution goes on.
    fileprivate func goesOn(
        _ id: String,
        at place: ExecutionReads.Place,
        asOf now: Date,
        _ interval: Duration
    ) -> Bool {
        guard let list = lists[place], list.running.contains(id) else { return false }
        return now.timeIntervalSince(list.time) < interval.timeInterval / 2
    }
}
