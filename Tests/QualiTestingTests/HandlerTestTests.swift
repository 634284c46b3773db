import AWSLite
import Foundation
import JobEngine
import QualiTesting
import Testing

@Suite("A test of a handler", .timeLimit(.minutes(1)))
struct HandlerTestTests {
    private static let report = CodePipeline.Artifact.forTest("Report")
    private static let properties = ["Version": "1.2"]

    private static func deployment(
        looksNeeded: Int = 4,
        looksBack: Bool = true,
        properties: [String: String] = properties
    ) -> HandlerTest<Deployment> {
        let service = DeploymentService(looksNeeded: looksNeeded)
        return HandlerTest(
            Deployment(service: service, looksBack: looksBack),
            properties: properties,
            outputs: [report]
        )
    }

    // MARK: Whole jobs

    @Test func `runs a job with its waits, and shows what it did`() async throws {
        let test = Self.deployment()
        let result = try await test.run()
        #expect(result == JobResult(summary: "1.2 is live", externalExecutionID: "d-1"))
        let deadline = ManualClock.beginning + .seconds(300)
        #expect(try test.saved == [.init(deadline: deadline), .init(deadline: deadline, id: "d-1")])
        #expect(test.reported.map(\.percentComplete) == [25, 50, 75, 100])
        #expect(test.reported.allSatisfy { $0.externalExecutionID == "d-1" && $0.summary == "Deploying" })
        #expect(test.waits.map(\.reason) == Array(repeating: "the deployment d-1", count: 3))
        #expect(test.waits.allSatisfy { $0.deadline == deadline })
        #expect(test.clock.now == ManualClock.beginning + .seconds(30))
        let writes = await test.store.writes
        #expect(writes == [.init(Data("deployed 1.2".utf8), contentType: "text/plain", to: Self.report)])
        #expect(test.log.lines.map(\.message) == ["Deployed"])
        #expect(test.log.lines.first?.metadata == ["deployment": "d-1"])
    }

    @Test func `refuses properties as a worker does, before anything is done`() async throws {
        let test = Self.deployment(properties: ["TimeoutInMinutes": "soon"])
        let failure = await #expect(throws: JobFailure.self) { try await test.run() }
        #expect(failure?.type == .configurationError)
        #expect(failure?.message == "The property 'Version' is required, but is missing or blank.")
        await #expect(throws: JobFailure.self) { try await test.step() }
        await #expect(throws: JobFailure.self) { try await test.isBegun() }
        #expect(try test.saved.isEmpty)
        #expect(await test.handler.service.orders.isEmpty)
        let wrong = Self.deployment(properties: ["Version": "1", "TimeoutInMinutes": "soon"])
        let other = await #expect(throws: JobFailure.self) { try await wrong.run() }
        #expect(other?.message.contains("'TimeoutInMinutes' is 'soon'") == true)
    }

    @Test func `takes the defaults of properties that are missing`() async throws {
        let test = HandlerTest(
            Deployment(service: DeploymentService()),
            properties: ["TimeoutInMinutes": " "],
            propertyDefaults: ["Version": "0.9", "TimeoutInMinutes": "1"]
        )
        #expect(try await test.run().summary == "0.9 is live")
        #expect(try test.saved.first?.deadline == ManualClock.beginning + .seconds(60))
    }

    @Test func `claims a job when the clock says so`() async throws {
        let clock = ManualClock(startingAt: .distantPast)
        let test = HandlerTest(Deployment(service: DeploymentService()), properties: Self.properties, clock: clock)
        #expect(test.job.claimedAt == .distantPast)
        try await test.run()
        #expect(try test.saved.first?.deadline == .distantPast + .seconds(300))
    }

    @Test func `hands on the failure of a handler`() async throws {
        let test = Self.deployment(looksNeeded: 1_000)
        let failure = await #expect(throws: JobFailure.self) { try await test.run() }
        #expect(failure == JobFailure(.jobFailed, "d-1 isn't done in time.", externalExecutionID: "d-1"))
        #expect(test.clock.now == ManualClock.beginning + .seconds(300))
    }

    @Test func `begins from a checkpoint`() async throws {
        let service = DeploymentService()
        let test = HandlerTest(
            Deployment(service: service),
            properties: Self.properties,
            checkpoint: .init(deadline: .distantFuture, id: "d-7")
        )
        #expect(try await test.run().externalExecutionID == "d-7")
        #expect(try test.saved.isEmpty)
        #expect(await service.orders.isEmpty)
    }

