import AWSLite
import Foundation
import HTTPTransport
import Logging
import QualiTesting
import TestSupport
import Testing

@testable import JobEngine

@Suite("A look at pipelines", .timeLimit(.minutes(1)))
struct PipelineWatchTests {
    /// Runs a worker with one job, which ends when it is abandoned, for some looks.
    private static func look(
        _ queue: InMemoryJobQueue,
        journal: any JobJournal = InMemoryJobJournal(),
        log: LogBook = LogBook(),
        _ configure: (inout JobWorker.Configuration) -> Void = { _ in },
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        await queue.offer(.job("1"))
        let hasBegun = Gate()
        try await RunningWorker.run(queue: queue, journal: journal, logger: log.logger) { configuration in
            configuration.pipelinePollInterval = .seconds(60)
            configure(&configuration)
        } handler: { _ in
            hasBegun.open()
            try await Task.sleep(for: .seconds(86_400))
            return JobResult(summary: "not yet")
        } whileRunning: { worker in
            await hasBegun.wait()
            try await body(worker)
        }
    }

    private static func lists(_ call: InMemoryJobQueue.Call) -> Bool {
        if case .executions = call { true } else { false }
    }

    private static func asksForActions(_ call: InMemoryJobQueue.Call) -> Bool {
        if case .statuses = call { true } else { false }
    }

    @Test(arguments: ["InProgress", "Stopping", "SomethingNew"])
    func `asks for no actions of an execution that goes on`(status: String) async throws {
        let queue = InMemoryJobQueue()
        await queue.tell(.init(id: "execution-1", status: .init(rawValue: status)))
        await queue.tell("run-1", is: .abandoned)
        try await Self.look(queue) { worker in
            await worker.clock.running { _ = await queue.call(3, where: Self.lists) }
        }
        #expect(await !queue.calls.contains(where: Self.asksForActions))
    }

    @Test(arguments: ["Stopped", "Failed", "Cancelled", "Superseded"])
    func `finds the jobs of one that is over`(status: String) async throws {
        let queue = InMemoryJobQueue()
        await queue.tell(.init(id: "execution-1", status: .init(rawValue: status)))
        await queue.tell("run-1", is: .abandoned)
        let journal = WatchedJournal()
        try await Self.look(queue, journal: journal) { worker in
            await worker.clock.running {
                _ = await queue.call(where: Self.asksForActions)
                await journal.wait { $0.isEmpty }
            }
        }
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
    }

    @Test func `is done at each execution by itself without the right to see all at once, which is said once`()
        async throws
    {
        let (queue, log) = (InMemoryJobQueue(), LogBook())
        let denial = AWSError(.accessDeniedException, "no")
        await queue.fail(.executions, with: Array(repeating: denial, count: 10))
        await queue.tell("run-1", is: .inProgress)
        try await Self.look(queue, log: log) { worker in
            await worker.clock.running { _ = await queue.call(70, where: Self.asksForActions) }
        }
        let said = log.lines.filter { $0.message.hasSuffix("the worker may not call ListPipelineExecutions") }
        #expect(said.map(\.level) == [.notice])
        #expect(await queue.calls.count(where: Self.lists) == 2)
    }

    @Test func `asks for no actions while CodePipeline doesn't answer it`() async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(.executions, with: Array(repeating: AWSError(.serviceUnavailable, "later"), count: 3))
        await queue.tell("run-1", is: .inProgress)
        try await Self.look(queue) { worker in
            await worker.clock.running { _ = await queue.call(where: Self.asksForActions) }
        }
        // Once it answers, it lists no such execution.
        #expect(await queue.calls.count(where: Self.lists) == 4)
    }

    @Test func `reads on until all are found, and far only now and then`() async throws {
        let queue = InMemoryJobQueue()
        await queue.tell(.init(id: "execution-1", status: .inProgress))
        for number in 2...450 { await queue.tell(.init(id: "execution-\(number)", status: .succeeded)) }
        await queue.tell("run-1", is: .inProgress)
        try await Self.look(queue) { worker in
            await worker.clock.running { _ = await queue.call(9 * 3 + 5 + 3, where: Self.lists) }
        }
        // It is on the fifth page, to which each tenth look goes.
        let calls = await queue.calls.filter { Self.lists($0) || Self.asksForActions($0) }
        let lists = calls.split(whereSeparator: Self.asksForActions).map(\.count)
        #expect(lists.prefix(10) == [3, 3, 3, 3, 3, 3, 3, 3, 3, 8])
    }

    @Test func `shows others what they want to see, one look at a time`() async throws {
        let (queue, follower) = (InMemoryJobQueue(), Follower())
        await queue.tell(.init(id: "execution-7", status: .failed, lastUpdateTime: Date(timeIntervalSince1970: 7)))
        try await Self.look(queue) { configuration in
            configuration.pipelineFollower = follower
        } whileRunning: { worker in
            await worker.clock.running {
                await follower.hasLooks(1)
                // It is at work on the first.
                _ = await queue.call(5, where: Self.lists)
                follower.goOn.open()
                await follower.hasLooks(2)
            }
        }
        let looks = await follower.looks
        let wanted = PipelineExecutionID(pipeline: "Nightly", id: "execution-7")
        #expect(looks.first?.executions.keys.map { $0 } == [wanted])
        #expect(looks.first?.executions[wanted]?.lastUpdateTime == Date(timeIntervalSince1970: 7))
        #expect(looks.count < 5)
    }
}

private actor Follower: PipelineFollower {
    private(set) var looks: [PipelineLook] = []
    nonisolated let goOn = Gate()
    private let (counts, count) = AsyncStream<Int>.makeStream()

    var followed: Set<PipelineExecutionID> { [.init(pipeline: "Nightly", id: "execution-7")] }

    func take(_ look: PipelineLook, pace: CallPace) async {
        looks.append(look)
        count.yield(looks.count)
        await goOn.wait()
    }

    nonisolated func hasLooks(_ number: Int) async {
        for await count in counts where count >= number { return }
    }
}
