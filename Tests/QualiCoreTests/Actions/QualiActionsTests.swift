import AWSLite
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite struct QualiActionsTests {
    @Test func `definitions keep CodePipeline's limits`() {
        for definition in QualiActions().definitions(portal: PortalLinks(url: "https://portal.example.com/")) {
            #expect(definition.configurationProperties.count <= 10)
            #expect(definition.provider.count <= 25)
            #expect(definition.version.count <= 9)
            for property in definition.configurationProperties {
                #expect(property.name.count <= 50)
                #expect((1...160).contains(property.description?.count ?? 0), "\(property.name)")
                #expect(!property.secret)
            }
            #expect(
                definition.settings?.executionURLTemplate
                    == "https://portal.example.com/RM/Diagram/Index/{ExternalExecutionId}"
            )
        }
    }

    @Test func `every property of the original worker is still there, and nothing new is required`() {
        let original: [(Int, String, Bool)] = [
            (0, "BlueprintName", true), (0, "InputsJSON", false), (0, "SandboxName", false),
            (0, "DurationInMinutes", true),
            (1, "ComponentName", true), (1, "CommandName", true), (1, "ArgumentsJSON", false),
        ]
        let definitions = QualiActions().definitions()
        for (index, name, required) in original {
            #expect(definitions[index].configurationProperties.contains { $0.name == name && $0.required == required })
        }
        #expect(definitions.flatMap(\.configurationProperties).filter(\.required).count == 4)
        #expect(definitions.map(\.category) == [.deploy, .test, .deploy])
        #expect(definitions.map(\.inputArtifactDetails.maximumCount) == [0, 1, 1])
        #expect(definitions.map(\.outputArtifactDetails.maximumCount) == [1, 1, 0])
    }

    @Test func `a lab's name gives every type one queryable property, whatever the name`() {
        var (berlin, paris) = (QualiActions(), QualiActions())
        berlin.labName = "berlin"
        paris.labName = "paris"
        #expect(berlin.definitions() == paris.definitions())
        for (plain, definition) in zip(QualiActions().definitions(), berlin.definitions()) {
            let properties = definition.configurationProperties
            #expect(properties.count <= 10)
            #expect(properties.allSatisfy { (1...160).contains($0.description?.count ?? 0) })
            let queryable = properties.filter(\.queryable)
            #expect(queryable.map(\.name) == ["LabName"])
            #expect(queryable.allSatisfy { $0.required && $0.key && !$0.secret && $0.type == .string })
            #expect(properties.filter { !$0.queryable } == plain.configurationProperties)
        }
    }

    @Test func `links without a portal lead to the lab's own host`() {
        #expect(
            PortalLinks(besideAPI: "https://lab.example.com:3443/api").sandbox("s")
                == "https://lab.example.com/RM/Diagram/Index/s"
        )
        #expect(PortalLinks(besideAPI: "http://10.0.0.5:82").sandbox("s") == "http://10.0.0.5/RM/Diagram/Index/s")
    }
}

/// Types in memory, which CodePipeline's rules hold for.
private actor FakeRegistry: ActionTypeRegistry {
    private var types: [CodePipeline.CustomActionType] = []
    private var deleted: [CodePipeline.CustomActionType] = []
    private let pipelines: [String: Result<Set<CodePipeline.ActionTypeID>, AWSError>]?

    /// - Parameter pipelines: The pipelines with what reading them yields; `nil` where they may not be listed.
    init(pipelines: [String: Result<Set<CodePipeline.ActionTypeID>, AWSError>]? = [:]) {
        self.pipelines = pipelines
    }

    func listPipelines() throws -> [CodePipeline.PipelineSummary] {
        guard let pipelines else { throw AWSError(.accessDeniedException, "no") }
        return pipelines.keys.map { CodePipeline.PipelineSummary(name: $0) }
    }

    func actionTypes(ofPipeline name: String) throws -> Set<CodePipeline.ActionTypeID> {
        try pipelines?[name]?.get() ?? []
    }

    func createCustomActionType(_ definition: CodePipeline.CustomActionType) throws -> CodePipeline.ActionType {
        func isOther(_ type: CodePipeline.CustomActionType) -> Bool {
            type.provider == definition.provider && type.version == definition.version && type != definition
        }
        if types.contains(where: isOther) { throw AWSError(.actionTypeAlreadyExists, "exists") }
        if deleted.contains(where: isOther) { throw AWSError(.validation, "was deleted") }
        types.append(definition)
        return CodePipeline.ActionType(definition)
    }

    func deleteCustomActionType(category: CodePipeline.ActionCategory, provider: String, version: String) {
        deleted += types.filter { $0.provider == provider && $0.version == version }
        types.removeAll { $0.provider == provider && $0.version == version }
    }

    func listActionTypes(owner: CodePipeline.ActionOwner?) -> [CodePipeline.ActionType] {
        types.map { CodePipeline.ActionType($0) }
    }
}

