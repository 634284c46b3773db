import AWSLite
import LocalCloud
import QualiCore

/// The pipeline of the demo: start, three commands, end.
struct DemoPipeline: Sendable {
    /// An action, and its properties in the order in which they are told.
    struct Step: Sendable {
        /// The action.
        let action: VirtualPipeline.Action
        private let properties: [(String, String)]

        init(
            _ name: String,
            _ type: VirtualPipeline.ActionType,
            _ properties: [(String, String)],
            inputs: [String] = [],
            outputs: [String] = [],
            namespace: String? = nil,
            runOrder: Int
        ) {
            action = VirtualPipeline.Action(
                name,
                type,
                Dictionary(properties) { first, _ in first },
                inputs: inputs,
                outputs: outputs,
                namespace: namespace,
                runOrder: runOrder
            )
            self.properties = properties
        }

        /// The properties and the artifacts that go in.
        var configurationInWords: String {
            (properties.map { "\($0.0) = \($0.1)" } + action.inputs.map { "artifact \($0)" })
                .joined(separator: "; ")
        }
    }

    /// The pipeline's name.
    let name: String
    /// The actions, in the order in which they run.
    let steps: [Step]
    /// The declaration of somebody's own pipeline; `nil` for the demo's.
    private let json: JSON?

    /// Describes somebody's own pipeline, whose declaration is `json`.
    init(name: String, steps: [Step], json: JSON) {
        self.name = name
        self.steps = steps
        self.json = json
    }

    /// Describes the pipeline for action types of these names.
    init(names: QualiActions) {
        let types = names.typeIDs.map {
            VirtualPipeline.ActionType(
                category: $0.category.rawValue,
                provider: $0.provider,
                version: $0.version
            )
        }
        let (start, run, end) = (types[0], types[1], types[2])
        name = "Demo"
        json = nil
        steps = [
            Step(
                "Start",
                start,
                [
                    ("BlueprintName", "Web lab"), ("SandboxName", "Nightly"),
                    ("InputsJSON", #"{"Release": "1.2", "Browser": "Safari"}"#), ("DurationInMinutes", "60"),
                ],
                outputs: ["Sandbox"],
                namespace: "lab",
                runOrder: 1
            ),
            // A component by its exact name.
            Step(
                "CheckSwitch",
                run,
                [("ComponentName", "core-switch"), ("CommandName", "show-ports")],
                inputs: ["Sandbox"],
                outputs: ["Ports"],
                runOrder: 2
            ),
            // A component by a pattern, since the lab gives Apps a suffix.
            Step(
                "InstallPackage",
                run,
                [
                    ("ComponentName", "web-server.*"), ("CommandName", "install"),
                    ("ArgumentsJSON", #"{"Package": "nginx"}"#),
                ],
                inputs: ["Sandbox"],
                runOrder: 3
            ),
            // The sandbox as a whole, found by a variable of the first action.
            Step(
                "Deploy",
                run,
                [
                    ("ComponentName", "SANDBOX"), ("CommandName", "deploy"),
                    ("ArgumentsJSON", #"{"Version": "1.2", "Region": "eu"}"#), ("SandboxId", "#{lab.SandboxId}"),
                ],
                runOrder: 4
            ),
            Step("End", end, [("WaitForTeardown", "true")], inputs: ["Sandbox"], runOrder: 5),
        ]
    }

    /// Makes the pipeline.
    ///
    /// - Throws: A `LocalServiceError` where CodePipeline would refuse it.
    func create(in cloud: LocalCloud) throws {
        guard let json else {
            return try cloud.create(VirtualPipeline(name, stages: [.init("Lab", steps.map(\.action))]))
        }
        var pipeline = json
        pipeline["artifactStore"] = ["type": "S3", "location": .string(cloud.options.artifactBucket)]
        _ = try cloud.codePipeline.call("CreatePipeline", ["pipeline": pipeline])
    }
}
