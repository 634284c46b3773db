public import AWSLite
public import Foundation
import HTTPTransport
public import JobEngine

extension JobContext {
    /// A context for the test of what a handler does with one; ``HandlerTest`` makes those of whole handlers.
    ///
    /// ```swift
    /// let trace = JobTrace<Deployment.Checkpoint>()
    /// try await upload(package, JobContext.forTest(trace: trace))
    /// #expect(try trace.saved.map(\.uploadID) == ["u-1"])
    /// ```
    ///
    /// - Parameters:
    ///   - job: Which action it is for.
    ///   - checkpoint: From where the job goes on; `nil` for the beginning.
    ///   - inputs: The artifacts that the pipeline hands in.
    ///   - outputs: The artifacts that the pipeline expects.
    ///   - store: Where the artifacts are.
    ///   - clock: The time. Who sleeps on a clock that stands still sleeps until the test moves it.
    ///   - trace: Takes what is saved, reported and logged.
    ///   - actions: What CodePipeline tells of the actions of the pipeline's execution.
    /// - Returns: The context, for the code that is tested.
    public static func forTest(
        job: JobInfo = .forTest(),
        checkpoint: Checkpoint? = nil,
        inputs: [CodePipeline.Artifact] = [],
        outputs: [CodePipeline.Artifact] = [],
        store: InMemoryArtifactStore = InMemoryArtifactStore(),
        clock: any WorkerClock = ManualClock(),
        trace: JobTrace<Checkpoint> = JobTrace(),
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] }
    ) -> JobContext {
        let store: any ArtifactStore = store
        return forTest(
            job: job,
            checkpoint: checkpoint,
            inputs: inputs,
            outputs: outputs,
            store: store,
            clock: clock,
            trace: trace,
            actions: actions
        )
    }

    /// A context with artifacts anywhere.
    package static func forTest(
        job: JobInfo = .forTest(),
        checkpoint: Checkpoint? = nil,
        inputs: [CodePipeline.Artifact] = [],
        outputs: [CodePipeline.Artifact] = [],
        store: any ArtifactStore,
        clock: any WorkerClock = ManualClock(),
        trace: JobTrace<Checkpoint> = JobTrace(),
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] }
    ) -> JobContext {
        JobContext(
            job: job,
            checkpoint: checkpoint,
            artifacts: JobArtifacts(
                inputs: inputs,
                outputs: outputs,
                store: store,
                credentials: AWSCredentials(accessKeyID: "ASIATEST", secretAccessKey: Secret("none")),
                clock: clock
            ),
            journal: trace.journal,
            clock: clock,
            logger: trace.log.logger,
            actions: actions
        )
    }
}

extension JobInfo {
    /// Makes a job for a test.
    ///
    /// - Parameters:
    ///   - id: The job's id.
    ///   - actionExecutionID: The action's execution.
    ///   - claimedAt: When it was claimed: when a ``ManualClock`` begins, unless the test says otherwise.
    ///   - mayHaveBegunElsewhere: Whether another worker may have begun the action: `JobContext.mayHaveBegunElsewhere`.
    /// - Returns: A job of the action `Act` of the pipeline `Nightly`.
    public static func forTest(
        id: String = "1",
        actionExecutionID: String = "run-1",
        claimedAt: Date = ManualClock.beginning,
        mayHaveBegunElsewhere: Bool = false
    ) -> JobInfo {
        var job = JobInfo(
            id: id,
            actionExecutionID: actionExecutionID,
            place: JobPlace(pipeline: "Nightly", stage: "Deploy", action: "Act", pipelineExecutionID: "execution-1"),
            accountID: "111122223333",
            claimedAt: claimedAt
        )
        job.isContested = mayHaveBegunElsewhere
        return job
    }
}
