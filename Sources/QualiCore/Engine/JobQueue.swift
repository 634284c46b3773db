public import AWSLite

/// The operations of CodePipeline's job API that a worker uses; ``AWSLite/CodePipeline`` is the real one.
public protocol JobQueue: Sendable {
    /// Asks for jobs of one type that are ready to be worked on.
    func poll(
        actionTypeID: CodePipeline.ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String]
    ) async throws -> CodePipeline.PollResult

    /// Takes a job; only the answer `InProgress` makes it this worker's.
    func acknowledgeJob(id: String, nonce: String) async throws -> CodePipeline.JobStatus

    /// Reads a job again, with fresh credentials for its artifacts.
    func getJobDetails(id: String) async throws -> CodePipeline.JobDetails

    /// Reports that a job went well, or puts it back with a continuation token.
    func putJobSuccessResult(jobID: String, result: CodePipeline.SuccessResult) async throws

    /// Reports that a job failed.
    func putJobFailureResult(jobID: String, failure: CodePipeline.FailureDetails) async throws

    /// How far the actions of one pipeline's execution have come, by the ids of the actions' executions.
    func actionStatuses(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [String: CodePipeline.ActionExecutionStatus]
}

extension JobQueue {
    /// Knows nothing of any action.
    public func actionStatuses(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [String: CodePipeline.ActionExecutionStatus] { [:] }
}

extension CodePipeline: JobQueue {
    /// How far the actions of one pipeline's execution have come (`ListActionExecutions`).
    ///
    /// - Throws: `AWSError`; with the code `AccessDeniedException` where the worker hasn't the right.
    public func actionStatuses(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [String: ActionExecutionStatus] {
        let all = try await listActionExecutions(pipelineName: pipeline, pipelineExecutionID: pipelineExecutionID)
        return Dictionary(all.map { ($0.id, $0.status) }) { newest, _ in newest }
    }
}
