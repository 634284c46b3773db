public import AWSLite
import Foundation

/// The operations of CodePipeline that register action types, and tell who uses them; ``AWSLite/CodePipeline`` is the
/// real one.
package protocol ActionTypeRegistry: Sendable {
    /// Registers a type.
    func createCustomActionType(_ definition: CodePipeline.CustomActionType) async throws -> CodePipeline.ActionType
    /// Marks a type as deleted; its version can never be registered again with another definition.
    func deleteCustomActionType(
        category: CodePipeline.ActionCategory,
        provider: String,
        version: String
    ) async throws
    /// All registered types of an owner.
    func listActionTypes(owner: CodePipeline.ActionOwner?) async throws -> [CodePipeline.ActionType]
    /// All pipelines.
    func listPipelines() async throws -> [CodePipeline.PipelineSummary]
    /// The types of a pipeline's actions.
    func actionTypes(ofPipeline name: String) async throws -> Set<CodePipeline.ActionTypeID>
}

extension CodePipeline: ActionTypeRegistry {}

/// Registers custom action types in an account and removes them.
public struct ActionRegistrar: Sendable {
    let registry: any ActionTypeRegistry

    /// Creates a registrar for the client's account and region.
    public init(_ codePipeline: CodePipeline) {
        registry = codePipeline
    }

    /// Creates a registrar for a stand-in of CodePipeline.
    package init(_ registry: any ActionTypeRegistry) {
        self.registry = registry
    }

    /// What became of one definition.
    public struct Outcome: Sendable, Hashable, CustomStringConvertible {
        /// A word for it, such as "created".
        public let description: String
        /// How the definition that has this version differs, a line each; empty unless one does, and then nothing was changed.
        public private(set) var differences: [String] = []

        /// It is registered now.
        public static let created = Self(description: "created")
        /// It was registered already, just like this.
        public static let unchanged = Self(description: "unchanged")
        /// It isn't registered, and wasn't now, since another one of its set differs.
        public static let withheld = Self(description: "withheld")
        /// It is deleted now.
        public static let deleted = Self(description: "deleted")
        /// It wasn't registered.
        public static let absent = Self(description: "absent")

        /// Another definition has this version.
        static func differs(_ differences: [String]) -> Self {
            Self(description: "differs", differences: differences)
        }
    }

    /// Registers a definition, unless it is registered already.
    ///
    /// - Throws: `AWSError` when the service can't say what is registered, and ``InstallFailure`` when it doesn't
    ///   register the definition.
    public func install(_ definition: CodePipeline.CustomActionType) async throws -> Outcome {
        try await install([definition])[0]
    }

    /// Registers those of a set of definitions that aren't registered yet, but none of them where another definition
    /// has the version of one.
    ///
    /// - Returns: What became of each, in their order.
    /// - Throws: `AWSError` when the service can't say what is registered; nothing is changed then.
    ///   ``InstallFailure`` when it doesn't register one; those before it are registered then.
    public func install(_ definitions: [CodePipeline.CustomActionType]) async throws -> [Outcome] {
        let plan = try await plan(definitions)
        var created: [CodePipeline.CustomActionType] = []
        for (definition, outcome) in zip(definitions, plan) where outcome == nil {
            do {
                _ = try await registry.createCustomActionType(definition)
            } catch let error as AWSError {
                throw InstallFailure(definition: definition, cause: error, created: created)
            }
            created.append(definition)
        }
        return plan.map { $0 ?? .created }
    }

    /// What an installation would make of definitions, in their order; `nil` for what it would register.
    ///
    /// - Throws: `AWSError` when the service can't say what is registered.
    package func plan(_ definitions: [CodePipeline.CustomActionType]) async throws -> [Outcome?] {
        let registered = try await list()
        let plan: [Outcome?] = definitions.map { definition in
            guard let match = registered.first(where: { Self.isSame(definition, $0.id) }) else { return nil }
            let differences = Self.differences(definition, match).map(\.description)
            return differences.isEmpty ? .unchanged : .differs(differences)
        }
        return plan.allSatisfy { $0 == nil || $0 == .unchanged } ? plan : plan.map { $0 ?? .withheld }
    }

    /// Deletes a type, if it is registered.
    ///
    /// - Throws: `AWSError` when the service refuses.
    public func uninstall(_ definition: CodePipeline.CustomActionType) async throws -> Outcome {
        guard try await list().contains(where: { Self.isSame(definition, $0.id) }) else { return .absent }
        try await registry.deleteCustomActionType(
            category: definition.category,
            provider: definition.provider,
            version: definition.version
        )
        return .deleted
    }

    /// All custom types of the account, by name and version.
    ///
    /// - Throws: `AWSError` when the service refuses.
    package func list() async throws -> [CodePipeline.ActionType] {
        try await registry.listActionTypes(owner: .custom)
            .filter { $0.id.owner == .custom }
            .sorted { ($0.id.provider, $0.id.version) < ($1.id.provider, $1.id.version) }
    }

    private static func isSame(_ definition: CodePipeline.CustomActionType, _ id: CodePipeline.ActionTypeID) -> Bool {
        id.category == definition.category && id.provider == definition.provider && id.version == definition.version
    }
}