    @Test func `gives a handler its inputs, and waits out the trouble of the store`() async throws {
        let source = CodePipeline.Artifact.forTest("Source")
        let store = InMemoryArtifactStore([source: Data("text".utf8)])
        await store.fail(with: [AWSError(.transport, "no connection")])
        let test = HandlerTest(Copying(), inputs: [source], outputs: [Self.report], store: store)
        try await test.run()
        #expect(await test.store.objects[Self.report.key] == Data("text".utf8))
        #expect(test.clock.now > ManualClock.beginning)
        #expect(test.reported.contains { $0.summary.contains("waiting for") })
        await store.fail(with: AWSError(.accessDenied, "no"), until: .distantFuture, of: test.clock)
        let failure = await #expect(throws: JobFailure.self) { try await test.run() }
        #expect(failure?.type == .permissionError)
    }

    @Test func `tells a handler what CodePipeline knows of its execution`() async throws {
        let test = HandlerTest(Counting()) { [.init(id: "run-1", status: .inProgress)] }
        #expect(try await test.run().summary == "1 in Nightly, contested: false")
        let contested = HandlerTest(Counting(), job: .forTest(mayHaveBegunElsewhere: true))
        #expect(try await contested.run().summary == "0 in Nightly, contested: true")
        // Who has saved nothing has to look as well.
        #expect(try await contested.resumed().run().summary == "0 in Nightly, contested: true")
        let begun = HandlerTest(Counting(), checkpoint: 1, job: .forTest(mayHaveBegunElsewhere: true))
        #expect(try await begun.resumed().run().summary == "0 in Nightly, contested: false")
    }

    // MARK: Waits

    @Test func `brings a callback that comes while the job waits`() async throws {
        let approvals = Approvals()
        let test = HandlerTest(Approval(approvals: approvals))
        let result = try await test.run { wait in
            #expect(wait.reason == "somebody's word")
            approvals.answer("run-1", true)
        }
        #expect(result.summary == "Approved")
        #expect(test.clock.now == ManualClock.beginning)
        #expect(approvals.givenUp == ["run-1"])
    }

