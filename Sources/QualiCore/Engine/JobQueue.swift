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

    /// The runs of actions within one pipeline's execution, the newest first.
    func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [CodePipeline.ActionExecution]
}

extension JobQueue {
    /// Knows nothing of any action.
    public func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [CodePipeline.ActionExecution] { [] }

    /// How far one action's run has come; `nil` where CodePipeline doesn't list it.
    func status(of record: JobRecord) async throws -> CodePipeline.ActionExecutionStatus? {
        let place = record.place
        let all = try await actionExecutions(pipeline: place.pipeline, pipelineExecutionID: place.pipelineExecutionID)
        return all.first { $0.id == record.actionExecutionID }?.status
    }
}

extension CodePipeline: JobQueue {
    /// The runs of actions within one pipeline's execution (`ListActionExecutions`).
    ///
    /// - Throws: `AWSError`; with the code `AccessDeniedException` where the worker hasn't the right.
    public func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [ActionExecution] {
        try await listActionExecutions(pipelineName: pipeline, pipelineExecutionID: pipelineExecutionID)
    }
}
