import AWSLite
import Foundation
import HTTPTransport
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobEngine

@Suite("A worker whose task is cancelled, and a handler that ignores it", .timeLimit(.minutes(2)))
struct HurriedStopTests {
    private struct Broken: Error {}

    /// A service that throws once a gate is open.
    private struct Neighbour: Service {
        let gate: Gate

        func run() async throws {
            await gate.wait()
            throw Broken()
        }
    }

    /// Runs a worker with five jobs that wait, beside a service that breaks then.
    private func breakDown(_ queue: InMemoryJobQueue, _ journal: any JobJournal, _ book: LogBook) async throws {
        for id in 1...5 { await queue.offer(.job("\(id)")) }
        let (begun, gate) = (Locked(0), Gate())
        let handler = ClosureHandler { context in
            try await context.save(7)
            if begun.withLock({
                $0 += 1
                return $0
            }) == 5 {
                gate.open()
            }
            try await context.clock.sleep(for: .seconds(86_400))
            return JobResult(summary: "not yet")
        }
        var configuration = JobWorker.Configuration()
        configuration.pollInterval = .milliseconds(10)
        let worker = JobWorker(
            queue: queue,
            actions: [JobAction(.start, handler: handler)],
            artifactStore: InMemoryArtifactStore(),
            journal: journal,
            configuration: configuration,
            logger: book.logger
        )
        let group = ServiceGroup(
            services: [worker, Neighbour(gate: gate)],
            logger: Logger(label: "test") { _ in
                SwiftLogNoOpLogHandler()
            }
        )
        await #expect(throws: Broken.self) { try await group.run() }
    }

    private func withJournal(onDisk: Bool, _ body: (any JobJournal) async throws -> Void) async throws {
        guard onDisk else { return try await body(InMemoryJobJournal()) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hurry-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(SQLiteJobJournal(folder: folder.path))
    }

    @Test(arguments: [false, true])
    func `its jobs are handed over when a neighbour in its service group breaks`(onDisk: Bool) async throws {
        try await withJournal(onDisk: onDisk) { journal in
            let (queue, book) = (InMemoryJobQueue(), LogBook())
            try await breakDown(queue, journal, book)
            for id in 1...5 {
                let token = try #require(await queue.report(of: "\(id)").success?.continuationToken)
                #expect(try ContinuationToken(token, for: "run-\(id)").checkpoint == Data("7".utf8))
            }
            #expect(try await journal.unfinished().isEmpty)
            let last = try #require(book.lines.last { $0.message == "Stopped" })
            #expect(last.metadata["kept"] == "0" && last.level == .info)
        }
    }

    @Test(arguments: [false, true])
    func `what can't be handed over within seconds is said, with its ids`(onDisk: Bool) async throws {
        try await withJournal(onDisk: onDisk) { journal in
            let (queue, book) = (InMemoryJobQueue(), LogBook())
            await queue.fail(.success, with: Array(repeating: AWSError(.transport, "no route to host"), count: 1_000))
            let began = ContinuousClock.now
            try await breakDown(queue, journal, book)
            #expect(ContinuousClock.now - began < .seconds(60))
            let last = try #require(book.lines.last { $0.message == "Stopped" })
            #expect(last.level == .warning)
            #expect(last.metadata["kept"] == "5")
            #expect(Set(last.metadata["jobs"]?.components(separatedBy: ", ") ?? []) == ["1", "2", "3", "4", "5"])
        }
    }

    @Test func `a handler that ignores its cancellation is left to itself, and its late success is kept`() async throws
    {
        let (queue, journal, book) = (InMemoryJobQueue(), WatchedJournal(isDurable: true), LogBook())
        await queue.offer(.job("1"), .job("2"))
        let (started, other, release) = (Gate(), Gate(), Gate())
        try await RunningWorker.run(queue: queue, journal: journal, logger: book.logger) { configuration in
            configuration.drain = .seconds(3)
            configuration.reportTime = .seconds(20)
        } handler: { context in
            if context.job.id == "2" {
                other.open()
                try await context.clock.sleep(for: .seconds(86_400))
            }
            started.open()
            // A task of its own isn't cancelled.
            await Task { await release.wait() }.value
            return JobResult(summary: "late")
        } whileRunning: { worker in
            await started.wait()
            await other.wait()
            await worker.stop()
            await worker.clock.wakeSleeper(of: .seconds(3))
            // The other is handed over meanwhile.
            #expect(await queue.report(of: "2").success?.continuationToken != nil)
            // Three of them are over.
            await worker.clock.wakeSleeper(of: .seconds(20))
        }
        let said = book.lines(from: .error)
        #expect(said.map(\.message) == ["The job's handler ignores its cancellation and is left to itself"])
        #expect(said.first?.metadata["job"] == "1")
        #expect(await journal.unfinished().map(\.outcome) == [nil])
        release.open()
        await journal.wait { $0.first?.outcome != nil }
        #expect(await journal.unfinished().first?.outcome == .success(JobResult(summary: "late")))
        let next = InMemoryJobQueue()
        try await RunningWorker.run(queue: next, journal: journal) { _ in
            JobResult(summary: "not here")
        } whileRunning: { _ in
            #expect(await next.report(of: "1").success?.executionDetails?.summary == "late")
        }
    }

    @Test func `neither does a handler that ignores it hold up a cancelled worker`() async throws {
        let (queue, release) = (InMemoryJobQueue(), Gate())
        await queue.offer(.job("1"))
        let started = Gate()
        let worker = JobWorker(
            queue: queue,
            actions: [
                JobAction(
                    .start,
                    handler: ClosureHandler { _ in
                        started.open()
                        await Task { await release.wait() }.value
                        return JobResult(summary: "late")
                    }
                )
            ],
            artifactStore: InMemoryArtifactStore(),
            logger: .silent
        )
        let running = Task { try await worker.run() }
        await started.wait()
        let began = ContinuousClock.now
        running.cancel()
        try await running.value
        #expect(ContinuousClock.now - began < .seconds(60))
        release.open()
    }
}
