import AWSLite
import Foundation
import JobEngine
import QualiTesting
import Testing

@Suite("An interrupted job", .timeLimit(.minutes(1)))
struct InterruptionTests {
    private static func deployment(looksBack: Bool = true) -> HandlerTest<Deployment> {
        HandlerTest(
            Deployment(service: DeploymentService(), looksBack: looksBack),
            properties: ["Version": "1.2"],
            outputs: [.forTest("Report")]
        )
    }

    @Test func `is cut off at each moment that leaves another state behind`() async throws {
        var moments: [Interruption] = []
        var begins: [String?] = []
        try await HandlerTest.run(eachInterruptionOf: { Self.deployment() }) { resumed, moment in
            moments.append(moment)
            begins.append(try await resumed.step().isDone ? "done" : resumed.saved.first?.id)
            #expect(try await resumed.run().summary == "1.2 is live")
            #expect(await resumed.handler.service.versions == ["1.2"], "cut off \(moment)")
            #expect(await resumed.store.writes.last?.artifact == .forTest("Report"))
        }
        #expect(moments == [.before(save: 0), .after(save: 0), .before(save: 1), .after(save: 1), .end])
        // Who finds no order saves its number, at first the deadline; the last two have it already.
        #expect(begins == [nil, "d-1", "d-1", nil, "done"])
    }

    @Test func `shows a handler that doesn't look for what it has begun`() async throws {
        var twice: [Interruption] = []
        try await HandlerTest.run(eachInterruptionOf: { Self.deployment(looksBack: false) }) { resumed, moment in
            try await resumed.run()
            if await resumed.handler.service.versions.count > 1 { twice.append(moment) }
        }
        #expect(twice == [.before(save: 1)])
    }

    @Test func `goes on from each checkpoint that a test asks for`() async throws {
        let job = JobInfo.forTest(id: "7", actionExecutionID: "run-7")
        let test = HandlerTest(
            Deployment(service: DeploymentService()),
            properties: ["Version": "1.2"],
            job: job,
            outputs: [.forTest("Report")]
        )
        try await test.run()
        for number in 0...1 {
            let resumed = try test.resumed(at: number)
            guard case .done = try await resumed.step() else { throw Unexpected() }
            // Only what it did itself.
            #expect(try resumed.saved.count == 1 - number)
            #expect(resumed.reported.map(\.percentComplete) == [100])
            #expect(resumed.job.actionExecutionID == "run-7")
            #expect(resumed.job.id != "7")
            #expect(resumed.job.claimedAt == job.claimedAt)
            #expect(resumed.job.place == job.place)
            #expect(resumed.job.accountID == job.accountID)
            #expect(resumed.clock === test.clock)
            #expect(resumed.store === test.store)
        }
        #expect(await test.handler.service.versions == ["1.2"])
        #expect(throws: HandlerTestError.self) { try test.resumed(at: 2) }
        #expect(throws: HandlerTestError.self) { try test.resumed(at: -1) }
    }

    @Test func `goes on from where it began if nothing was saved since`() async throws {
        let test = HandlerTest(Stubborn(), checkpoint: 5)
        try await test.resumed().run()
        #expect(try await test.resumed().run().summary == "from 5")
        #expect(try await HandlerTest(Stubborn()).resumed().run().summary == "from 0")
    }

    @Test func `saves nothing any more, and tells the handler as a worker's stop does`() async throws {
        let notes = Stubborn.Notes()
        let test = HandlerTest(Stubborn(notes: notes))
        let resumed = try await test.interrupted(.before(save: 1))
        #expect(try test.saved == [1])
        #expect(await notes.errors == ["save 2: CancellationError", "save 3: CancellationError"])
        #expect(test.reported.map(\.summary) == ["saved 1"])
        #expect(try await resumed.run().summary == "from 1")
        let after = HandlerTest(Stubborn(notes: Stubborn.Notes()))
        _ = try await after.interrupted(.after(save: 1))
        #expect(try after.saved == [1, 2])
    }

    @Test func `gets no further than its next wait`() async throws {
        let test = HandlerTest(Sleepy())
        _ = try await test.interrupted(.after(save: 0))
        #expect(test.waits.count == 1)
        #expect(test.clock.now == ManualClock.beginning)
    }

    @Test func `has to get as far as a test says`() async throws {
        let test = Self.deployment()
        let error = await #expect(throws: HandlerTestError.self) { try await test.interrupted(.after(save: 2)) }
        #expect(error?.description == "The job wasn't cut off after save 2, because it ended before")
        // What a handler throws isn't lost, but at the end nobody has noted it.
        let failing = HandlerTest(Deployment(service: DeploymentService()))
        await #expect(throws: JobFailure.self) { try await failing.interrupted(.after(save: 0)) }
        _ = try await failing.interrupted(.end)
    }

    @Test func `shows a checkpoint that nobody can read again`() async throws {
        let test = HandlerTest(Forgetful())
        _ = try await test.step()
        #expect(throws: DecodingError.self) { try test.saved }
        #expect(throws: DecodingError.self) { try test.resumed() }
        await #expect(throws: DecodingError.self) { try await test.step() }
    }

    private struct Unexpected: Error {}
}

extension JobStep {
    var isDone: Bool { if case .done = self { true } else { false } }
}

/// Saves 1, 2 and 3, whatever happens.
private struct Stubborn: ActionHandler {
    actor Notes {
        private(set) var errors: [String] = []
        func add(_ error: String) { errors.append(error) }
    }

    var notes = Notes()

    func run(_ configuration: NoConfiguration, context: JobContext<Int>) async throws -> JobResult {
        let start = context.checkpoint ?? 0
        for number in stride(from: start, to: 3, by: 1) {
            do {
                try await context.save(number + 1)
            } catch {
                await notes.add("save \(number + 1): \(type(of: error))")
            }
            await context.report(JobProgress("saved \(number + 1)"))
        }
        return JobResult(summary: "from \(start)")
    }
}

/// Waits though it was cut off.
private struct Sleepy: WaitingActionHandler {
    func run(_ configuration: NoConfiguration, after event: Int?, context: JobContext<Int>) async throws -> JobStep<Int>
    {
        try? await context.save(1)
        return event == nil ? .wait(.pause(.seconds(60), for: "the morning", then: 1)) : .done(JobResult(summary: "Up"))
    }
}

/// Saves what it can't read.
private struct Forgetful: WaitingActionHandler {
    struct Checkpoint: Codable, Sendable {
        let id: String

        init(id: String) { self.id = id }

        init(from decoder: any Decoder) throws {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "forgotten"))
        }
    }

    func run(_ configuration: NoConfiguration, after event: Never?, context: JobContext<Checkpoint>) async throws
        -> JobStep<Never>
    {
        try await context.save(Checkpoint(id: "1"))
        return .wait(.pause(.seconds(1), for: "a second"))
    }
}
