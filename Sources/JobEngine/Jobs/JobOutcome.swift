// Indirect, since the records of ten thousand waiting jobs have none.
/// How a job ended.
package indirect enum JobOutcome: Sendable, Codable, Hashable {
    /// The work went well.
    case success(JobResult)
    /// The work failed; `type` is one of CodePipeline's failure types.
    case failure(type: String, message: String, externalExecutionID: String?)
    /// The job is put back, for any worker to continue.
    case continuation(token: String, progress: JobProgress)
    /// Nobody wants a result any more; what the job has begun is to be undone.
    case abandoned
}
