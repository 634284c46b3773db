import AWSLite
import Foundation
import Logging
import QualiCore

extension Work {
    /// A job's whole way through the engine, with a handler that does nothing and services that need no time; each poll
    /// brings one job.
    static let engine = Work(name: "engine-job", count: 5_000) { count in
        let (reports, report) = AsyncStream<Void>.makeStream()
        var configuration = JobWorker.Configuration()
        // One at a time, so that none is under way at the end.
        configuration.maxJobs = 1
        configuration.pipelinePollInterval = nil
        let worker = JobWorker(
            queue: EndlessQueue(report: report),
            actions: [JobAction(Samples.actionTypeID, handler: Idle())],
            artifactStore: NoArtifacts(),
            configuration: configuration,
            logger: Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await worker.run() }
            var iterator = reports.makeAsyncIterator()
            await iterator.next()
            let begin = ContinuousClock.now
            for _ in 0..<count { await iterator.next() }
            let duration = ContinuousClock.now - begin
            group.cancelAll()
            return duration
        }
    }
}

/// Does nothing.
private struct Idle: ActionHandler {
    func run(_ configuration: NoConfiguration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
        JobResult(summary: "Done")
    }
}

/// A queue that is never empty.
private actor EndlessQueue: JobQueue {
    private let report: AsyncStream<Void>.Continuation
    private var last = 0

    init(report: AsyncStream<Void>.Continuation) { self.report = report }

    private func data(_ id: String) -> CodePipeline.JobData {
        CodePipeline.JobData(
            actionTypeID: Samples.actionTypeID,
            configuration: ["BlueprintName": "Web lab"],
            pipelineContext: .init(
                pipelineName: "integration",
                pipelineExecutionID: Samples.id(0),
                stageName: "Deploy",
                actionName: "StartSandbox",
                actionExecutionID: id
            )
        )
    }

    func poll(
        actionTypeID: CodePipeline.ActionTypeID,
        maxBatchSize: Int,
        queryParameters: [String: String]
    ) -> CodePipeline.PollResult {
        last += 1
        let id = Samples.id(last)
        return .init(jobs: [.init(id: id, nonce: "1", accountID: "111122223333", data: data(id))])
    }

    func acknowledgeJob(id: String, nonce: String) -> CodePipeline.JobStatus { .inProgress }

    func getJobDetails(id: String) -> CodePipeline.JobDetails {
        .init(id: id, accountID: "111122223333", data: data(id))
    }

    func putJobSuccessResult(jobID: String, result: CodePipeline.SuccessResult) { report.yield() }

    func putJobFailureResult(jobID: String, failure: CodePipeline.FailureDetails) {
        preconditionFailure("the job failed: \(failure)")
    }
}

/// A store that nobody needs.
private struct NoArtifacts: ArtifactStore {
    func read(_ artifact: CodePipeline.Artifact, limit: Int, credentials: AWSCredentials) async throws -> Data {
        throw CancellationError()
    }

    func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: AWSCredentials
    ) async throws {
        throw CancellationError()
    }
}
