import FoundationEssentials

extension CodePipeline {
    /// What one poll brought.
    public struct PollResult: Sendable {
        /// The jobs that could be read.
        public var jobs: [Job]
        /// The jobs that couldn't; CodePipeline holds each of them open until somebody reports on it.
        public var undecodable: [UndecodableJob]

        /// Creates a result, as a stand-in for CodePipeline does.
        package init(jobs: [Job], undecodable: [UndecodableJob] = []) {
            self.jobs = jobs
            self.undecodable = undecodable
        }
    }

    /// A job of a poll's reply that can't be read.
    public struct UndecodableJob: Sendable, Hashable {
        /// The job's id, if at least that could be read.
        public var id: String?
        /// The job's nonce, if at least that could be read: with both, the job can be acknowledged and failed.
        public var nonce: String?
        /// What is wrong with it, in words; without its content.
        public var reason: String

        /// Creates a description.
        package init(id: String?, nonce: String?, reason: String) {
            self.id = id
            self.nonce = nonce
            self.reason = reason
        }
    }

    /// Asks for jobs of one action type, and drops those that can't be read.
    ///
    /// See ``poll(actionTypeID:maxBatchSize:queryParameters:)`` for all that came.
    ///
    /// - Returns: At most `maxBatchSize` jobs, which others may hold as well until one acknowledges.
    /// - Throws: ``AWSError``.
    public func pollForJobs(
        actionTypeID: ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String] = [:]
    ) async throws -> [Job] {
        try await poll(
            actionTypeID: actionTypeID,
            maxBatchSize: maxBatchSize,
            queryParameters: queryParameters
        ).jobs
    }

    /// Asks for jobs of one action type (`PollForJobs`).
    ///
    /// A malformed job doesn't lose the others of the reply.
    ///
    /// - Parameters:
    ///   - actionTypeID: The action type; only those owned by `Custom` can be polled for.
    ///   - maxBatchSize: The largest number of jobs wanted, at least 1.
    ///   - queryParameters: The queryable property's name and value, for a type that has one; else empty.
    /// - Returns: The jobs, and what there is to say of those that can't be read.
    /// - Throws: ``AWSError``; ``AWSError/Code/malformedReply`` for a reply without a list, which an empty queue isn't. After
    ///   a lost reply, jobs may have been handed out; CodePipeline offers them anew.
    public func poll(
        actionTypeID: ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String] = [:]
    ) async throws -> PollResult {
        struct Input: Encodable {
            var actionTypeId: ActionTypeID
            var maxBatchSize: Int
            var queryParam: [String: String]?
        }
        struct Output: Decodable {
            // Without it the reply isn't CodePipeline's, and no empty queue: that is an empty list.
            var jobs: [Lossy<Job>]
        }
        let output: Output = try await call(
            .pollForJobs,
            Input(
                actionTypeId: actionTypeID,
                maxBatchSize: max(maxBatchSize, 1),
                queryParam: queryParameters.isEmpty ? nil : queryParameters
            )
        )
        var result = PollResult(jobs: [])
        for item in output.jobs {
            switch item {
            case .value(var job):
                if job.data.actionTypeID == .unknown { job.data.actionTypeID = actionTypeID }
                result.jobs.append(job)
            case .undecodable(let reason, let hints):
                result.undecodable.append(UndecodableJob(id: hints["id"], nonce: hints["nonce"], reason: reason))
            }
        }
        return result
    }

    /// Claims a job (`AcknowledgeJob`).
    ///
    /// Never repeated once it may have been processed, since the answer to the second one would say nothing about
    /// the first: the error then has ``AWSError/mayHaveBeenProcessed``, and the caller decides.
    ///
    /// - Returns: The job's state; only ``JobStatus/inProgress`` makes it the caller's.
    /// - Throws: ``AWSError``; with ``AWSError/Code/invalidNonce`` another worker has the job.
    public func acknowledgeJob(id: String, nonce: String) async throws -> JobStatus {
        struct Input: Encodable {
            var jobId: String
            var nonce: String
        }
        struct Output: Decodable {
            var status: JobStatus
        }
        let output: Output = try await call(
            .acknowledgeJob,
            Input(jobId: id, nonce: nonce),
            retrySafety: .neverAfterAmbiguity
        )
        return output.status
    }

    /// Reads a job anew, with fresh artifact credentials (`GetJobDetails`).
    ///
    /// - Throws: ``AWSError``.
    public func getJobDetails(id: String) async throws -> JobDetails {
        struct Input: Encodable {
            var jobId: String
        }
        struct Output: Decodable {
            var jobDetails: JobDetails
        }
        let output: Output = try await call(.getJobDetails, Input(jobId: id))
        return output.jobDetails
    }

    /// Reports success, or hands the job back with a continuation token (`PutJobSuccessResult`).
    ///
    /// Texts are cut to what CodePipeline takes; empty ones aren't sent.
    ///
    /// - Throws: ``AWSError``; ``AWSError/Code/invalidRequest`` for a continuation token of more than 2048
    ///   characters, which can't be cut. After ``AWSError/earlierAttemptMayHaveBeenProcessed`` an
    ///   ``AWSError/Code/invalidJobState`` most likely means that an earlier attempt was taken.
    public func putJobSuccessResult(jobID: String, result: SuccessResult) async throws {
        struct Input: Encodable {
            var jobId: String
            var continuationToken: String?
            var currentRevision: CurrentRevision?
            var executionDetails: ExecutionDetails?
            var outputVariables: [String: String]?
        }
        let name = AWSOperationName.putJobSuccessResult
        if let token = result.continuationToken, token.utf16.count > SuccessResult.longestContinuationToken {
            throw AWSError(
                .invalidRequest,
                "the continuation token is longer than \(SuccessResult.longestContinuationToken) characters",
                service: AWSService.codePipeline.id,
                operation: name.rawValue,
                attempts: 0
            )
        }
        let _: Nothing = try await call(
            name,
            Input(
                jobId: jobID,
                continuationToken: result.continuationToken.flatMap { $0.isEmpty ? nil : $0 },
                currentRevision: result.currentRevision?.fitting,
                executionDetails: result.executionDetails?.fitting,
                outputVariables: result.outputVariables.isEmpty ? nil : result.outputVariables
            )
        )
    }

    /// Reports failure (`PutJobFailureResult`).
    ///
    /// Texts are cut to what CodePipeline takes; an empty message is replaced by the type's name.
    ///
    /// - Throws: ``AWSError``, as ``putJobSuccessResult(jobID:result:)`` does.
    public func putJobFailureResult(jobID: String, failure: FailureDetails) async throws {
        struct Input: Encodable {
            var jobId: String
            var failureDetails: FailureDetails
        }
        let _: Nothing = try await call(
            .putJobFailureResult,
            Input(jobId: jobID, failureDetails: failure.fitting)
        )
    }
}
