public import AWSLite
package import Foundation

/// The operations of CodePipeline's job API that a worker uses; ``AWSLite/CodePipeline`` is the real one.
package protocol JobQueue: Sendable {
    /// How far the service's time is ahead of the worker's clock, in seconds; `nil` until it is known.
    ///
    /// It is known as soon as one of the calls below has been answered, and doesn't change with the host's time of day.
    var clockOffset: TimeInterval? { get }

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

    /// How far a pipeline's executions have come, the newest first, page by page.
    func pipelineExecutions(pipeline: String, nextToken: String?) async throws -> CodePipeline.PipelineExecutionPage
}

extension JobQueue {
    /// Not known: the worker's clock is taken for the service's.
    package var clockOffset: TimeInterval? { nil }

    /// Knows nothing of any action.
    package func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [CodePipeline.ActionExecution] { [] }

    /// Knows of no execution.
    package func pipelineExecutions(
        pipeline: String,
        nextToken: String?
    ) async throws -> CodePipeline.PipelineExecutionPage { CodePipeline.PipelineExecutionPage(executions: []) }

    /// Looks for some executions of a pipeline, the newest first, page by page until all are found.
    ///
    /// `mostPages` is how many pages are read at most, and `pace` keeps the calls apart.
    ///
    /// - Returns: Those that were found, by their ids.
    package func pipelineExecutions(
        _ ids: Set<String>,
        of pipeline: String,
        atMost mostPages: Int = 100,
        pace: CallPace
    ) async throws -> [String: CodePipeline.PipelineExecution] {
        var found: [String: CodePipeline.PipelineExecution] = [:]
        var (token, pages) = (String?.none, 0)
        repeat {
            try await pace.turn()
            let page = try await pipelineExecutions(pipeline: pipeline, nextToken: token)
            for execution in page.executions where ids.contains(execution.id) { found[execution.id] = execution }
            (token, pages) = (page.nextToken, pages + 1)
        } while token != nil && found.count < ids.count && pages < mostPages
        return found
    }

    /// A job's action as CodePipeline lists it; `nil` where it doesn't.
    func action(of record: JobRecord) async throws -> CodePipeline.ActionExecution? {
        let place = record.place
        let all = try await actionExecutions(pipeline: place.pipeline, pipelineExecutionID: place.pipelineExecutionID)
        return all.first { $0.id == record.actionExecutionID }
    }
}

extension CodePipeline: JobQueue {
    /// What the client has learned of AWS's time.
    package var clockOffset: TimeInterval? { configuration.clock.offset }

    /// The runs of actions within one pipeline's execution (`ListActionExecutions`).
    ///
    /// - Throws: `AWSError`; with the code `AccessDeniedException` where the worker hasn't the right.
    package func actionExecutions(
        pipeline: String,
        pipelineExecutionID: String
    ) async throws -> [ActionExecution] {
        try await listActionExecutions(pipelineName: pipeline, pipelineExecutionID: pipelineExecutionID)
    }

    /// How far a pipeline's executions have come, 100 at a time (`ListPipelineExecutions`).
    ///
    /// - Throws: `AWSError`; with the code `AccessDeniedException` where the worker hasn't the right.
    package func pipelineExecutions(pipeline: String, nextToken: String?) async throws -> PipelineExecutionPage {
        try await pipelineExecutions(pipelineName: pipeline, nextToken: nextToken)
    }
}
