public import FoundationEssentials

extension CodePipeline {
    /// One run of an action within a pipeline's execution, as CodePipeline lists it.
    public struct ActionExecution: Sendable, Hashable, Decodable {
        /// What the run is known by; a job's ``PipelineContext/actionExecutionID`` is the same.
        public var id: String
        /// How far it has come.
        public var status: ActionExecutionStatus
        /// When it began, if it is told.
        public var startTime: Date?
        /// When its status last changed, if it is told.
        public var lastUpdateTime: Date?
        /// Its configuration, with the values that variables had; secret values are masked by the service.
        public var configuration: [String: String]
        /// The variables that it has set, once it has succeeded.
        public var outputVariables: [String: String]

        /// Creates a description.
        public init(
            id: String,
            status: ActionExecutionStatus,
            startTime: Date? = nil,
            lastUpdateTime: Date? = nil,
            configuration: [String: String] = [:],
            outputVariables: [String: String] = [:]
        ) {
            self.id = id
            self.status = status
            self.startTime = startTime
            self.lastUpdateTime = lastUpdateTime
            self.configuration = configuration
            self.outputVariables = outputVariables
        }

        /// Reads a description; what isn't as documented is left out but for the id and the status.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func time(_ key: CodingKeys) -> Date? {
                let seconds = try? container.decodeIfPresent(Double.self, forKey: key)
                return seconds.map { Date(timeIntervalSince1970: $0) }
            }
            let input = try? container.decodeIfPresent(Input.self, forKey: .input)
            let output = try? container.decodeIfPresent(Output.self, forKey: .output)
            self.init(
                id: try container.decode(String.self, forKey: .id),
                status: try container.decode(ActionExecutionStatus.self, forKey: .status),
                startTime: time(.startTime),
                lastUpdateTime: time(.lastUpdateTime),
                configuration: input?.resolvedConfiguration ?? input?.configuration ?? [:],
                outputVariables: output?.outputVariables ?? [:]
            )
        }

        private struct Input: Decodable {
            var configuration: [String: String]?
            var resolvedConfiguration: [String: String]?
        }

        private struct Output: Decodable {
            var outputVariables: [String: String]?
        }

        private enum CodingKeys: String, CodingKey {
            case id = "actionExecutionId"
            case status, startTime, lastUpdateTime, input, output
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
        let name = AWSOperationName.listActionExecutions
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
