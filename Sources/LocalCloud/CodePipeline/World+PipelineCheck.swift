import Foundation

extension World {
    /// Checks a pipeline's declaration beyond its shape.
    func checkPipeline(_ declaration: JSON) throws(LocalServiceError) {
        let stages = (declaration["stages"]?.array ?? []).map(Stage.init)
        if behavior.requiresSourceStage {
            guard stages.count >= 2 else {
                throw .invalidStructure("Pipeline has \(stages.count) stage(s), at least 2 are needed")
            }
            for (index, stage) in stages.enumerated() {
                for action in stage.actions where (action.type.category == "Source") != (index == 0) {
                    throw index == 0
                        ? .invalidStructure("Pipeline should start with a stage that only contains source actions")
                        : .invalidStage("Source actions are only allowed in the first stage")
                }
            }
        }
        guard !stages.isEmpty, stages.count <= 50 else { throw .invalidStructure("A pipeline has 1 to 50 stages") }
        guard Set(stages.map(\.name)).count == stages.count else {
            throw .invalidStructure("Two stages have the same name")
        }
        let isSingle = declaration["artifactStore"] != nil
        guard isSingle != (declaration["artifactStores"] != nil) else {
            throw .validation("Exactly one of artifactStore and artifactStores must be there")
        }
        let isParallel = declaration["executionMode"]?.string == "PARALLEL"
        for stage in stages { try checkConditions(of: stage, isParallel: isParallel) }
        for stage in declaration["stages"]?.array ?? [] { try checkRegions(of: stage) }
        var artifacts: Set<String> = []
        var namespaces: Set<String> = []
        for stage in stages {
            guard (1...50).contains(stage.actions.count) else {
                throw .invalidStage("Stage '\(stage.name)' must have 1 to 50 actions")
            }
            guard Set(stage.actions.map(\.name)).count == stage.actions.count else {
                throw .invalidStage("Stage '\(stage.name)' has two actions with the same name")
            }
            for order in stage.orders {
                let actions = stage.actions.filter { $0.runOrder == order }
                for action in actions {
                    try check(action, artifacts: artifacts)
                    if let namespace = action.namespace, !namespaces.insert(namespace).inserted {
                        throw .invalidAction("Namespace '\(namespace)' is used twice")
                    }
                }
                for name in actions.flatMap(\.outputs) where !artifacts.insert(name).inserted {
                    throw .invalidAction("Output artifact '\(name)' is produced twice")
                }
            }
        }
        if let both = namespaces.intersection(artifacts).sorted().first {
            throw .invalidAction("'\(both)' is both a namespace and an artifact")
        }
    }

    private func check(_ action: Action, artifacts: Set<String>) throws(LocalServiceError) {
        for name in action.inputs where !artifacts.contains(name) {
            throw .invalidAction("Action '\(action.name)': no earlier action produces the input artifact '\(name)'")
        }
        guard action.type.owner == "Custom" else {
            guard action.type == Self.source else { throw .invalidAction("\(action.type) is not available") }
            return
        }
        guard let type = liveType(action.type) else { throw .invalidAction("\(action.type) is not available") }
        for (count, member) in [
            (action.inputs.count, "inputArtifactDetails"), (action.outputs.count, "outputArtifactDetails"),
        ] where !type.artifactCounts(member).contains(count) {
            let range = type.artifactCounts(member)
            throw .invalidAction(
                "Action '\(action.name)' has \(count) \(member.dropLast(15)) artifacts; "
                    + "its type takes \(range.lowerBound) to \(range.upperBound)"
            )
        }
        try checkConfiguration(of: action, type)
    }

    private func checkConfiguration(of action: Action, _ type: CustomType) throws(LocalServiceError) {
        let configuration = action.configuration
        var known: Set<String> = []
        for property in type.properties {
            let name = property["name"]?.string ?? ""
            known.insert(name)
            guard let value = configuration[name] else {
                if property["required"]?.bool == true {
                    throw .invalidAction(
                        "Action configuration for action '\(action.name)' is missing required configuration '\(name)'"
                    )
                }
                continue
            }
            // The type is an input check alone, and can't be one for a variable.
            guard !value.contains("#{") else { continue }
            let isFine =
                switch property["type"]?.string {
                case "Number": Double(value) != nil
                case "Boolean": ["true", "false"].contains(value.lowercased())
                default: true
                }
            guard isFine else {
                throw .invalidAction(
                    "Action '\(action.name)': the value of '\(name)' is no \(property["type"]?.string ?? "")"
                )
            }
        }
        if let unknown = configuration.keys.filter({ !known.contains($0) }).sorted().first {
            throw .invalidAction(
                "Action configuration for action '\(action.name)' contains unknown configuration '\(unknown)'"
            )
        }
    }
}
