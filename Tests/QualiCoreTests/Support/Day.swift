import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI
import TestSupport

@testable import JobEngine
@testable import QualiCore

/// A day of a worker in virtual time: services that are down at hours of one's choice, and jobs that come at such hours.
struct Day: Sendable {
    enum Service: Sendable { case poll, acknowledge, report, details, executions, journal, lab }

    let clock = ManualClock()
    let book = LogBook()
    let queue: DayQueue
    private let lab: SandboxClient
    private let journal: any JobJournal
    private let isAlways: Bool
    private let isIdle: Bool

    /// `outages` says when a service is down, and `hours` when jobs are offered, in hours of the day.
    ///
    /// `unfinished` is how many jobs an earlier run has left. `isAlways` says whether jobs wait in the queue, for ever;
    /// else each takes an hour and a quarter.
    init(
        outages: [Service: ClosedRange<Double>] = [:],
        jobsAt hours: [Double] = [],
        unfinished: Int = 0,
        isAlways: Bool = false
    ) throws {
        let clock = clock
        let start = clock.now
        let isDown: @Sendable (Service) -> Bool = {
            outages[$0]?.contains(clock.now.timeIntervalSince(start) / 3_600) == true
        }
        let records = (0..<unfinished).map { JobRecord.record("old-\($0)") }
        self.isAlways = isAlways
        isIdle = hours.isEmpty && unfinished == 0
        queue = DayQueue(
            clock: clock,
            isDown: isDown,
            jobs: hours.map { start.addingTimeInterval($0 * 3_600) },
            held: records.map { .job($0.id) }
        )
        journal = DayJournal(base: InMemoryJobJournal(records), isDown: isDown)
        lab = try SandboxClient(
            .init(
                url: "http://lab:82",
                username: "ci",
                password: Secret("x"),
                retry: .init(attempts: 1, sleep: { _ in })
            ),
            httpClient: ScriptedLab { _, _ in isDown(.lab) ? .error(500, "Down") : .empty }
        )
    }

    /// Runs the worker from one midnight to the next.
    ///
    /// - Returns: What it said at `info`, or above that.
    func pass() async -> [LogBook.Line] {
        var configuration = JobWorker.Configuration()
        configuration.handoff = isAlways ? .always : .never
        configuration.progressInterval = nil
        // To be through the other days sooner.
        if !isIdle { configuration.pollInterval = .seconds(20) }
        configuration.redispatchInterval = .seconds(86_400)
        let watcher = SandboxWatcher(client: lab, interval: .seconds(5), clock: clock, logger: book.logger)
        var actions = [CodePipeline.ActionTypeID.start, .end].map { type in
            isAlways ? JobAction(type, handler: Self.waitsInQueue) : JobAction(type, handler: waits(watcher))
        }
        for index in actions.indices { actions[index].externalExecutionName = "sandbox" }
        let worker = JobWorker(
            queue: queue,
            actions: actions,
            artifactStore: InMemoryArtifactStore(),
            journal: journal,
            configuration: configuration,
            clock: clock,
            logger: book.logger
        )
        let probe = LabProbe(
            client: lab,
            interval: .seconds(60),
            monitor: WorkerMonitor(),
            clock: clock,
            logger: book.logger
        )
        let midnight = clock.now.addingTimeInterval(86_400)
        return await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: clock.executor) { try await worker.run() }
            group.addTask(executorPreference: clock.executor) { await probe.run() }
            group.addTask(executorPreference: clock.executor) { await watcher.run() }
            while clock.now < midnight { await clock.wakeNext() }
            defer { group.cancelAll() }
            return book.lines(from: .info)
        }
    }

    private static let waitsInQueue = WaitingClosureHandler { context, _ in
        await context.report(JobProgress("Setting up", externalExecutionID: "s1"))
        try await context.save(1)
        return .wait(.pause(.seconds(60), for: "the setup"))
    }

    /// Looks at the lab and writes to the journal once a minute.
    private func waits(_ watcher: SandboxWatcher) -> ClosureHandler {
        ClosureHandler { context in
            await context.report(JobProgress("Setting up", externalExecutionID: "s1"))
            for minute in 1...75 {
                try await context.save(minute)
                _ = try await watcher.wait(for: "s1", until: context.clock.now, where: \.isReady)
                try await context.clock.sleep(for: .seconds(60))
            }
            return JobResult(summary: "Done", externalExecutionID: "s1")
        }
    }
}

