package import FoundationEssentials

extension CodePipeline {
    /// A pipeline, as the account's list has it.
    package struct PipelineSummary: Sendable, Hashable, Decodable {
        /// The pipeline's name.
        package var name: String
        /// When it was made, if that is told.
        package var created: Date?
        /// When it was last changed, if that is told.
        package var updated: Date?

        /// Creates a description.
        package init(name: String, created: Date? = nil, updated: Date? = nil) {
            self.name = name
            self.created = created
            self.updated = updated
        }

        /// Reads a description; what isn't as documented is left out but for the name.
        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                name: try container.decode(String.self, forKey: .name),
                created: container.time(.created),
                updated: container.time(.updated)
            )
        }

        private enum CodingKeys: String, CodingKey {
            case name, created, updated
        }
    }

    /// Lists the pipelines of the account and region, all pages (`ListPipelines`).
    ///
    /// A pipeline that can't be read is left out.
    ///
    /// - Throws: ``AWSError``.
    package func listPipelines() async throws -> [PipelineSummary] {
        struct Input: Encodable {
            // As many as there may be on a page: by default a region has at most 1,000 pipelines.
            var maxResults = 1_000
            var nextToken: String?
        }
        struct Output: Decodable {
            var pipelines: [Lossy<PipelineSummary>]
            var nextToken: String?
        }
        let name = AWSOperationName.listPipelines
        return try await pages(of: name) { token in
            let page: Output = try await call(name, Input(nextToken: token))
            return (page.pipelines.compactMap(\.value), page.nextToken)
        }
    }

    /// Reads the types of a pipeline's actions (`GetPipeline`).
    ///
    /// A stage or an action that can't be read is left out.
    ///
    /// - Throws: ``AWSError``; ``AWSError/Code/pipelineNotFound`` where there is none.
    package func actionTypes(ofPipeline name: String) async throws -> Set<ActionTypeID> {
        struct Input: Encodable {
            var name: String
        }
        struct Output: Decodable {
            struct Pipeline: Decodable {
                var stages: [Lossy<Stage>]
            }
            struct Stage: Decodable {
                var actions: [Lossy<Action>]
            }
            struct Action: Decodable {
                var actionTypeId: ActionTypeID
            }
            var pipeline: Pipeline
        }
        let output: Output = try await call(.getPipeline, Input(name: name))
        let actions = output.pipeline.stages.compactMap(\.value).flatMap(\.actions).compactMap(\.value)
        return Set(actions.map(\.actionTypeId))
    }

    /// Reads a pipeline's definition, as JSON with the member `pipeline` (`GetPipeline`).
    ///
    /// - Throws: ``AWSError``; ``AWSError/Code/pipelineNotFound`` where there is none.
    package func pipelineDefinition(name: String) async throws -> Data {
        struct Input: Encodable {
            var name: String
        }
        let definition: JSONTree = try await call(.getPipeline, Input(name: name))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(definition)
    }

    /// JSON with any content.
    private indirect enum JSONTree: Codable, Sendable {
        case object([String: JSONTree])
        case list([JSONTree])
        case text(String)
        case truth(Bool)
        case whole(Int)
        case number(Double)
        case nothing

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            func read<Value: Decodable>(_ type: Value.Type) -> Value? { try? container.decode(type) }
            if container.decodeNil() {
                self = .nothing
            } else if let text = read(String.self) {
                self = .text(text)
            } else if let truth = read(Bool.self) {
                self = .truth(truth)
            } else if let whole = read(Int.self) {
                self = .whole(whole)
            } else if let number = read(Double.self) {
                self = .number(number)
            } else if let list = read([JSONTree].self) {
                self = .list(list)
            } else {
                self = .object(try container.decode([String: JSONTree].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .object(let members): try container.encode(members)
            case .list(let elements): try container.encode(elements)
            case .text(let text): try container.encode(text)
            case .truth(let truth): try container.encode(truth)
            case .whole(let number): try container.encode(number)
            case .number(let number): try container.encode(number)
            case .nothing: try container.encodeNil()
            }
        }
    }

    /// One execution of a pipeline, as CodePipeline lists it.
    package struct PipelineExecution: Sendable, Hashable, Decodable {
        /// Its id.
        package var id: String
        /// How far it has come.
        package var status: PipelineExecutionStatus
        /// When it last changed, if that is told.
        package var lastUpdateTime: Date?

        /// Creates a description.
        package init(id: String, status: PipelineExecutionStatus, lastUpdateTime: Date? = nil) {
            self.id = id
            self.status = status
            self.lastUpdateTime = lastUpdateTime
        }

        /// Reads a description; what isn't as documented is left out but for the id and the status.
        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                id: try container.decode(String.self, forKey: .id),
                status: try container.decode(PipelineExecutionStatus.self, forKey: .status),
                lastUpdateTime: container.time(.lastUpdateTime)
            )
        }

        private enum CodingKeys: String, CodingKey {
            case id = "pipelineExecutionId"
            case status, lastUpdateTime
        }
    }

    /// A part of the list of a pipeline's executions, the newest first.
    package struct PipelineExecutionPage: Sendable, Hashable {
        /// The executions; one that can't be read is left out.
        package var executions: [PipelineExecution]
        /// What to ask for the next part with; `nil` where there is none.
        package var nextToken: String?

        /// Creates a page.
        package init(executions: [PipelineExecution], nextToken: String? = nil) {
            self.executions = executions
            self.nextToken = nextToken
        }
    }

    /// Lists up to 100 executions of a pipeline, the newest first (`ListPipelineExecutions`).
    ///
    /// CodePipeline keeps them for twelve months. The right to it isn't in the policy that AWS documents for job workers.
    ///
    /// - Parameters:
    ///   - pipelineName: The pipeline.
    ///   - nextToken: What the page before has told; `nil` for the first page.
    /// - Returns: The page, and what to ask for the next one with.
    /// - Throws: ``AWSError``; ``AWSError/Code/pipelineNotFound`` where there is none.
    package func pipelineExecutions(
        pipelineName: String,
        nextToken: String? = nil
    ) async throws -> PipelineExecutionPage {
        struct Input: Encodable {
            var pipelineName: String
            var maxResults = 100
            var nextToken: String?
        }
        struct Output: Decodable {
            var pipelineExecutionSummaries: [Lossy<PipelineExecution>]
            var nextToken: String?
        }
        let page: Output = try await call(
            .listPipelineExecutions,
            Input(pipelineName: pipelineName, nextToken: nextToken)
        )
        return PipelineExecutionPage(
            executions: page.pipelineExecutionSummaries.compactMap(\.value),
            nextToken: page.nextToken.flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    /// Asks how far a pipeline's execution has come (`GetPipelineExecution`).
    ///
    /// - Throws: ``AWSError``; ``AWSError/Code/pipelineNotFound`` and ``AWSError/Code/pipelineExecutionNotFound`` where
    ///   there is none, or none any more.
    package func pipelineExecutionStatus(
        pipelineName: String,
        pipelineExecutionID: String
    ) async throws -> PipelineExecutionStatus {
        struct Input: Encodable {
            var pipelineName: String
            var pipelineExecutionId: String
        }
        struct Output: Decodable {
            struct Execution: Decodable {
                var status: PipelineExecutionStatus
            }
            var pipelineExecution: Execution
        }
        let input = Input(pipelineName: pipelineName, pipelineExecutionId: pipelineExecutionID)
        let output: Output = try await call(.getPipelineExecution, input)
        return output.pipelineExecution.status
    }
}
