public import AWSLite
package import Foundation
import HTTPTransport
public import JobEngine
public import Logging

/// CodePipeline's job API from memory, which a test scripts and whose calls it awaits.
///
/// It is for the test of a `JobWorker` as a whole; ``HandlerTest`` needs none.
///
/// ```swift
/// let queue = InMemoryJobQueue()
/// await queue.offer(job)
/// // … run a worker with it, then:
/// let report = await queue.report(of: job.id)
/// #expect(report.success?.executionDetails?.summary == "Hello, world")
/// ```
public actor InMemoryJobQueue: JobQueue {
    /// A call of the job API.
    public enum Call: Sendable, Equatable {
        /// `PollForJobs` for an action type's provider.
        case poll(provider: String, maxBatchSize: Int)
        /// `AcknowledgeJob`.
        case acknowledge(id: String, nonce: String)
        /// `GetJobDetails`.
        case details(id: String)
        /// `PutJobSuccessResult`, with or without a continuation token.
        case success(id: String, CodePipeline.SuccessResult)
        /// `PutJobFailureResult`.
        case failure(id: String, CodePipeline.FailureDetails)
        /// `ListActionExecutions` of one execution of a pipeline.
        case statuses(pipeline: String, execution: String)
        /// `ListPipelineExecutions` of a pipeline.
        case executions(pipeline: String)

        /// Whether it is a poll.
        public var isPoll: Bool { if case .poll = self { true } else { false } }
    }

    /// All calls so far, those that failed among them.
    public private(set) var calls: [Call] = []
    private let ahead = Locked((offset: TimeInterval?.none, calls: 0))
    private var offers: [CodePipeline.PollResult] = []
    /// The jobs whose reports were taken.
    private var reported: Set<String> = []
    private var details: [String: CodePipeline.JobDetails] = [:]
    private var errors: [Operation: [any Error]] = [:]
    private var answers: [CodePipeline.JobStatus] = []
    private var statuses: [String: CodePipeline.ActionExecutionStatus] = [:]
    private var executions: [CodePipeline.PipelineExecution] = []
    private var statusesAfterReport: [String: (String, CodePipeline.ActionExecutionStatus)] = [:]
    private var watchers: [(CheckedContinuation<Call, Never>, @Sendable ([Call]) -> Call?)] = []

    /// Creates a queue without jobs.
    public init() {}

    /// How far the service's time is ahead of the worker's clock, as far as replies have told.
    package nonisolated var clockOffset: TimeInterval? { ahead.withLock { $0.calls > 0 ? nil : $0.offset } }

    /// The service's time is ahead of the worker's clock, which the worker learns by a call.
    package nonisolated func isAhead(by offset: TimeInterval, after calls: Int = 0) {
        ahead.withLock { $0 = (offset, calls) }
    }

    /// An operation of the job API.
    public enum Operation: String, Sendable {
        /// `PollForJobs`.
        case poll
        /// `AcknowledgeJob`.
        case acknowledge
        /// `GetJobDetails`.
        case details
        /// `PutJobSuccessResult`.
        case success
        /// `PutJobFailureResult`.
        case failure
        /// `ListActionExecutions`.
        case statuses
        /// `ListPipelineExecutions`.
        case executions
    }

    /// The operation fails with these errors, one call after the other, before it works.
    ///
    /// - Parameters:
    ///   - operation: Which.
    ///   - errors: Such as `AWSError(.transport, "no connection")`.
    public func fail(_ operation: Operation, with errors: [any Error]) {
        self.errors[operation, default: []] += errors
    }

    /// Acknowledgements are answered with these, one after the other, and then with `InProgress`.
    public func answer(_ answers: [CodePipeline.JobStatus]) { self.answers += answers }

    /// Hands out jobs with the next poll for their action type that has no earlier ones to take.
    ///
    /// - Parameters:
    ///   - jobs: Jobs of one type.
    ///   - undecodable: Jobs of which the client could read no more than the id.
    public func offer(_ jobs: CodePipeline.Job..., undecodable: [CodePipeline.UndecodableJob] = []) {
        offers.append(.init(jobs: jobs, undecodable: undecodable))
        for job in jobs { hold(job) }
    }

    /// Knows a job's details without handing the job out, as of one that was taken before.
    package func hold(_ job: CodePipeline.Job) {
        details[job.id] = .init(id: job.id, accountID: job.accountID, data: job.data)
    }

    /// From now on, CodePipeline tells this of an action's execution.
    package func tell(_ actionExecutionID: String, is status: CodePipeline.ActionExecutionStatus) {
        statuses[actionExecutionID] = status
    }

    /// From now on, CodePipeline lists this execution, with every pipeline.
    package func tell(_ execution: CodePipeline.PipelineExecution) {
        executions.removeAll { $0.id == execution.id }
        executions.insert(execution, at: 0)
    }

    /// From a job's successful report on, CodePipeline tells this of an action's execution.
    package func tell(
        _ actionExecutionID: String,
        is status: CodePipeline.ActionExecutionStatus,
        onceReported jobID: String
    ) {
        statusesAfterReport[jobID] = (actionExecutionID, status)
    }

    /// Waits for a call that passes, past or to come.
    ///
    /// The cancellation of the task doesn't end that.
    ///
    /// - Parameters:
    ///   - number: Which of those that pass, from 1.
    ///   - isWanted: Whether a call passes.
    /// - Returns: That call.
    @discardableResult
    public func call(_ number: Int = 1, where isWanted: @escaping @Sendable (Call) -> Bool) async -> Call {
        let find: @Sendable ([Call]) -> Call? = { $0.filter(isWanted).dropFirst(number - 1).first }
        if let call = find(calls) { return call }
        return await withCheckedContinuation { watchers.append(($0, find)) }
    }

    /// The first report of how a job ended, or of its being put back, past or to come.
    public func report(of id: String) async -> Call {
        await call { call in
            switch call {
            case .success(id, _), .failure(id, _): true
            default: false
            }
        }
    }

    private func note(_ call: Call, _ operation: Operation) throws {
        calls.append(call)
        ahead.withLock { $0.calls = max(0, $0.calls - 1) }
        if case .success(let id, _) = call, let (run, status) = statusesAfterReport[id] { statuses[run] = status }
        watchers.removeAll { continuation, find in
            guard let call = find(calls) else { return false }
            continuation.resume(returning: call)
            return true
        }
        if errors[operation]?.isEmpty == false, let error = errors[operation]?.removeFirst() { throw error }
    }

    /// Hands out what was offered next, at most a batch of it.
    ///
    /// - Throws: The error that it was told to answer with.
    package func poll(
        actionTypeID: CodePipeline.ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String]
    ) throws -> CodePipeline.PollResult {
        try note(.poll(provider: actionTypeID.provider, maxBatchSize: maxBatchSize), .poll)
        guard
            let index = offers.firstIndex(where: { offer in
                offer.jobs.first.map { $0.data.actionTypeID == actionTypeID } ?? true
            })
        else { return .init(jobs: []) }
        var offer = offers.remove(at: index)
        if offer.jobs.count > maxBatchSize {
            offers.insert(.init(jobs: Array(offer.jobs.dropFirst(maxBatchSize))), at: index)
            offer.jobs = Array(offer.jobs.prefix(maxBatchSize))
        }
        return offer
    }

    /// Answers as it was told, or with `InProgress`.
    ///
    /// - Throws: `AWSError` with the code `InvalidJobStateException` for a job that was reported.
    package func acknowledgeJob(id: String, nonce: String) throws -> CodePipeline.JobStatus {
        try note(.acknowledge(id: id, nonce: nonce), .acknowledge)
        if answers.isEmpty, reported.contains(id) { throw AWSError(.invalidJobState, "the job was reported") }
        return answers.isEmpty ? .inProgress : answers.removeFirst()
    }

    /// Tells of a job that was offered or is held.
    ///
    /// - Throws: `AWSError` with the code `JobNotFoundException` for any other.
    package func getJobDetails(id: String) throws -> CodePipeline.JobDetails {
        try note(.details(id: id), .details)
        guard let found = details[id] else { throw AWSError(.jobNotFound, "no such job") }
        return found
    }

    /// Takes a report.
    ///
    /// - Throws: The error that it was told to answer with.
    package func putJobSuccessResult(jobID: String, result: CodePipeline.SuccessResult) throws {
        try note(.success(id: jobID, result), .success)
        reported.insert(jobID)
    }

    /// Takes a report.
    ///
    /// - Throws: The error that it was told to answer with.
    package func putJobFailureResult(jobID: String, failure: CodePipeline.FailureDetails) throws {
        try note(.failure(id: jobID, failure), .failure)
        reported.insert(jobID)
    }

    /// Lists what it was told of actions, for any execution.
    ///
    /// - Throws: The error that it was told to answer with.
    package func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) throws -> [CodePipeline.ActionExecution] {
        try note(.statuses(pipeline: pipeline, execution: pipelineExecutionID), .statuses)
        return statuses.map { .init(id: $0.key, status: $0.value) }
    }

    /// Lists the executions that it was told of, a hundred at a time, for any pipeline.
    package func pipelineExecutions(
        pipeline: String,
        nextToken: String?
    ) throws -> CodePipeline.PipelineExecutionPage {
        try note(.executions(pipeline: pipeline), .executions)
        let start = nextToken.flatMap(Int.init) ?? 0
        let end = min(start + 100, executions.count)
        return .init(
            executions: Array(executions[min(start, end)..<end]),
            nextToken: end < executions.count ? "\(end)" : nil
        )
    }
}

