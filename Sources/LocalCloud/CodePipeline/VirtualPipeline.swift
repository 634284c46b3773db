/// A pipeline to run in the stand-in, in a few lines.
///
/// ```swift
/// let pipeline = VirtualPipeline(
///     "Nightly",
///     stages: [
///         .init("Lab", [
///             .init("Start", .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"), ["BlueprintName": "Web"], outputs: ["Sandbox"]),
///             .init("Check", .init(category: "Test", provider: "Quali-Run-Command", version: "1"), ["CommandName": "ping"], inputs: ["Sandbox"], runOrder: 2),
///         ])
///     ]
/// )
/// ```
public struct VirtualPipeline: Sendable {
    /// The custom action type that an action is of.
    public struct ActionType: Sendable, Hashable {
        /// The category, such as `Deploy`.
        package var category: String
        /// The provider: the type's name.
        package var provider: String
        /// The version.
        package var version: String

        /// Names a type.
        public init(category: String, provider: String, version: String) {
            self.category = category
            self.provider = provider
            self.version = version
        }
    }

    /// An action.
    public struct Action: Sendable {
        /// Its name.
        package var name: String
        /// Its type.
        package var type: ActionType
        /// Its configuration.
        package var configuration: [String: String]
        /// The names of its input artifacts.
        package var inputs: [String]
        /// The names of its output artifacts.
        package var outputs: [String]
        /// The namespace of its output variables.
        package var namespace: String?
        /// Its place in the stage; actions of the same place run at once.
        package var runOrder: Int

        /// Describes an action.
        public init(
            _ name: String,
            _ type: ActionType,
            _ configuration: [String: String] = [:],
            inputs: [String] = [],
            outputs: [String] = [],
            namespace: String? = nil,
            runOrder: Int = 1
        ) {
            self.name = name
            self.type = type
            self.configuration = configuration
            self.inputs = inputs
            self.outputs = outputs
            self.namespace = namespace
            self.runOrder = runOrder
        }
    }

    /// A stage.
    public struct Stage: Sendable {
        /// Its name.
        package var name: String
        /// Its actions.
        package var actions: [Action]
        /// What has to be met before it's entered.
        package var beforeEntry: Condition?
        /// What has to be met after its actions have succeeded.
        package var onSuccess: Condition?
        /// What happens when an action has failed; without it the stage fails.
        package var onFailure: FailureResponse?

        /// Describes a stage.
        public init(_ name: String, _ actions: [Action]) {
            self.name = name
            self.actions = actions
        }

        /// Describes a stage with conditions, which only pipelines of type V2 have.
        package init(
            _ name: String,
            _ actions: [Action],
            beforeEntry: Condition? = nil,
            onSuccess: Condition? = nil,
            onFailure: FailureResponse? = nil
        ) {
            self.name = name
            self.actions = actions
            self.beforeEntry = beforeEntry
            self.onSuccess = onSuccess
            self.onFailure = onFailure
        }
    }

    /// The pipeline's name.
    package var name: String
    /// The stages after the source.
    package var stages: [Stage]
    /// `SUPERSEDED`, `QUEUED` or `PARALLEL`.
    package var executionMode: String
    /// Pipeline variables with their defaults.
    package var variables: [String: String]

    /// The stage that every pipeline begins with; its action is AWS's own and makes the artifact `SourceOutput`.
    package static let sourceStage = "Source"

    /// Describes a pipeline.
    public init(
        _ name: String,
        stages: [Stage],
        executionMode: String = "SUPERSEDED",
        variables: [String: String] = [:]
    ) {
        self.name = name
        self.stages = stages
        self.executionMode = executionMode
        self.variables = variables
    }

    /// The declaration that CreatePipeline takes.
    package func declaration(bucket: String, encryptionKeyID: String? = nil) -> JSON {
        let source: JSON = [
            "name": .string(Self.sourceStage),
            "actions": [
                [
                    "name": "Source", "actionTypeId": LocalCodePipeline.sourceActionType,
                    "configuration": ["S3Bucket": .string(bucket), "S3ObjectKey": "source.zip"],
                    "outputArtifacts": [["name": "SourceOutput"]],
                ]
            ],
        ]
        return .members([
            "name": .string(name), "roleArn": "arn:aws:iam::111122223333:role/local-pipeline",
            "artifactStore": .members([
                "type": "S3", "location": .string(bucket),
                "encryptionKey": encryptionKeyID.map { ["id": .string($0), "type": "KMS"] },
            ]),
            "executionMode": .string(executionMode), "pipelineType": "V2",
            "variables": variables.isEmpty
                ? nil
                : .array(
                    variables.sorted { $0.key < $1.key }.map {
                        ["name": .string($0.key), "defaultValue": .string($0.value)]
                    }
                ),
            "stages": .array([source] + stages.map(\.json)),
        ])
    }
}

extension VirtualPipeline.Action {
    /// The action as a declaration has it.
    var json: JSON {
        func artifacts(_ names: [String]) -> JSON { .array(names.map { ["name": .string($0)] }) }
        return .members([
            "name": .string(name), "runOrder": .integer(runOrder),
            "actionTypeId": [
                "category": .string(type.category), "owner": "Custom", "provider": .string(type.provider),
                "version": .string(type.version),
            ],
            "configuration": .strings(configuration), "inputArtifacts": artifacts(inputs),
            "outputArtifacts": artifacts(outputs), "namespace": namespace.map { .string($0) },
        ])
    }
}
