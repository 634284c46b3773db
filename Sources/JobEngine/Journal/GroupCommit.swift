import GRDB
import HTTPTransport

/// Writes to a database so that what comes while the disk is busy shares the next transaction.
///
/// A transaction costs a wait for the disk, whatever is in it: a thousand jobs that end at once need a few, not a
/// thousand. The first to come writes for all who have come by then, and then makes way for the next.
final class GroupCommit: Sendable {
    private typealias Body = @Sendable (Database) throws -> Void

    /// One who waits for its write, or for its turn to write for all.
    private struct Waiter: Sendable {
        let body: Body
        let continuation: CheckedContinuation<Turn, Never>
    }

    private enum Turn: Sendable {
        case written(Result<Void, any Error>)
        case leads
    }

    private struct State {
        var isWriting = false
        var waiters: [Waiter] = []
    }

    private let database: DatabaseQueue
    private let state = Locked(State())
    private let onWait: @Sendable (Int) -> Void

    /// `onWait` is told how many writes wait for the one that is under way, whenever one more does.
    init(_ database: DatabaseQueue, onWait: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.database = database
        self.onWait = onWait
    }

    /// Writes; when it returns, the disk has it.
    ///
    /// - Throws: What `body` throws, which undoes that write alone; the database's error when nothing can be written.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        let turn = await withCheckedContinuation { continuation in
            let waiting = state.withLock { state in
                guard state.isWriting else {
                    state.isWriting = true
                    return 0
                }
                state.waiters.append(Waiter(body: body, continuation: continuation))
                return state.waiters.count
            }
            if waiting == 0 { continuation.resume(returning: Turn.leads) } else { onWait(waiting) }
        }
        switch turn {
        case .written(let result): try result.get()
        case .leads: try await lead(body)
        }
    }

    private func lead(_ body: @escaping Body) async throws {
        let followers = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        let results = await commit([body] + followers.map(\.body))
        let next = state.withLock { state -> Waiter? in
            state.isWriting = !state.waiters.isEmpty
            return state.isWriting ? state.waiters.removeFirst() : nil
        }
        next?.continuation.resume(returning: .leads)
        for (follower, result) in zip(followers, results.dropFirst()) {
            follower.continuation.resume(returning: .written(result))
        }
        try results[0].get()
    }

    private func commit(_ bodies: [Body]) async -> [Result<Void, any Error>] {
        await withCheckedContinuation { continuation in
            database.asyncWrite { db in
                try bodies.map { try Self.attempt($0, db) }
            } completion: { _, outcome in
                switch outcome {
                case .success(let results): continuation.resume(returning: results)
                case .failure(let error): continuation.resume(returning: bodies.map { _ in .failure(error) })
                }
            }
        }
    }

    /// Writes what can be undone alone; GRDB's own savepoints are compiled anew each time.
    private static func attempt(_ body: Body, _ db: Database) throws -> Result<Void, any Error> {
        func run(_ sql: String) throws { try db.cachedStatement(sql: sql).execute() }
        try run("SAVEPOINT one")
        do {
            try body(db)
            try run("RELEASE one")
            return .success(())
        } catch let error as DatabaseError {
            // SQLite may have undone the whole transaction, so nobody has written.
            throw error
        } catch {
            try run("ROLLBACK TO one")
            try run("RELEASE one")
            return .failure(error)
        }
    }
}
