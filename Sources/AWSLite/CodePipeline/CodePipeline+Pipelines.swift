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
