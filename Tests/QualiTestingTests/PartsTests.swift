import AWSLite
import Foundation
import JobEngine
import Logging
import QualiTesting
import ServiceLifecycle
import Testing

@Suite("What a test of handlers is made of", .timeLimit(.minutes(1)))
struct PartsTests {
    @Test func `a context shows what was saved, reported and logged`() async throws {
        let trace = JobTrace<Int>()
        let output = CodePipeline.Artifact.forTest("Report")
        let store = InMemoryArtifactStore()
        let context = JobContext.forTest(checkpoint: 4, outputs: [output], store: store, trace: trace)
        #expect(context.checkpoint == 4)
        #expect(context.job.actionExecutionID == "run-1")
        #expect(context.clock.now == context.job.claimedAt)
        try await context.save(5)
        try await context.save(6)
        await context.report(JobProgress("Half", percentComplete: 50))
        await context.report(JobProgress("Half", percentComplete: 50))
        context.logger.warning("Slow", metadata: ["seconds": "3"])
        try await context.artifacts.write(Data("x".utf8), contentType: "text/plain", to: output)
        #expect(try trace.saved == [5, 6])
        #expect(trace.reported == [JobProgress("Half", percentComplete: 50)])
        #expect(trace.log.lines == [.init(level: .warning, message: "Slow", metadata: ["seconds": "3"])])
        #expect(await store.objects[output.key] == Data("x".utf8))
    }

    // MARK: The clock

    @Test func `a clock that is moved on wakes those whose time has come, and nobody else`() async throws {
        let clock = ManualClock(startingAt: .distantPast)
        let (woken, wake) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in [10, 20, 30] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    wake.yield(seconds)
                }
            }
            // They lie down in any order; the longest sleeper is left alone.
            while clock.sleeperCount < 3 { await Task.yield() }
            clock.advance(by: .seconds(20))
            var early: Set<Int> = []
            for await seconds in woken {
                early.insert(seconds)
                if early.count == 2 { break }
            }
            #expect(early == [10, 20])
            #expect(clock.sleeperCount == 1)
            #expect(clock.now == Date.distantPast + .seconds(20))
            await clock.wakeNext()
            #expect(clock.now == Date.distantPast + .seconds(30))
            try await group.waitForAll()
        }
    }

    @Test func `a clock lets the time of all pauses pass while something runs`() async throws {
        let clock = ManualClock()
        try await clock.running {
            for _ in 0..<3 { try await clock.sleep(for: .seconds(3_600)) }
        }
        #expect(clock.now == ManualClock.beginning + .seconds(3 * 3_600))
    }

    // MARK: The store

    @Test func `a store says what S3 would`() async throws {
        let (there, absent) = (CodePipeline.Artifact.forTest("There"), CodePipeline.Artifact.forTest("Absent"))
        let store = InMemoryArtifactStore([there: Data("123".utf8)])
        await store.put(Data("4".utf8), at: "other")
        #expect(await store.objects == [there.key: Data("123".utf8), "other": Data("4".utf8)])
        #expect(await store.writes.isEmpty)
        let context = JobContext<NoCheckpoint>.forTest(store: store)
        #expect(try await context.artifacts.read(there) == Data("123".utf8))
        let missing = await #expect(throws: JobFailure.self) { try await context.artifacts.read(absent) }
        #expect(missing?.type == .revisionUnavailable)
        let large = await #expect(throws: JobFailure.self) { try await context.artifacts.read(there, limit: 2) }
        #expect(large?.type == .configurationError)
    }

    // MARK: The queue

    @Test func `a worker takes its jobs from a queue, and reports to it`() async throws {
        let type = CodePipeline.ActionTypeID(category: .invoke, provider: "Greet", version: "1")
        let queue = InMemoryJobQueue()
        await queue.offer(Self.job("1", of: type, name: "world"), Self.job("2", of: type, name: ""))
        await queue.fail(.success, with: [AWSError(.transport, "no connection")])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let clock = ManualClock()
        let worker = JobWorker(
            queue: queue,
            actions: [JobAction(type, handler: Greeting())],
            artifactStore: InMemoryArtifactStore(),
            clock: clock,
            logger: logger
        )
        let group = ServiceGroup(services: [worker], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await clock.running {
                let success = await queue.call(2) { $0.success != nil }
                #expect(success.success?.executionDetails?.summary == "Hello, world")
                let failure = await queue.report(of: "2").failure
                #expect(failure?.type == .configurationError)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(await queue.calls.filter(\.isAcknowledgement).count == 2)
    }

    private static func job(_ id: String, of type: CodePipeline.ActionTypeID, name: String) -> CodePipeline.Job {
        .init(
            id: id,
            nonce: "3",
            accountID: "111122223333",
            data: .init(
                actionTypeID: type,
                configuration: ["Name": name],
                pipelineContext: .init(
                    pipelineName: "Nightly",
                    pipelineExecutionID: "execution-1",
                    stageName: "Deploy",
                    actionName: "Greet",
                    actionExecutionID: "run-\(id)"
                )
            )
        )
    }
}

private struct Greeting: ActionHandler {
    struct Configuration: ActionConfiguration {
        let name: String
        init(_ properties: ActionProperties) throws { name = try properties.string("Name") }
    }

    func run(_ configuration: Configuration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
        JobResult(summary: "Hello, \(configuration.name)")
    }
}
