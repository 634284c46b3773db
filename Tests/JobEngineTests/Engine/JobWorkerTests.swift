import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite(.timeLimit(.minutes(1)))
struct JobWorkerTests {
    private func failure(_ call: InMemoryJobQueue.Call) -> CodePipeline.FailureDetails? {
        if case .failure(_, let details) = call { details } else { nil }
    }

    private func success(_ call: InMemoryJobQueue.Call) -> CodePipeline.SuccessResult? {
        if case .success(_, let result) = call { result } else { nil }
    }

    private let lostReply = AWSError(.transport, "connection lost", mayHaveBeenProcessed: true)

    // MARK: The way of a job

    @Test func `a job is journalled, acknowledged, done, reported and forgotten`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", nonce: "7"))
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { context in
            #expect(await journal.unfinished().map(\.id) == ["1"])
            return JobResult(
                summary: "done by \(context.job.place.pipeline)",
                externalExecutionID: "x-1",
                outputVariables: ["A": "b"]
            )
        } whileRunning: { worker in
            let result = success(await worker.queue.report(of: "1"))
            #expect(
                result
                    == .init(
                        executionDetails: .init(
                            summary: "done by Nightly",
                            externalExecutionID: "x-1",
                            percentComplete: 100
                        ),
                        outputVariables: ["A": "b"]
                    )
            )
            #expect(await worker.queue.calls.contains(.acknowledge(id: "1", nonce: "7")))
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `a handler's failure is reported with its type and message`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"), .job("2"))
        try await RunningWorker.run(queue: queue) { context in
            if context.job.id == "1" { throw JobFailure(.permissionError, "not allowed", externalExecutionID: "x") }
            throw AWSError("Strange", "something odd")
        } whileRunning: { worker in
            let known = failure(await worker.queue.report(of: "1"))
            #expect(known == .init(type: .permissionError, message: "not allowed", externalExecutionID: "x"))
            let unknown = failure(await worker.queue.report(of: "2"))
            #expect(unknown?.type == .jobFailed)
            #expect(unknown?.message.contains("something odd") == true)
        }
    }

    @Test func `a handler that calls itself cancelled fails its job instead of losing it`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { _ in
            throw CancellationError()
        } whileRunning: { worker in
            #expect(failure(await worker.queue.report(of: "1"))?.type == .jobFailed)
        }
    }

    // MARK: Room

    @Test func `it polls only for as many jobs as it has room for, and keeps the rest of a reply unclaimed`()
        async throws
    {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"), .job("2"), .job("3"), .job("4"))
        let gate = Gate()
        try await RunningWorker.run(queue: queue) {
            $0.maxJobs = 3
        } handler: { _ in
            await gate.wait()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            // Three slots, of which one is kept for actions that free resources.
            _ = await worker.queue.call { $0 == .acknowledge(id: "2", nonce: "3") }
            #expect(await worker.queue.calls.first == .poll(provider: "Quali-Start-Sandbox", maxBatchSize: 2))
            #expect(await worker.queue.calls.filter(\.isPoll).count == 1)
            gate.open()
            _ = await worker.queue.report(of: "4")
        }
    }

    // MARK: Acknowledging

    @Test func `a job that another worker has is dropped without a report`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.acknowledge, with: [AWSError(.invalidNonce, "stale")])
        let journal = InMemoryJobJournal()
        let log = LogBook()
        try await RunningWorker.run(queue: queue, journal: journal, logger: log.logger) { _ in
            Issue.record("the job isn't this worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            _ = await worker.queue.call { $0 == .acknowledge(id: "1", nonce: "3") }
        }
        #expect(await journal.unfinished().isEmpty)
        #expect(await queue.calls.filter { !$0.isPoll }.count == 1)
        #expect(!log.lines.contains { $0.message == "Job stays in the journal" })
    }

    @Test func `an acknowledgement whose reply is lost is repeated`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.acknowledge, with: [lostReply])
        try await RunningWorker.run(queue: queue) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            let report = await worker.clock.running { await worker.queue.report(of: "1") }
            #expect(success(report) != nil)
        }
    }

    // MARK: Reporting

    @Test func `a report is repeated until the service takes it`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [AWSError(.throttling, "slow down"), lostReply, URLError(.unknown)])
        try await RunningWorker.run(queue: queue) {
            $0.maxJobs = 1
        } handler: { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            // The slot is free again only once the report is through, so the next poll tells that it is.
            await worker.clock.running { await worker.queue.call(2, where: \.isPoll) }
            #expect(await worker.queue.calls.filter { if case .success = $0 { true } else { false } }.count == 4)
        }
    }

    @Test func `a refused state after a lost reply means that the report was taken`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [lostReply, AWSError(.invalidJobState, "not in progress")])
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running {
                _ = await worker.queue.call(2) { if case .success = $0 { true } else { false } }
            }
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `a message that the service refuses is cut, so that the job doesn't hang`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.failure, with: [AWSError(.validation, "message too long")])
        try await RunningWorker.run(queue: queue) { _ in
            throw JobFailure(.configurationError, "long", externalExecutionID: "odd")
        } whileRunning: { worker in
            let call = await worker.queue.call { call in
                if case .failure(_, let details) = call { details.message != "long" } else { false }
            }
            let details = failure(call)
            #expect(details?.type == .configurationError)
            #expect(details?.externalExecutionID == nil)
        }
    }

    @Test func `too many output variables are left out rather than the result`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [AWSError(.outputVariablesSizeExceeded, "too large")])
        try await RunningWorker.run(queue: queue) { _ in
            JobResult(summary: "done", outputVariables: ["A": "b"])
        } whileRunning: { worker in
            let call = await worker.queue.call { call in
                if case .success(_, let result) = call { result.outputVariables.isEmpty } else { false }
            }
            #expect(success(call)?.executionDetails?.summary == "done")
        }
    }

    @Test func `secrets are masked in what is reported`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) {
            $0.redact = { $0.replacing("hunter2", with: "***") }
        } handler: { _ in
            throw JobFailure(.jobFailed, "the lab said hunter2")
        } whileRunning: { worker in
            #expect(failure(await worker.queue.report(of: "1"))?.message == "the lab said ***")
        }
    }

    // MARK: Stopping and resuming

    @Test func `a waiting job is put back on a stop, and goes on from its checkpoint`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let saved = Gate()
        try await RunningWorker.run(queue: queue) { context in
            try await context.save(42)
            await context.report(JobProgress("Waiting", percentComplete: 10, externalExecutionID: "x"))
            saved.open()
            try await context.clock.sleep(for: .seconds(3_600))
            return JobResult(summary: "not yet")
        } whileRunning: { worker in
            await saved.wait()
            await worker.stop()
        }
        let put = try #require(success(await queue.report(of: "1")))
        let token = try #require(put.continuationToken)
        #expect(put.executionDetails == .init(summary: "Waiting", externalExecutionID: "x", percentComplete: 10))

        let other = InMemoryJobQueue()
        await other.offer(.job("2", actionExecutionID: "run-1", token: token))
        try await RunningWorker.run(queue: other) { context in
            JobResult(summary: "went on from \(context.checkpoint ?? 0)")
        } whileRunning: { worker in
            #expect(success(await other.report(of: "2"))?.executionDetails?.summary == "went on from 42")
        }
    }

    @Test func `without a hand-over a waiting job stays in the journal and is resumed from there`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let journal = InMemoryJobJournal(isDurable: true)
        let saved = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) {
            $0.handoff = .never
        } handler: { context in
            try await context.save(7)
            saved.open()
            try await context.clock.sleep(for: .seconds(3_600))
            return JobResult(summary: "not yet")
        } whileRunning: { worker in
            await saved.wait()
        }
        #expect(await journal.unfinished().map(\.id) == ["1"])
        #expect(await !queue.calls.contains { if case .success = $0 { true } else { false } })

        try await RunningWorker.run(queue: queue, journal: journal) { context in
            JobResult(summary: "went on from \(context.checkpoint ?? 0)")
        } whileRunning: { worker in
            #expect(success(await queue.report(of: "1"))?.executionDetails?.summary == "went on from 7")
        }
        #expect(await queue.calls.contains(.details(id: "1")))
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `an outcome that was not reported before a crash is reported, and the work isn't done again`()
        async throws
    {
        let record = JobRecord(
            id: "1",
            actionTypeID: .start,
            actionExecutionID: "run-1",
            place: JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e"),
            nonce: "3",
            isAcknowledged: true,
            claimedAt: .now,
            outcome: .success(JobResult(summary: "done before"))
        )
        let queue = InMemoryJobQueue()
        // The crash may have come after the report, so a refused state is as good as a success.
        await queue.fail(.success, with: [AWSError(.invalidJobState, "not in progress")])
        let journal = InMemoryJobJournal([record])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            Issue.record("the work was done before")
            return JobResult(summary: "")
        } whileRunning: { _ in
            #expect(success(await queue.report(of: "1"))?.executionDetails?.summary == "done before")
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `a step that must not be interrupted is finished during a stop`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let (entered, open) = (Gate(), Gate())
        try await RunningWorker.run(queue: queue) { context in
            let value = try await context.uninterrupted {
                entered.open()
                await open.wait()
                return Task.isCancelled ? 0 : 5
            }
            try await context.save(value)
            try await context.clock.sleep(for: .seconds(60))
            return JobResult(summary: "")
        } whileRunning: { worker in
            await entered.wait()
            await worker.stop()
            open.open()
        }
        let token = try #require(success(await queue.report(of: "1"))?.continuationToken)
        let read = try ContinuationToken(token, for: "run-1")
        #expect(read.checkpoint.map { String(decoding: $0, as: UTF8.self) } == "5")
    }

    @Test(arguments: [
        (#"{"v":1,"a":"run-other","t":0}"#, "another action"), (#"{"v":2,"a":"run-1","t":0}"#, "version 2"),
        ("hello", "not written by this worker"), (#"{"v":1}"#, "damaged"),
        (#"{"v":1,"a":"run-1","t":0,"c":[]}"#, "notes"),
    ])
    func `a token that can't be used fails its job with the reason`(token: String, reason: String) async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", token: token))
        try await RunningWorker.run(queue: queue) { _ in
            Issue.record("the job can't be continued")
            return JobResult(summary: "")
        } whileRunning: { worker in
            #expect(failure(await worker.queue.report(of: "1"))?.message.contains(reason) == true)
        }
    }

    // MARK: The loop

    @Test func `failing polls don't end the loop`() async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(
            .poll,
            with: [
                AWSError(.malformedReply, "<html>"), AWSError(.actionTypeNotFound, "gone"), URLError(.unknown),
                lostReply,
            ]
        )
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            let report = await worker.clock.running { await worker.queue.report(of: "1") }
            #expect(success(report) != nil)
        }
    }

    @Test func `a job that can't be read is failed, and the others of its reply are done`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(
            .job("1"),
            undecodable: [.init(id: "2", nonce: "4", reason: "no data"), .init(id: nil, nonce: nil, reason: "?")]
        )
        try await RunningWorker.run(queue: queue) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            #expect(success(await worker.queue.report(of: "1")) != nil)
            #expect(failure(await worker.queue.report(of: "2"))?.message.contains("no data") == true)
        }
    }

    @Test func `a second run is refused while the first goes on, and disturbs nothing`() async throws {
        let queue = InMemoryJobQueue()
        try await RunningWorker.run(queue: queue) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            _ = await worker.queue.call(where: \.isPoll)
            await #expect(throws: WorkerIsRunning.self) { try await worker.worker.run() }
            await queue.offer(.job("1"))
            #expect(success(await worker.clock.running { await worker.queue.report(of: "1") }) != nil)
        }
    }
}
