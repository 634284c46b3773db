import Foundation
import HTTPTransport
import SandboxAPI

/// The commands of sandboxes with their executions, as jobs that run them read them.
final class CommandLists: Sendable {
    /// A command, the ids of its executions, and when its request went out.
    typealias Answer = (command: Command, executions: [String], date: Date)

    /// How old an answer may be that a job gets ready with, in seconds.
    static let freshness: TimeInterval = 1

    private let reads = SharedReads<ExecutionWatcher.Place, Command>()
    /// What was started here lately, which a list that is older doesn't show.
    private let started = Locked<[ExecutionWatcher.Place: [(id: String, date: Date)]]>([:])

    /// A command with its executions at least up to a time; those that were started here since then are known, too.
    ///
    /// - Throws: `SandboxAPIError`; `CancellationError`.
    func command(
        at place: ExecutionWatcher.Place,
        since oldest: Date,
        _ clock: any WorkerClock,
        _ client: SandboxClient
    ) async throws -> Answer {
        let answer = try await reads.read(place, since: oldest, clock) {
            try await place.target.command(place.command, client)
        }
        let listed = answer.value.executions.map(\.id)
        let known = Set(listed.map { $0.lowercased() })
        let later = started.withLock { $0[place] ?? [] }.filter { $0.date >= answer.date }.map(\.id)
        return (answer.value, listed + later.filter { !known.contains($0.lowercased()) }, answer.date)
    }

    /// The executions that the lab has told last, if that was since a time.
    func latest(at place: ExecutionWatcher.Place, since oldest: Date) -> [String]? {
        reads.latest(place, since: oldest)?.value.executions.map(\.id)
    }

    /// Notes what was started.
    func noteStart(of executionID: String, at place: ExecutionWatcher.Place, _ now: Date) {
        // No answer that is used is as old as this.
        let old = now.addingTimeInterval(-60)
        started.withLock { started in
            if started.count > 256 { started = started.filter { $0.value.contains { $0.date > old } } }
            started[place] = (started[place] ?? []).filter { $0.date > old } + [(executionID, now)]
        }
    }
}
