package import FoundationEssentials

extension CodePipeline {
    /// One run of an action within a pipeline's execution, as CodePipeline lists it.
    public struct ActionExecution: Sendable, Hashable, Decodable {
        /// What the run is known by; a job's ``PipelineContext/actionExecutionID`` is the same.
        public var id: String
        /// How far it has come.
        public var status: ActionExecutionStatus
        /// When it began, if it is told.
        package var startTime: Date?
        /// When its status last changed, if it is told.
        package var lastUpdateTime: Date?
        /// Its configuration, with the values that variables had; secret values are masked by the service.
        package var configuration: [String: String]
        /// The variables that it has set, once it has succeeded.
        public var outputVariables: [String: String]
        /// The pipeline's execution that it belongs to, if it is told.
        package var pipelineExecutionID: String?
        /// The name of its stage, if it is told.
        public var stageName: String?
        /// The name of its action, if it is told.
        public var actionName: String?
        /// What it is known by outside of CodePipeline, if that is told.
        package var externalExecutionID: String?

        /// Creates a description.
        package init(
            id: String,
            status: ActionExecutionStatus,
            startTime: Date? = nil,
            lastUpdateTime: Date? = nil,
            configuration: [String: String] = [:],
            outputVariables: [String: String] = [:],
            pipelineExecutionID: String? = nil,
            stageName: String? = nil,
            actionName: String? = nil,
            externalExecutionID: String? = nil
        ) {
            self.id = id
            self.status = status
            self.startTime = startTime
            self.lastUpdateTime = lastUpdateTime
            self.configuration = configuration
            self.outputVariables = outputVariables
            self.pipelineExecutionID = pipelineExecutionID
            self.stageName = stageName
            self.actionName = actionName
            self.externalExecutionID = externalExecutionID
        }

        /// Reads a description; what isn't as documented is left out but for the id and the status.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func text(_ key: CodingKeys) -> String? { try? container.decodeIfPresent(String.self, forKey: key) }
            let input = try? container.decodeIfPresent(Input.self, forKey: .input)
            let output = try? container.decodeIfPresent(Output.self, forKey: .output)
            self.init(
                id: try container.decode(String.self, forKey: .id),
                status: try container.decode(ActionExecutionStatus.self, forKey: .status),
                startTime: container.time(.startTime),
                lastUpdateTime: container.time(.lastUpdateTime),
                configuration: input?.resolvedConfiguration ?? input?.configuration ?? [:],
                outputVariables: output?.outputVariables ?? [:],
                pipelineExecutionID: text(.pipelineExecutionId),
                stageName: text(.stageName),
                actionName: text(.actionName),
                externalExecutionID: output?.executionResult?.externalExecutionId
            )
        }

        private struct Input: Decodable {
            var configuration: [String: String]?
            var resolvedConfiguration: [String: String]?
        }

        private struct Output: Decodable {
            var outputVariables: [String: String]?
            var executionResult: ExecutionResult?
        }

        private struct ExecutionResult: Decodable {
            var externalExecutionId: String?
        }

        private enum CodingKeys: String, CodingKey {
            case id = "actionExecutionId"
            case status, startTime, lastUpdateTime, input, output, pipelineExecutionId, stageName, actionName
        }
    }

    /// Lists the runs of actions within one pipeline's execution, the newest first, all pages (`ListActionExecutions`).
    ///
    /// A run that can't be read is left out. The right to it isn't in the policy that AWS documents for job workers.
    ///
    /// - Throws: ``AWSError``.
    package func listActionExecutions(
        pipelineName: String,
        pipelineExecutionID: String
    ) async throws -> [ActionExecution] {
        let filter = ActionExecutionsInput.Filter(pipelineExecutionId: pipelineExecutionID)
        let input = ActionExecutionsInput(pipelineName: pipelineName, filter: filter)
        var executions: [ActionExecution] = []
        try await actionExecutionPages(input) { page in
            executions += page
            try Self.check(executions.count, .listActionExecutions)
            return true
        }
        return executions
    }

    /// Reads the runs of actions in all of a pipeline's executions, the newest first, page by page, as far as is wanted
    /// (`ListActionExecutions`).
    ///
    /// CodePipeline keeps them for twelve months. A run that can't be read is left out.
    ///
    /// - Parameters:
    ///   - pipelineName: The pipeline.
    ///   - takePage: Takes a page, of at most 100 runs; returns whether the next one is wanted.
    /// - Throws: ``AWSError``, and what `takePage` throws.
    package func readActionExecutions(
        pipelineName: String,
        _ takePage: ([ActionExecution]) async throws -> Bool
    ) async throws {
        try await actionExecutionPages(ActionExecutionsInput(pipelineName: pipelineName, maxResults: 100), takePage)
    }

    private struct ActionExecutionsInput: Encodable {
        struct Filter: Encodable {
            var pipelineExecutionId: String
        }
        var pipelineName: String
        var filter: Filter?
        var maxResults: Int?
        var nextToken: String?
    }

    private func actionExecutionPages(
        _ input: ActionExecutionsInput,
        _ takePage: ([ActionExecution]) async throws -> Bool
    ) async throws {
        struct Output: Decodable {
            var actionExecutionDetails: [Lossy<ActionExecution>]
            var nextToken: String?
        }
        let name = AWSOperationName.listActionExecutions
        try await eachPage(of: name) { token in
            var input = input
            input.nextToken = token
            let page: Output = try await call(name, input)
            let isNextWanted = try await takePage(page.actionExecutionDetails.compactMap(\.value))
            return isNextWanted ? page.nextToken : nil
        }
    }
}
