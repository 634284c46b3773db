extension CodePipeline {
    /// One run of an action within a pipeline's execution, as CodePipeline lists it.
    public struct ActionExecution: Sendable, Hashable, Decodable {
        /// What the run is known by; a job's ``PipelineContext/actionExecutionID`` is the same.
        public var id: String
        /// How far it has come.
        public var status: ActionExecutionStatus

        /// Creates a description.
        public init(id: String, status: ActionExecutionStatus) {
            self.id = id
            self.status = status
        }

        private enum CodingKeys: String, CodingKey {
            case id = "actionExecutionId"
            case status
        }
    }

    /// Lists the runs of actions within one pipeline's execution, the newest first, all pages (`ListActionExecutions`).
    ///
    /// A run that can't be read is left out. The right to it isn't in the policy that AWS documents for job workers.
    ///
    /// - Throws: ``AWSError``.
    public func listActionExecutions(
        pipelineName: String,
        pipelineExecutionID: String
    ) async throws -> [ActionExecution] {
        struct Filter: Encodable {
            var pipelineExecutionId: String
        }
        struct Input: Encodable {
            var pipelineName: String
            var filter: Filter
            var nextToken: String?
        }
        struct Output: Decodable {
            var actionExecutionDetails: [Lossy<ActionExecution>]?
            var nextToken: String?
        }
        let name = "ListActionExecutions"
        return try await pages(of: name) { token in
            let input = Input(
                pipelineName: pipelineName,
                filter: Filter(pipelineExecutionId: pipelineExecutionID),
                nextToken: token
            )
            let page: Output = try await call(name, input)
            return ((page.actionExecutionDetails ?? []).compactMap(\.value), page.nextToken)
        }
    }
}
