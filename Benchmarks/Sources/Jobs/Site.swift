import Foundation
import LocalCloud

/// What is wrong with how the program was called.
struct Mistake: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The stand-ins, and pipelines for them.
struct Site: Sendable {
    static let start = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1")
    static let run = VirtualPipeline.ActionType(category: "Test", provider: "Quali-Run-Command", version: "1")
    static let end = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-End-Sandbox", version: "1")
    /// How many components a sandbox has, each with a command of its own.
    static let components = 10
    /// How many a sandbox of the blueprint `Wide` has, which is as many as a stage has room for.
    static let manyComponents = 50

    let cloud: LocalCloud

    /// The services: as quick as they can be, with blueprints that are set up at once, after a while, or never.
    static func options(_ count: Int) -> LocalCloud.Options {
        var options = LocalCloud.Options()
        options.journalCapacity = min(max(100_000, 40 * count), 1_000_000)
        let components = (1...components).map { number in
            LabComponent(
                name: "server-\(number)",
                kind: .resource,
                model: "Server",
                address: "10.0.0.\(number)",
                commands: [
                    LabCommand(name: "work", params: [.init("Step")], duration: .zero),
                    LabCommand(name: "run-on", params: [.init("Step")], duration: .seconds(1_000_000)),
                ]
            )
        }
        let many = (1...manyComponents).map { number in
            LabComponent(
                name: "server-\(number)",
                kind: .resource,
                model: "Server",
                address: "10.0.1.\(number)",
                commands: [LabCommand(name: "short", params: [.init("Step")], duration: .milliseconds(100))]
            )
        }
        func blueprint(
            _ name: String,
            _ setup: LabBlueprint.Setup,
            _ components: [LabComponent] = components
        ) -> LabBlueprint {
            var blueprint = LabBlueprint(name: name, components: components, setup: setup)
            if case .succeeds(after: .zero) = setup { blueprint.estimatedSetup = .zero }
            return blueprint
        }
        options.blueprints = [
            blueprint("Quick", .succeeds(after: .zero)), blueprint("Slow", .succeeds(after: .seconds(10))),
            blueprint("Endless", .neverEnds), blueprint("Wide", .succeeds(after: .zero), many),
            blueprint("Brief", .succeeds(after: .seconds(1))),
        ]
        return options
    }

    /// Registers the action types.
    init(_ cloud: LocalCloud) throws {
        self.cloud = cloud
        let optional = ["SetupTimeoutInMinutes", "SandboxName"]
        try cloud.codePipeline.register(
            Self.start,
            required: ["BlueprintName", "DurationInMinutes"],
            optional: optional
        )
        try cloud.codePipeline.register(
            Self.run,
            required: ["ComponentName", "CommandName"],
            optional: ["ArgumentsJSON", "TimeoutInMinutes"]
        )
        try cloud.codePipeline.register(Self.end)
    }

    /// Begins to start a sandbox.
    ///
    /// - Returns: The pipeline's execution.
    func beginStart(_ number: Int, of blueprint: String) throws -> String {
        let name = "start-\(blueprint)-\(number)"
        let properties = [
            "BlueprintName": blueprint, "DurationInMinutes": "6000", "SetupTimeoutInMinutes": "6000",
            "SandboxName": name,
        ]
        try cloud.create(
            VirtualPipeline(
                name,
                stages: [.init("Lab", [.init("Start", Self.start, properties, outputs: ["Sandbox"])])]
            )
        )
        return try cloud.codePipeline.start(name)
    }

    /// Begins to run as many commands at once as a sandbox has components.
    ///
    /// `command` is `work`, which ends at once, `run-on`, which doesn't, or `short`, of a sandbox with many components.
    /// `artifact` is what the start action has stored; the pipeline's source is the same. For an action of a number,
    /// `properties` gives what else than usual it has for properties, and `outputs` its output artifacts.
    ///
    /// - Returns: The pipeline's execution.
    func beginCommands(
        _ number: Int,
        count: Int,
        command: String = "work",
        artifact: Data,
        properties: (Int) -> [String: String] = { _ in [:] },
        outputs: (Int) -> [String] = { _ in [] }
    ) throws -> String {
        cloud.s3.put(artifact, bucket: cloud.options.artifactBucket, key: "source.zip")
        let actions = (1...count).map { component in
            VirtualPipeline.Action(
                "Run\(component)",
                Self.run,
                [
                    "ComponentName": "server-\(component)", "CommandName": command, "TimeoutInMinutes": "6000",
                    "ArgumentsJSON": #"{"Step": "1"}"#,
                ].merging(properties(component)) { $1 },
                inputs: ["SourceOutput"],
                outputs: outputs(component)
            )
        }
        let name = "run-\(number)"
        try cloud.create(VirtualPipeline(name, stages: [.init("Lab", actions)]))
        return try cloud.codePipeline.start(name)
    }

    /// Starts sandboxes, and returns what their actions have stored.
    ///
    /// `number` is how many were started before.
    func startSandboxes(_ count: Int, after number: Int = 0, of blueprint: String = "Quick") async throws -> [Data] {
        let starts = try (1...count).map { try beginStart(number + $0, of: blueprint) }
        return try await end(starts).map { report in
            guard let action = report.action("Start"), let data = cloud.artifact("Sandbox", of: action) else {
                throw Mistake("a start has stored no artifact")
            }
            return data
        }
    }

    /// Waits until executions have ended.
    ///
    /// - Throws: ``Mistake`` when one hasn't succeeded.
    @discardableResult
    func end(_ executions: [String]) async throws -> [ExecutionReport] {
        var reports: [ExecutionReport] = []
        for id in executions {
            let report = try await cloud.codePipeline.end(of: id)
            guard report.status == "Succeeded" else {
                throw Mistake("execution \(report.status): \(report.actions.compactMap(\.errorMessage))")
            }
            reports.append(report)
        }
        return reports
    }

    /// The requests after one of a number, by service.
    func requests(after number: Int) -> (aws: Int, lab: Int) {
        let entries = cloud.journal.entries.filter { $0.number > number }
        let lab = entries.count { $0.service == "lab" }
        return (entries.count - lab, lab)
    }
}

extension Array where Element == Double {
    /// The value below which a share of them lies.
    func percentile(_ share: Double) -> Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}