extension CodePipeline.ActionType {
    fileprivate init(_ definition: CodePipeline.CustomActionType) {
        self.init(
            id: .init(category: definition.category, provider: definition.provider, version: definition.version),
            settings: definition.settings,
            configurationProperties: definition.configurationProperties,
            inputArtifactDetails: definition.inputArtifactDetails,
            outputArtifactDetails: definition.outputArtifactDetails
        )
    }
}

@Suite struct ActionRegistrarTests {
    @Test func `install is idempotent, and refuses another definition under the same version`() async throws {
        let registrar = ActionRegistrar(FakeRegistry())
        var definition = QualiActions().definitions()[0]
        #expect(try await registrar.install(definition) == .created)
        #expect(try await registrar.install(definition) == .unchanged)
        definition.configurationProperties.removeLast()
        definition.configurationProperties[0].description = "Other"
        definition.inputArtifactDetails.maximumCount = 1
        let outcome = try await registrar.install(definition)
        #expect(outcome.description == "differs")
        let lines = outcome.differences
        #expect(lines.count == 3)
        #expect(lines.contains("input artifacts: registered is 0 to 0, wanted is 0 to 1"))
        #expect(lines.contains("property 'OptionsJSON': wanted is none"))
        definition.version = "2"
        #expect(try await registrar.install(definition) == .created)
        #expect(try await registrar.list().map(\.id.version) == ["1", "2"])
    }

    @Test func `a set is registered only if none of it is registered otherwise`() async throws {
        let registrar = ActionRegistrar(FakeRegistry())
        var definitions = QualiActions().definitions()
        var other = definitions[2]
        other.configurationProperties.removeLast()
        #expect(try await registrar.install(other) == .created)
        let outcomes = try await registrar.install(definitions)
        #expect(outcomes.prefix(2) == [.withheld, .withheld])
        #expect(try await registrar.list().count == 1)
        definitions[2] = other
        #expect(try await registrar.install(definitions) == [.created, .created, .unchanged])
    }

    @Test func `uninstall is idempotent`() async throws {
        let registrar = ActionRegistrar(FakeRegistry())
        let definition = QualiActions().definitions()[2]
        #expect(try await registrar.uninstall(definition) == .absent)
        _ = try await registrar.install(definition)
        #expect(try await registrar.uninstall(definition) == .deleted)
        #expect(try await registrar.uninstall(definition) == .absent)
    }

    @Test func `pipelines that use a type are found, and what can't be read is told`() async throws {
        let types = QualiActions().typeIDs
        var other = types[0]
        other.version = "7"
        func users(_ pipelines: [String: Result<Set<CodePipeline.ActionTypeID>, AWSError>]?) async throws -> TypeUsers {
            try await ActionRegistrar(FakeRegistry(pipelines: pipelines)).users(of: Set(types))
        }
        let readable: [String: Result<Set<CodePipeline.ActionTypeID>, AWSError>] = [
            "b": .success([other, types[2]]), "a": .success([types[0]]), "other": .success([other]),
            "gone": .failure(AWSError(.pipelineNotFound, "no")),
        ]
        #expect(try await users(readable) == TypeUsers(pipelines: ["a", "b"]))
        let denied = try await users(readable.merging(["c": .failure(AWSError(.accessDeniedException, "no"))]) { $1 })
        let lacking = "the AWS credentials lack codepipeline:"
        #expect(denied == TypeUsers(pipelines: ["a", "b"], obstacle: lacking + "GetPipeline"))
        #expect(try await users(nil) == TypeUsers(obstacle: lacking + "ListPipelines"))
        let broken = try await users(["c": .failure(AWSError(.validation, "why"))])
        #expect(broken.pipelines.isEmpty && broken.obstacle?.contains("why") == true)
    }

    @Test func `a deleted version is taken for another definition, which gets advice`() async throws {
        let registrar = ActionRegistrar(FakeRegistry())
        var definitions = QualiActions().definitions()
        _ = try await registrar.install(definitions)
        _ = try await registrar.uninstall(definitions[1])
        definitions[1].configurationProperties.removeLast()
        let failure = try await #require(throws: ActionRegistrar.InstallFailure.self) {
            try await registrar.install(definitions)
        }
        #expect(failure.definition == definitions[1])
        #expect(failure.mayBeTakenVersion)
        #expect(failure.created.isEmpty)
        #expect("\(failure)".contains("ValidationException: was deleted"))
        #expect("\(failure)".contains("choose a higher one"))
    }

    @Test func `a refusal for another reason gets no advice about versions`() {
        let failure = ActionRegistrar.InstallFailure(
            definition: QualiActions().definitions()[0],
            cause: AWSError(.limitExceeded, "50 types"),
            created: []
        )
        #expect(!failure.mayBeTakenVersion)
        #expect(!"\(failure)".contains("higher"))
    }
}