extension InMemoryJobQueue.Call {
    /// The details of a reported failure.
    public var failure: CodePipeline.FailureDetails? {
        if case .failure(_, let details) = self { details } else { nil }
    }
    /// What was reported as success, or with what a job was put back.
    public var success: CodePipeline.SuccessResult? { if case .success(_, let result) = self { result } else { nil } }
    /// Whether it is an acknowledgement.
    public var isAcknowledgement: Bool { if case .acknowledge = self { true } else { false } }
}

extension JobWorker {
    /// Creates a worker for a test: its jobs come from memory, its artifacts stay there, and so does its journal.
    ///
    /// - Parameters:
    ///   - queue: What hands out jobs and takes reports.
    ///   - actions: What it serves.
    ///   - artifactStore: What holds artifacts.
    ///   - configuration: How jobs are handled.
    ///   - monitor: What watches the worker.
    ///   - clock: The time.
    ///   - logger: Where it says what it does.
    public init(
        queue: InMemoryJobQueue,
        actions: [JobAction],
        artifactStore: InMemoryArtifactStore = InMemoryArtifactStore(),
        configuration: Configuration = Configuration(),
        monitor: WorkerMonitor = WorkerMonitor(),
        clock: ManualClock,
        logger: Logger
    ) {
        let queue: any JobQueue = queue
        self.init(
            queue: queue,
            actions: actions,
            artifactStore: artifactStore,
            configuration: configuration,
            monitor: monitor,
            clock: clock,
            logger: logger
        )
    }
}
