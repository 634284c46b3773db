package import AWSLite

/// Looks after what executions of pipelines have made, which outlives their jobs.
package protocol PipelineFollower: Sendable {
    /// The executions that are worth a look now.
    var followed: Set<PipelineExecutionID> { get async }

    /// Takes what a look has shown; what the next ones show waits until that is done.
    ///
    /// - Parameters:
    ///   - look: How far executions have come.
    ///   - pace: Keeps further calls of CodePipeline apart.
    func take(_ look: PipelineLook, pace: CallPace) async
}

/// What one look at pipelines has shown.
package struct PipelineLook: Sendable {
    /// The executions that CodePipeline has listed.
    package var executions: [PipelineExecutionID: CodePipeline.PipelineExecution] = [:]
    /// The pipelines at which the worker may not look.
    package var denied: Set<String> = []

    /// Creates a look that has shown nothing.
    package init() {}

    /// Adds what a later look has shown.
    mutating func merge(_ later: PipelineLook) {
        executions.merge(later.executions) { $1 }
        denied.formUnion(later.denied)
    }
}
