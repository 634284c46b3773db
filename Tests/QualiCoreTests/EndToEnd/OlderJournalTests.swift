import Foundation
import GRDB
import HTTPTransport
import LocalCloud
import Logging
import QualiCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobEngine

/// A worker of an older version was killed, and today's takes its place: each job ends once.
///
/// `Journals` has what the build of commit a52f481, whose journals are of version 3, left on its disk at each of these
/// moments: real notes of its engine and of its handlers, at the stand-ins, with names in place of ids and times. A worker
/// of today that is killed at the same moment makes the same world, with ids of its own.
@Suite("The journal of an older version", .serialized, .timeLimit(.minutes(5)))
struct OlderJournalTests {
    private static let kills = KilledWorker.all.flatMap { worker in worker.ends.map { (worker, $0) } }
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Journals")

    @Test(arguments: kills)
    func `is taken over, and each job ends once`(worker: KilledWorker, end: Life.End) async throws {
        try await takeOver(worker, end)
    }

    @Test func `is taken over from a folder that was a copy and then moved`() async throws {
        let end = Life.End(write: 11, isWritten: true)
        try await takeOver(KilledWorker.all[0], end) { folder, database in
            try await database.write { try $0.execute(sql: "UPDATE job SET isInDoubt = 1 WHERE endedAt IS NULL") }
            #expect(FileManager.default.createFile(atPath: "\(folder)/moved", contents: nil))
        }
    }

