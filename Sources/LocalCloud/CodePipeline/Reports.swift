public import Foundation

/// How an execution of a pipeline stands.
public struct ExecutionReport: Sendable {
    /// The execution's id.
    package var id: String
    /// The pipeline's name.
    package var pipeline: String
    /// `InProgress`, `Succeeded`, `Failed`, `Stopping`, `Stopped`, `Cancelled` or `Superseded`.
    public var status: String
    /// The execution that it goes back to, where it's a rollback.
    package var rollbackTarget: String?
    /// The status of each stage that was entered or skipped, in order.
    package var stages: [(name: String, status: String)]
    /// The runs of all actions, retries included, in order of their start.
    public var actions: [ActionReport]

    /// Whether nothing more will happen.
    package var hasEnded: Bool { status != "InProgress" && status != "Stopping" }

    /// The latest run of an action.
    public func action(_ name: String) -> ActionReport? { actions.last { $0.name == name } }
}

/// How a run of an action stands.
public struct ActionReport: Sendable {
    /// Where an artifact is.
    package struct Place: Sendable, Hashable {
        /// The bucket.
        package var bucket: String
        /// The key.
        package var key: String
    }

    /// The action execution's id.
    package var id: String
    /// The pipeline execution's id.
    package var executionID: String
    /// The stage's name.
    package var stage: String
    /// The action's name.
    public var name: String
    /// The provider of the action's type.
    package var provider: String
    /// `InProgress`, `Succeeded`, `Failed` or `Abandoned`.
    public var status: String
    /// When it started.
    package var started: Date
    /// When it changed last.
    package var updated: Date
    /// The configuration after variables are put in.
    package var configuration: [String: String]
    /// The places of its input artifacts.
    package var inputArtifacts: [String: Place]
    /// The places of its output artifacts.
    package var outputArtifacts: [String: Place]
    /// The summary of the last result.
    public var summary: String?
    /// The external id of the last result.
    public var externalExecutionID: String?
    /// The link that the type's template makes of it.
    package var externalExecutionURL: String?
    /// The percentage of the last result.
    package var percentComplete: Int?
    /// The type of the failure.
    package var errorCode: String?
    /// The message of the failure.
    public var errorMessage: String?
    /// The output variables.
    public var outputVariables: [String: String]
    /// Its jobs, in order of creation.
    public var jobs: [JobReport]

    /// Whether nothing more will happen.
    package var hasEnded: Bool { status != "InProgress" }
}

/// How a job stands.
public struct JobReport: Sendable {
    /// The job's id.
    package var id: String
    /// `Queued`, `Dispatched`, `InProgress`, `Succeeded`, `Failed` or `TimedOut`.
    package var status: String
    /// The nonce of the last hand-out.
    package var nonce: String
    /// How often it was handed out.
    package var dispatches: Int
    /// The token that it was continued with.
    package var continuationToken: String?
    /// When it was made.
    public var created: Date
    /// When it was acknowledged.
    public var acknowledged: Date?
    /// When its result came, or it was given up.
    public var ended: Date?
    /// The request that reported its result.
    package var result: JSON?
}

extension World {
    func report(of executionID: String) -> ExecutionReport? {
        guard let execution = executions[executionID] else { return nil }
        return ExecutionReport(
            id: execution.id,
            pipeline: execution.pipelineName,
            status: execution.status,
            rollbackTarget: execution.rollbackTarget,
            stages: zip(execution.stageList, execution.stages).compactMap { stage, run in
                run.status.map { (stage.name, $0) }
            },
            actions: (runsByExecution[executionID] ?? []).compactMap { runs[$0].map(report) }
        )
    }

    func report(_ run: ActionRun) -> ActionReport {
        func places(_ places: [String: ArtifactScope.Object]) -> [String: ActionReport.Place] {
            places.mapValues { ActionReport.Place(bucket: $0.bucket, key: $0.key) }
        }
        return ActionReport(
            id: run.id,
            executionID: run.executionID,
            stage: run.stageName,
            name: run.action.name,
            provider: run.action.type.provider,
            status: run.status,
            started: run.started,
            updated: run.updated,
            configuration: run.configuration,
            inputArtifacts: places(run.inputs),
            outputArtifacts: places(run.outputs),
            summary: run.summary,
            externalExecutionID: run.externalExecutionID,
            externalExecutionURL: url("executionUrlTemplate", run)?.string,
            percentComplete: run.percentComplete,
            errorCode: run.errorCode,
            errorMessage: run.errorMessage,
            outputVariables: run.outputVariables,
            jobs: run.jobIDs.compactMap { jobs[$0].map(report) }
        )
    }

    func report(_ job: Job) -> JobReport {
        JobReport(
            id: job.id,
            status: job.status.rawValue,
            nonce: String(job.nonce),
            dispatches: job.nonce - 2,
            continuationToken: job.continuationToken,
            created: job.created,
            acknowledged: job.acknowledged,
            ended: job.ended,
            result: job.result
        )
    }
}
