package import AWSLite
package import Foundation
import HTTPTransport
package import JobEngine

/// CodePipeline's job API from memory, which a test scripts and whose calls it awaits.
package actor FakeQueue: JobQueue {
    package enum Call: Sendable, Equatable {
        case poll(provider: String, maxBatchSize: Int)
        case acknowledge(id: String, nonce: String)
        case details(id: String)
        case success(id: String, CodePipeline.SuccessResult)
        case failure(id: String, CodePipeline.FailureDetails)
        case statuses(pipeline: String, execution: String)

        package var isPoll: Bool { if case .poll = self { true } else { false } }
    }

    package private(set) var calls: [Call] = []
    private let ahead = Locked((offset: TimeInterval?.none, calls: 0))
    private var offers: [CodePipeline.PollResult] = []
    private var details: [String: CodePipeline.JobDetails] = [:]
    private var errors: [String: [any Error]] = [:]
    private var answers: [CodePipeline.JobStatus] = []
    private var statuses: [String: CodePipeline.ActionExecutionStatus] = [:]
    private var statusesAfterReport: [String: (String, CodePipeline.ActionExecutionStatus)] = [:]
    private var watchers: [(CheckedContinuation<Call, Never>, @Sendable ([Call]) -> Call?)] = []

    package init() {}

    /// How far the service's time is ahead of the worker's clock, as far as replies have told.
    package nonisolated var clockOffset: TimeInterval? { ahead.withLock { $0.calls > 0 ? nil : $0.offset } }

    /// The service's time is ahead of the worker's clock, which the worker learns by a call.
    package nonisolated func isAhead(by offset: TimeInterval, after calls: Int = 0) {
        ahead.withLock { $0 = (offset, calls) }
    }

    /// The operation fails with these errors, one call after the other, before it works.
    package func fail(_ operation: String, with errors: [any Error]) {
        self.errors[operation, default: []] += errors
    }

    /// Acknowledgements are answered with these, one after the other, and then with `InProgress`.
    package func answer(_ answers: [CodePipeline.JobStatus]) { self.answers += answers }

    package func offer(_ jobs: CodePipeline.Job..., undecodable: [CodePipeline.UndecodableJob] = []) {
        offers.append(.init(jobs: jobs, undecodable: undecodable))
        for job in jobs { hold(job) }
    }

    package func hold(_ job: CodePipeline.Job) {
        details[job.id] = .init(id: job.id, accountID: job.accountID, data: job.data)
    }

    /// From now on, CodePipeline tells this of an action's execution.
    package func tell(_ actionExecutionID: String, is status: CodePipeline.ActionExecutionStatus) {
        statuses[actionExecutionID] = status
    }

    /// From a job's successful report on, CodePipeline tells this of an action's execution.
    package func tell(
        _ actionExecutionID: String,
        is status: CodePipeline.ActionExecutionStatus,
        onceReported jobID: String
    ) {
        statusesAfterReport[jobID] = (actionExecutionID, status)
    }

    /// The first call, or a later one, past or to come, that passes.
    @discardableResult
    package func call(_ number: Int = 1, where isWanted: @escaping @Sendable (Call) -> Bool) async -> Call {
        let find: @Sendable ([Call]) -> Call? = { $0.filter(isWanted).dropFirst(number - 1).first }
        if let call = find(calls) { return call }
        return await withCheckedContinuation { watchers.append(($0, find)) }
    }

    package func report(of id: String) async -> Call {
        await call { call in
            switch call {
            case .success(id, _), .failure(id, _): true
            default: false
            }
        }
    }

    private func note(_ call: Call, _ operation: String) throws {
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

    package func poll(
        actionTypeID: CodePipeline.ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String]
    ) throws -> CodePipeline.PollResult {
        try note(.poll(provider: actionTypeID.provider, maxBatchSize: maxBatchSize), "poll")
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

    package func acknowledgeJob(id: String, nonce: String) throws -> CodePipeline.JobStatus {
        try note(.acknowledge(id: id, nonce: nonce), "acknowledge")
        return answers.isEmpty ? .inProgress : answers.removeFirst()
    }

    package func getJobDetails(id: String) throws -> CodePipeline.JobDetails {
        try note(.details(id: id), "details")
        guard let found = details[id] else { throw AWSError(.jobNotFound, "no such job") }
        return found
    }

    package func putJobSuccessResult(jobID: String, result: CodePipeline.SuccessResult) throws {
        try note(.success(id: jobID, result), "success")
    }

    package func putJobFailureResult(jobID: String, failure: CodePipeline.FailureDetails) throws {
        try note(.failure(id: jobID, failure), "failure")
    }

    package func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) throws -> [CodePipeline.ActionExecution] {
        try note(.statuses(pipeline: pipeline, execution: pipelineExecutionID), "statuses")
        return statuses.map { .init(id: $0.key, status: $0.value) }
    }
}

/// An artifact store from memory.
package actor FakeArtifactStore: ArtifactStore {
    package private(set) var objects: [String: Data] = [:]
    package private(set) var usedCredentials: [AWSCredentials] = []
    private var errors: [any Error] = []
    private var outage: @Sendable () -> (any Error)? = { nil }

    package init() {}

    package func fail(with errors: [any Error]) { self.errors += errors }

    /// Fails until a clock shows this time.
    package func fail(with error: any Error, until time: Date, of clock: any WorkerClock) {
        outage = { clock.now < time ? error : nil }
    }

    package func put(_ data: Data, at key: String) { objects[key] = data }

    private func note(_ credentials: AWSCredentials) throws {
        usedCredentials.append(credentials)
        if let error = outage() { throw error }
        if !errors.isEmpty { throw errors.removeFirst() }
    }

    package func read(_ artifact: CodePipeline.Artifact, limit: Int, credentials: AWSCredentials) throws -> Data {
        try note(credentials)
        guard let data = objects[artifact.key] else { throw AWSError(.noSuchKey, "no such key") }
        guard data.count <= limit else { throw AWSError(.objectTooLarge, "too large") }
        return data
    }

    package func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: AWSCredentials
    ) throws {
        try note(credentials)
        objects[artifact.key] = data
    }
}

extension FakeQueue.Call {
    package var failure: CodePipeline.FailureDetails? {
        if case .failure(_, let details) = self { details } else { nil }
    }
    package var success: CodePipeline.SuccessResult? { if case .success(_, let result) = self { result } else { nil } }
    package var isAcknowledgement: Bool { if case .acknowledge = self { true } else { false } }
}