    @Test func `is of the version before today's steps`() throws {
        let database = try DatabaseQueue()
        try database.write { try $0.execute(sql: Self.text("schema")) }
        let (isComplete, isNewer) = try database.read { db in
            try (JournalSchema.migrator.hasCompletedMigrations(db), JournalSchema.migrator.hasBeenSuperseded(db))
        }
        #expect(!isComplete)
        #expect(!isNewer)
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: "\(name).sql"), encoding: .utf8)
    }

    /// What the older worker had in its journal when it was killed, with the names of this world.
    private static func rows(_ worker: KilledWorker, _ end: Life.End, _ words: Words) throws -> String {
        let moments = try text(worker.name).components(separatedBy: "-- ")
        let rows = try #require(moments.first { $0.hasPrefix("\(end)\n") })
        return try words.fill(String(rows.dropFirst("\(end)\n".count)))
    }

    private func takeOver(
        _ killed: KilledWorker,
        _ end: Life.End,
        changing change: (String, DatabaseQueue) async throws -> Void = { _, _ in }
    ) async throws {
        var options = LocalCloud.Options()
        // However slow the machine is, no job is offered twice unless the time is moved on; less than a setup may take.
        options.codePipeline.redispatchInterval = .seconds(2_000)
        try await withTemporaryFolder { folder in
            try await LocalCloud.withRunning(options) { cloud in
                let first = ClaimsJournal()
                let (id, writes) = try await killed.live(until: end, cloud, first)
                #expect(writes == Array(killed.writes.prefix(end.write)))
                let report = try #require(cloud.codePipeline.execution(id))

                let mark = try FolderMark.make(in: folder.path)
                try FolderMark.take(folder.path)
                let words = Words(report, cloud.lab, claimedAt: first.firstClaim, mark: "\(mark)")
                let rows = try Self.rows(killed, end, words)
                let database = try DatabaseQueue(path: SQLiteJobJournal.file(in: folder.path))
                try await database.write { db in
                    try db.execute(sql: Self.text("schema"))
                    try db.execute(sql: rows)
                }
                try await change(folder.path, database)
                try database.close()

                if cloud.codePipeline.openJobs.contains(where: { $0.status == "Dispatched" }) {
                    cloud.advance(by: options.codePipeline.redispatchInterval)
                }
                cloud.advance(by: killed.setup)
                let journal = SettlingJournal(try SQLiteJobJournal(folder: folder.path))
                #expect(try await journal.unfinished().allSatisfy { $0.damage == nil && !$0.isInDoubt })
                try await live(cloud, journal, until: id)
                try await expectEnds(killed, cloud, id)
                #expect(try await journal.unfinished().isEmpty)
            }
        }
    }

    /// Runs a worker of today until the pipeline has ended and the journal has nothing left.
    private func live(_ cloud: LocalCloud, _ journal: SettlingJournal, until id: String) async throws {
        let (worker, _) = try await Site.makeWorker(cloud, journal: journal)
        let group = ServiceGroup(services: [worker], logger: .silent)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            _ = try await cloud.codePipeline.end(of: id)
            await journal.settled()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func expectEnds(_ killed: KilledWorker, _ cloud: LocalCloud, _ id: String) async throws {
        let execution = try await cloud.codePipeline.end(of: id)
        #expect(execution.status == killed.status, "\(execution.actions.map { $0.errorMessage ?? $0.status })")
        #expect(cloud.lab.sandboxes.count == 1)
        let runs = killed.actions.contains { $0.name == "Run" }
        #expect(cloud.lab.executions.count == (runs ? 1 : 0))
        if killed.status == "Succeeded" { #expect(cloud.lab.sandboxesNotStopped.isEmpty) }
        if killed.isAbandoned { #expect(cloud.lab.executions.first?.status == .cancelled) }
        // What CodePipeline took is said once of each job, and one of each action's jobs has its end.
        let results = cloud.journal.entries.filter { entry in
            ["PutJobSuccessResult", "PutJobFailureResult"].contains(entry.operation) && entry.status == 200
        }
        let reported = results.compactMap { $0.facts["jobId"] }
        #expect(Set(reported).count == reported.count)
        let ended = Set(results.filter { $0.facts["continuationToken"] == nil }.compactMap { $0.facts["jobId"] })
        for action in execution.actions where !action.jobs.isEmpty {
            #expect(action.jobs.count { ended.contains($0.id) } == (action.status == "Abandoned" ? 0 : 1))
        }
    }
}

/// The names in place of ids and times, and what they stand for in a world.
private struct Words {
    private var texts: [String: String] = [:]
    private let times: [String: Double]

    init(_ report: ExecutionReport, _ lab: LocalLab, claimedAt: Date?, mark: String) {
        let claim = (claimedAt ?? Date()).timeIntervalSince1970
        times = ["claim": claim, "second": claim.rounded(.down), "write": Date().timeIntervalSince1970]
        texts = ["mark": mark, "pipeline": report.pipeline, "pipelineExecution": report.id]
        for (action, actionNumber) in zip(report.actions, 1...) {
            texts["action\(actionNumber)"] = action.id
            for (job, number) in zip(action.jobs, 1...) {
                texts["job\(actionNumber).\(number)"] = job.id
                texts["nonce\(actionNumber).\(number)"] = job.nonce
            }
        }
        texts["sandbox"] = lab.sandboxes.first?.id
        texts["execution"] = lab.executions.first?.id
        texts["component"] = lab.executions.first?.componentID
        texts["componentName"] = lab.executions.first?.componentName
    }

    /// What is noted, with ids and times of this world.
    func fill(_ text: String) throws -> String {
        var missing: [String] = []
        let filled = text.replacing(/\{(?<name>[a-zA-Z]+[0-9.]*)(?<offset>[+-][0-9.]+)?\}/) { match in
            let name = String(match.name)
            if let offset = match.offset.flatMap({ Double($0) }), let time = times[name] {
                return name == "second" ? "\(Int(time + offset))" : "\(time + offset)"
            }
            if texts[name] == nil { missing.append(name) }
            return texts[name] ?? ""
        }
        try #require(missing.isEmpty)
        return filled
    }
}

/// A journal in memory that keeps when its first job was claimed.
private final class ClaimsJournal: JobJournal {
    private let base = InMemoryJobJournal(isDurable: true)
    private let first = Locked<Date?>(nil)

    var firstClaim: Date? { first.withLock { $0 } }
    let isDurable = true

    func claim(_ records: [JobRecord]) async throws {
        first.withLock { $0 = $0 ?? records.first?.claimedAt }
        await base.claim(records)
    }

    func noteAcknowledged(_ jobID: String) async throws { await base.noteAcknowledged(jobID) }
    func saveCheckpoint(_ data: Data, of jobID: String) async throws { try await base.saveCheckpoint(data, of: jobID) }
    func saveOutcome(_ end: JobOutcome, of jobID: String) async throws { await base.saveOutcome(end, of: jobID) }
    func forget(_ jobID: String) async throws { await base.forget(jobID) }
    func unfinished() async throws -> [JobRecord] { await base.unfinished() }
}

/// A journal that tells when nothing is left in it.
private final class SettlingJournal: JobJournal {
    private let base: SQLiteJobJournal
    private let open = Watched<Set<String>>([])

    init(_ base: SQLiteJobJournal) { self.base = base }

    var isDurable: Bool { base.isDurable }

    /// Waits until each job that was unfinished or claimed is forgotten.
    func settled() async { await open.wait { $0.isEmpty } }

    func claim(_ records: [JobRecord]) async throws {
        try await base.claim(records)
        open.withLock { $0.formUnion(records.map(\.id)) }
    }

    func noteAcknowledged(_ jobID: String) async throws { try await base.noteAcknowledged(jobID) }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        try await base.saveCheckpoint(checkpoint, of: jobID)
    }

    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        try await base.saveOutcome(outcome, of: jobID)
    }

    func forget(_ jobID: String) async throws {
        try await base.forget(jobID)
        open.withLock { _ = $0.remove(jobID) }
    }

    func unfinished() async throws -> [JobRecord] {
        let records = try await base.unfinished()
        open.withLock { $0.formUnion(records.map(\.id)) }
        return records
    }
}