/// CodePipeline's job API for a ``Day``.
final class DayQueue: JobQueue {
    private struct State {
        var offers: [(due: Date, job: CodePipeline.Job)]
        var jobs: [String: CodePipeline.Job] = [:]
        var polls = 0
        var returns = 0
    }

    private let clock: ManualClock
    private let isDown: @Sendable (Day.Service) -> Bool
    private let state: Locked<State>

    init(
        clock: ManualClock,
        isDown: @escaping @Sendable (Day.Service) -> Bool,
        jobs: [Date],
        held: [CodePipeline.Job]
    ) {
        self.clock = clock
        self.isDown = isDown
        var state = State(offers: jobs.enumerated().map { ($1, .job("\($0)")) })
        for job in held + state.offers.map(\.job) { state.jobs[job.id] = job }
        self.state = Locked(state)
    }

    /// How many polls there were.
    var polls: Int { state.withLock { $0.polls } }
    /// How often a job was put back.
    var returns: Int { state.withLock { $0.returns } }

    private func ask(_ service: Day.Service) throws {
        if isDown(service) { throw AWSError(.transport, "\(service) is down") }
    }

    func poll(
        actionTypeID: CodePipeline.ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String]
    ) throws -> CodePipeline.PollResult {
        try ask(.poll)
        let now = clock.now
        return state.withLock { state in
            state.polls += 1
            let isDue: ((due: Date, job: CodePipeline.Job)) -> Bool = {
                $0.due <= now && $0.job.data.actionTypeID == actionTypeID
            }
            let due = state.offers.filter(isDue).prefix(maxBatchSize)
            state.offers.removeAll { offer in due.contains { $0.job.id == offer.job.id } }
            return .init(jobs: due.map(\.job))
        }
    }

    func acknowledgeJob(id: String, nonce: String) throws -> CodePipeline.JobStatus {
        try ask(.acknowledge)
        return .inProgress
    }

    func getJobDetails(id: String) throws -> CodePipeline.JobDetails {
        try ask(.details)
        guard let job = state.withLock({ $0.jobs[id] }) else { throw AWSError(.jobNotFound, "no such job") }
        return .init(id: id, accountID: job.accountID, data: job.data)
    }

    func putJobSuccessResult(jobID: String, result: CodePipeline.SuccessResult) throws {
        try ask(.report)
        guard let token = result.continuationToken else { return }
        let now = clock.now
        state.withLock { state in
            state.returns += 1
            let action = state.jobs[jobID]?.data.pipelineContext?.actionExecutionID
            let job = CodePipeline.Job.job("r\(state.returns)", actionExecutionID: action, token: token)
            state.jobs[jobID] = nil
            state.jobs[job.id] = job
            state.offers.append((now, job))
        }
    }

    func putJobFailureResult(jobID: String, failure: CodePipeline.FailureDetails) throws {
        try ask(.report)
    }

    func actionExecutions(pipeline: String, pipelineExecutionID: String) throws -> [CodePipeline.ActionExecution] {
        try ask(.executions)
        return []
    }
}

/// A journal for a ``Day``.
private struct DayJournal: JobJournal {
    let base: InMemoryJobJournal
    let isDown: @Sendable (Day.Service) -> Bool

    private func ask() throws {
        if isDown(.journal) { throw AWSError(.fileFailed, "the disk is full") }
    }

    var isDurable: Bool { true }

    func claim(_ records: [JobRecord]) async throws {
        try ask()
        await base.claim(records)
    }

    func noteAcknowledged(_ jobID: String) async throws {
        try ask()
        await base.noteAcknowledged(jobID)
    }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        try ask()
        try await base.saveCheckpoint(checkpoint, of: jobID)
    }

    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        try ask()
        await base.saveOutcome(outcome, of: jobID)
    }

    func forget(_ jobID: String) async throws {
        try ask()
        await base.forget(jobID)
    }

    func unfinished() async throws -> [JobRecord] { await base.unfinished() }
}
