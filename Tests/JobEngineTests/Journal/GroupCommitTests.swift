import Foundation
import GRDB
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("Writes that share a transaction", .timeLimit(.minutes(1)))
struct GroupCommitTests {
    @Test func `one transaction holds all that has come while another was under way`() async throws {
        let database = try DatabaseQueue()
        let (transactions, waiting) = (Locked(0), Watched(0))
        let commits = GroupCommit(database) { count in waiting.withLock { $0 = max($0, count) } }
        try await database.write { db in
            try db.execute(sql: "CREATE TABLE t (n)")
            db.add(transactionObserver: CommitCounter(transactions), extent: .databaseLifetime)
        }
        let (entered, go) = (Gate(), DispatchSemaphore(value: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await commits.write { db in
                    entered.open()
                    go.wait()
                    try db.execute(sql: "INSERT INTO t VALUES (0)")
                }
            }
            await entered.wait()
            let before = transactions.withLock { $0 }
            for number in 1...50 {
                group.addTask { try await commits.write { try $0.execute(sql: "INSERT INTO t VALUES (\(number))") } }
            }
            await waiting.wait { $0 >= 50 }
            go.signal()
            try await group.waitForAll()
            // The first, and one for all the others but its leader's turn.
            #expect(transactions.withLock { $0 } - before == 2)
        }
        #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") } == 51)
    }

    @Test func `a full disk fails all that shared the transaction, and the next goes through`() async throws {
        let database = try DatabaseQueue()
        let waiting = Watched(0)
        let commits = GroupCommit(database) { count in waiting.withLock { $0 = max($0, count) } }
        try await database.write { try $0.execute(sql: "CREATE TABLE t (n); PRAGMA max_page_count = 20") }
        let (entered, go) = (Gate(), DispatchSemaphore(value: 0))
        await withTaskGroup { group in
            group.addTask {
                try? await commits.write { _ in
                    entered.open()
                    go.wait()
                }
            }
            await entered.wait()
            for value in ["'small'", "zeroblob(1000000)", "'small'"] {
                group.addTask {
                    await #expect(throws: DatabaseError.self) {
                        try await commits.write { try $0.execute(sql: "INSERT INTO t VALUES (\(value))") }
                    }
                }
            }
            await waiting.wait { $0 >= 3 }
            go.signal()
        }
        #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") } == 0)
        try await commits.write { try $0.execute(sql: "INSERT INTO t VALUES ('small')") }
        #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") } == 1)
    }
}

private final class CommitCounter: TransactionObserver {
    private let commits: Locked<Int>

    init(_ commits: Locked<Int>) { self.commits = commits }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
}
