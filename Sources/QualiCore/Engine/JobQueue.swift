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
}

extension CodePipeline: JobQueue {}
