package import AWSLite

/// The pipelines that use some action types, as far as that is known.
package struct TypeUsers: Sendable, Hashable {
    /// The pipelines' names, sorted.
    package var pipelines: [String] = []
    /// Why there may be more of them; `nil` where there are no more.
    package var obstacle: String?
}

extension ActionRegistrar {
    /// How many pipelines are read at once.
    private static let width = 8

    /// Looks for the pipelines of the account and region that use action types; what can't be read is told in the result.
    ///
    /// - Throws: `CancellationError`.
    package func users(of types: Set<CodePipeline.ActionTypeID>) async throws -> TypeUsers {
        var operation = "ListPipelines"
        do {
            let names = try await registry.listPipelines().map(\.name)
            operation = "GetPipeline"
            let answers = try await inParallel(names, width: Self.width) { name in
                (name, try await uses(name, types))
            }
            return TypeUsers(
                pipelines: answers.filter { $0.1 == true }.map(\.0).sorted(),
                obstacle: answers.contains { $0.1 == nil } ? Self.missing(operation) : nil
            )
        } catch let error as AWSError {
            return TypeUsers(obstacle: error.code.isAccessDenied ? Self.missing(operation) : "\(error)")
        }
    }

    /// Whether a pipeline uses one of the types; `nil` where it may not be read.
    private func uses(_ pipeline: String, _ types: Set<CodePipeline.ActionTypeID>) async throws -> Bool? {
        do {
            return try await !registry.actionTypes(ofPipeline: pipeline).isDisjoint(with: types)
        } catch let error as AWSError where error.code.isAccessDenied {
            return nil
        } catch let error as AWSError where error.code == .pipelineNotFound {
            // Somebody has just deleted it.
            return false
        }
    }

    private static func missing(_ operation: String) -> String {
        "the AWS credentials lack codepipeline:\(operation)"
    }
}
