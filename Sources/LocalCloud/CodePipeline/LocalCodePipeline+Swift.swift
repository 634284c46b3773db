import Foundation

/// What Swift callers use without HTTP.
extension LocalCodePipeline {
    /// The id of the one type of AWS's own in the stand-in: an S3 source that succeeds at once.
    package static var sourceActionType: JSON { World.source.json }

    /// Starts an execution.
    ///
    /// - Returns: The execution's id.
    /// - Throws: A ``LocalServiceError``.
    public func start(_ pipeline: String, variables: [String: String] = [:]) throws -> String {
        let list: [JSON] = variables.map { ["name": .string($0.key), "value": .string($0.value)] }
        let reply = try call(
            "StartPipelineExecution",
            .members(["name": .string(pipeline), "variables": list.isEmpty ? nil : .array(list)])
        )
        return reply?["pipelineExecutionId"]?.string ?? ""
    }

    /// Stops an execution.
    ///
    /// - Parameters:
    ///   - executionID: The execution.
    ///   - abandon: Whether to give up the actions under way; otherwise they may end.
    /// - Throws: A ``LocalServiceError``.
    public func stop(_ executionID: String, abandon: Bool = false) throws {
        try call(
            "StopPipelineExecution",
            [
                "pipelineName": .string(execution(executionID)?.pipeline ?? "none"),
                "pipelineExecutionId": .string(executionID), "abandon": .bool(abandon),
            ]
        )
    }

    /// Tries a stage again that has failed or was stopped.
    ///
    /// - Parameters:
    ///   - stage: The stage's name.
    ///   - executionID: The execution, which has to be the latest in that stage.
    ///   - mode: Which actions run again.
    /// - Throws: A ``LocalServiceError``.
    package func retryStage(
        _ stage: String,
        of executionID: String,
        mode: VirtualPipeline.RetryMode = .failedActions
    ) throws {
        try call(
            "RetryStageExecution",
            [
                "pipelineName": .string(execution(executionID)?.pipeline ?? "none"), "stageName": .string(stage),
                "pipelineExecutionId": .string(executionID), "retryMode": .string(mode.rawValue),
            ]
        )
    }

    /// Runs a stage again with the variables and artifacts of an execution that succeeded in it.
    ///
    /// - Parameters:
    ///   - stage: The stage's name.
    ///   - executionID: The execution to go back to.
    /// - Returns: The id of the new execution, which goes through that stage alone.
    /// - Throws: A ``LocalServiceError``.
    package func rollbackStage(_ stage: String, to executionID: String) throws -> String {
        let reply = try call(
            "RollbackStage",
            [
                "pipelineName": .string(execution(executionID)?.pipeline ?? "none"), "stageName": .string(stage),
                "targetPipelineExecutionId": .string(executionID),
            ]
        )
        return reply?["pipelineExecutionId"]?.string ?? ""
    }

    /// How an execution stands, or `nil` where there's none of that id.
    package func execution(_ id: String) -> ExecutionReport? {
        world.read { $0.report(of: id) }
    }

    /// How all executions of a pipeline stand, in order of their start.
    package func executions(of pipeline: String) -> [ExecutionReport] {
        world.read { world in
            (world.executionOrder[pipeline] ?? []).compactMap(world.report)
        }
    }

    /// How a job stands, or `nil` where there's none of that id.
    package func job(_ id: String) -> JobReport? {
        world.read { world in world.jobs[id].map(world.report) }
    }

    /// The jobs that have not ended, in order of creation.
    package var openJobs: [JobReport] {
        world.read { world in
            world.openJobs.compactMap { world.jobs[$0] }.sorted { $0.number < $1.number }.map(world.report)
        }
    }

    /// Waits until an execution is as it's wanted; looks at it after each change, without polling.
    ///
    /// What time alone brings about is seen after ``settle()`` or the next request.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func wait<R: Sendable>(
        for executionID: String,
        until condition: @escaping @Sendable (ExecutionReport) -> R?
    ) async throws -> R {
        try await world.wait(for: { $0.report(of: executionID).flatMap(condition) })
    }

    /// Waits until an execution has ended.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func end(of executionID: String) async throws -> ExecutionReport {
        try await wait(for: executionID) { $0.hasEnded ? $0 : nil }
    }

    /// Waits until an action of an execution has ended.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func end(ofAction name: String, in executionID: String) async throws -> ActionReport {
        try await wait(for: executionID) { execution in
            execution.action(name).flatMap { $0.hasEnded ? $0 : nil }
        }
    }

    /// Waits until an action of an execution has a job in progress, that is, acknowledged.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func jobInProgress(ofAction name: String, in executionID: String) async throws -> JobReport {
        try await wait(for: executionID) { execution in
            execution.action(name)?.jobs.last { $0.status == "InProgress" }
        }
    }

    /// Makes a custom action type whose properties are strings.
    ///
    /// - Parameters:
    ///   - type: Its id.
    ///   - required: The names of the properties that must be there.
    ///   - optional: The names of those that may be.
    ///   - inputs: How many input artifacts it takes.
    ///   - outputs: How many output artifacts it makes.
    ///   - settings: Its links.
    /// - Throws: A ``LocalServiceError``.
    public func register(
        _ type: VirtualPipeline.ActionType,
        required: [String] = [],
        optional: [String] = [],
        inputs: ClosedRange<Int> = 0...5,
        outputs: ClosedRange<Int> = 0...5,
        settings: [String: String] = [:]
    ) throws {
        func property(_ name: String, _ isRequired: Bool) -> JSON {
            ["name": .string(name), "required": .bool(isRequired), "key": true, "secret": false]
        }
        func counts(_ range: ClosedRange<Int>) -> JSON {
            ["minimumCount": .integer(range.lowerBound), "maximumCount": .integer(range.upperBound)]
        }
        try call(
            "CreateCustomActionType",
            [
                "category": .string(type.category), "provider": .string(type.provider),
                "version": .string(type.version),
                "configurationProperties": .array(
                    required.map { property($0, true) } + optional.map { property($0, false) }
                ),
                "inputArtifactDetails": counts(inputs), "outputArtifactDetails": counts(outputs),
                "settings": .strings(settings),
            ]
        )
    }
}