    @Test(arguments: [(599, "Somebody said no."), (601, "Nobody said anything.")])
    func `lets what happens outside take its time`(seconds: Int, message: String) async throws {
        for _ in 0..<50 {
            let approvals = Approvals()
            let clock = ManualClock()
            let test = HandlerTest(Approval(approvals: approvals), clock: clock)
            let failure = await #expect(throws: JobFailure.self) {
                try await test.run { _ in
                    try await clock.sleep(for: .seconds(seconds))
                    approvals.answer("run-1", false)
                }
            }
            #expect(failure?.message == message)
            #expect(clock.now == ManualClock.beginning + .seconds(min(seconds, 600)))
            #expect(approvals.givenUp == ["run-1"])
        }
    }

    @Test func `lets a wait's time pass, and then says that nothing has come`() async throws {
        let approvals = Approvals()
        let test = HandlerTest(Approval(approvals: approvals))
        let failure = await #expect(throws: JobFailure.self) { try await test.run() }
        #expect(failure?.message == "Nobody said anything.")
        #expect(test.clock.now == ManualClock.beginning + .seconds(600))
        #expect(approvals.givenUp == ["run-1"])
    }

    @Test func `doesn't hang in a wait that nothing ends`() async throws {
        let approvals = Approvals()
        let test = HandlerTest(Approval(approvals: approvals, limit: nil))
        let error = await #expect(throws: HandlerTestError.self) { try await test.run() }
        #expect(error?.description.contains("somebody's word") == true)
        #expect(approvals.givenUp == ["run-1"])
    }

    @Test func `hands on what goes wrong outside`() async throws {
        struct Outside: Error {}
        let approvals = Approvals()
        let test = HandlerTest(Approval(approvals: approvals))
        await #expect(throws: Outside.self) { try await test.run { _ in throw Outside() } }
        #expect(approvals.givenUp == ["run-1"])
    }

    @Test func `ends when it is cancelled`() async throws {
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let test = HandlerTest(Hanging(enter: enter))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await #expect(throws: CancellationError.self) { try await test.run() } }
            await entered.first { _ in true }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    // MARK: Steps

    @Test func `runs single steps, with the events that a test gives them`() async throws {
        let test = HandlerTest(Approval(approvals: Approvals()))
        guard case .wait(let wait) = try await test.step() else { throw Unexpected() }
        #expect(wait.deadline == ManualClock.beginning + .seconds(600))
        #expect(try test.saved == [ManualClock.beginning])
        // Another worker has no event, and doesn't save anew.
        test.clock.advance(by: .seconds(60))
        guard case .wait = try await test.step() else { throw Unexpected() }
        #expect(try test.saved.count == 1)
        #expect(test.waits.count == 2)
        guard case .done(let result) = try await test.step(after: true) else { throw Unexpected() }
        #expect(result.summary == "Approved")
        await #expect(throws: JobFailure(.jobFailed, "Somebody said no.")) { try await test.step(after: false) }
    }

    @Test func `tells one step that its progress is to be shown`() async throws {
        let test = HandlerTest(Approval(approvals: Approvals()))
        _ = try await test.step()
        #expect(test.reported.isEmpty)
        test.clock.advance(by: .seconds(30))
        _ = try await test.step(isProgressDue: true)
        test.clock.advance(by: .seconds(30))
        _ = try await test.step()
        #expect(test.reported == [JobProgress("Asked 30 s ago")])
    }

    @Test func `asks whether a job is begun`() async throws {
        let test = Self.deployment()
        #expect(try await test.isBegun() == false)
        _ = try await test.step()
        #expect(try await test.isBegun() == true)
    }

    // MARK: Undoing

    @Test func `has a job undone from its checkpoint alone`() async throws {
        let test = Self.deployment()
        try await test.abandon()
        _ = try await test.step()
        #expect(await test.handler.service.isAnyLeft)
        try await test.abandon()
        #expect(await !test.handler.service.isAnyLeft)
        // Another worker, which begins with what is stored.
        let other = Self.deployment()
        _ = try await other.step()
        try await other.resumed().abandon()
        #expect(await !other.handler.service.isAnyLeft)
    }

    @Test func `has no artifacts, and keeps time and records, while a job is undone`() async throws {
        let test = HandlerTest(Tidying(), checkpoint: 3, outputs: [Self.report])
        try await test.abandon()
        #expect(test.reported.map(\.summary) == ["Undoing 3 of run-1, 0 artifacts, account ''"])
        #expect(try test.saved == [4])
        #expect(test.clock.now == ManualClock.beginning + .seconds(3_600))
        await #expect(throws: JobFailure.self) { try await HandlerTest(Tidying()).abandon() }
    }

    private struct Unexpected: Error {}
}

/// Copies its input to its outputs.
private struct Copying: ActionHandler {
    func run(_ configuration: NoConfiguration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
        for input in context.artifacts.inputs {
            let data = try await context.artifacts.read(input)
            for output in context.artifacts.outputs {
                try await context.artifacts.write(data, contentType: "text/plain", to: output)
            }
        }
        return JobResult(summary: "Copied")
    }
}

/// Waits in vain.
private struct Hanging: ActionHandler {
    let enter: AsyncStream<Void>.Continuation

    func run(_ configuration: NoConfiguration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
        enter.yield()
        let (never, end) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        end.finish()
        throw CancellationError()
    }
}

/// Counts the actions of its execution.
private struct Counting: ActionHandler {
    func run(_ configuration: NoConfiguration, context: JobContext<Int>) async throws -> JobResult {
        let count = try await context.actionsOfExecution().count
        return JobResult(
            summary: "\(count) in \(context.job.place.pipeline), contested: \(context.mayHaveBegunElsewhere)"
        )
    }
}

/// Takes an hour to undo what it has done.
private struct Tidying: ActionHandler {
    func run(_ configuration: NoConfiguration, context: JobContext<Int>) async throws -> JobResult {
        JobResult(summary: "Done")
    }

    func abandon(_ context: JobContext<Int>) async throws {
        guard let checkpoint = context.checkpoint else { throw JobFailure(.jobFailed, "Nothing to undo.") }
        let artifacts = context.artifacts.inputs.count + context.artifacts.outputs.count
        let (run, account) = (context.job.actionExecutionID, context.job.accountID)
        await context.report(
            JobProgress("Undoing \(checkpoint) of \(run), \(artifacts) artifacts, account '\(account)'")
        )
        try await context.clock.sleep(for: .seconds(3_600))
        try await context.save(checkpoint + 1)
    }
}
