import JobEngine
import QualiCore

/// What is known of a pipeline before it runs.
///
/// ```swift
/// let plan = try await Plan.of(try Data(contentsOf: definition))
/// #expect(plan.findings.filter { $0.severity == .error }.isEmpty)
/// ```
public struct Plan: Sendable {
    /// The pipelines that the definition has, by their names or those in the template.
    public let pipelines: [String]
    /// How many of the three actions they have.
    public let actions: Int
    /// What was found, in the order of the text.
    public let findings: [Finding]
    /// Whether a lab was asked.
    public let knowsLab: Bool

    /// Whether there is no error.
    public var isGood: Bool { !findings.contains { $0.severity == .error } }

    /// Checks a definition.
    ///
    /// - Parameters:
    ///   - definition: A pipeline as `get-pipeline` and `create-pipeline` have it, or a CloudFormation template.
    ///   - lab: What a lab has; `nil` where none was asked.
    ///   - options: The worker's settings.
    /// - Returns: What was found.
    /// - Throws: ``DefinitionError`` if the definition can't be read; `CancellationError`.
    public static func of(
        _ definition: some Collection<UInt8>,
        lab: LabRecord? = nil,
        _ options: PlanOptions = PlanOptions()
    ) async throws -> Plan {
        let (root, doubleKeys) = try DefinitionText.read(definition)
        let definition = try DefinitionReader.read(root)
        var all = definition.findings
        for key in doubleKeys {
            let text = "A mapping has the key '\(key.name.cut(to: 100))' twice, and the last of them counts."
            all.append(
                .init(id: .keyTwice, severity: .warning, place: key.place, pipeline: "", action: nil, text: text)
            )
        }
        var count = 0
        for pipeline in definition.pipelines {
            guard pipeline.stages.count <= 50, pipeline.actions.count <= 1_000 else {
                let size = "\(pipeline.stages.count) stages and \(pipeline.actions.count) actions"
                let text =
                    "The pipeline has \(size). CodePipeline takes at most 50 and 1000. It isn't checked any further."
                let place = pipeline.place
                all.append(
                    .init(id: .limit, severity: .error, place: place, pipeline: pipeline.label, action: nil, text: text)
                )
                continue
            }
            let actions = qualiActions(of: pipeline, options)
            count += actions.count
            var findings = Findings(pipeline)
            StructureCheck(pipeline, actions).check(&findings)
            PropertyCheck(options: options, types: definition.types).check(actions, &findings)
            LifeCheck(pipeline, actions, options).check(&findings)
            if let lab { try await LabCheck(lab, actions, options).check(&findings) }
            if options.comparesWithOriginal { MovingCheck(actions, options).check(&findings) }
            all += findings.all
        }
        return Plan(
            pipelines: definition.pipelines.map(\.label),
            actions: count,
            findings: all.sorted { ($0.place, $0.id.rawValue, $0.text) < ($1.place, $1.id.rawValue, $1.text) },
            knowsLab: lab != nil
        )
    }

    /// The blueprints that a definition's starts name, as far as they can be known.
    ///
    /// - Throws: ``DefinitionError`` if the definition can't be read.
    package static func blueprints(
        of definition: some Collection<UInt8>,
        _ options: PlanOptions
    ) throws(DefinitionError) -> [String] {
        let definition = try DefinitionReader.read(try DefinitionText.read(definition).root)
        let names = definition.pipelines.flatMap { qualiActions(of: $0, options) }
            .compactMap { $0.values["BlueprintName"]?.text.trimmingWhitespace }
        return Set(names).sorted()
    }

    /// The actions among a pipeline's that are one of the three, each with the start of its sandbox.
    private static func qualiActions(of pipeline: PlannedPipeline, _ options: PlanOptions) -> [QualiAction] {
        var actions = pipeline.actions.compactMap { action in
            options.kind(of: action).map { QualiAction($0, action, variables: pipeline.variables) }
        }
        let starts = actions.filter { $0.kind == .start }
        for index in actions.indices where actions[index].kind != .start {
            let sandbox = sandbox(of: actions[index].action, starts)
            if case .none = sandbox, pipeline.hasUnknownParts { continue }
            actions[index].sandbox = sandbox
        }
        return actions
    }

    private static func sandbox(of action: PlannedAction, _ starts: [QualiAction]) -> QualiAction.SandboxSource {
        if let property = action.property("SandboxId") {
            guard let text = property.value.value,
                let reference = VariableReference.all(in: text).first(where: { $0.name == "SandboxId" }),
                let start = starts.first(where: { $0.action.namespace?.value == reference.namespace })
            else { return .unknown }
            return .start(start.action.label)
        }
        guard !action.hasUnknownProperties, let input = action.inputs.first else {
            return action.hasUnknownProperties ? .unknown : .none
        }
        let start = starts.first { start in start.action.outputs.contains { $0.value != nil && $0.value == input.value }
        }
        return start.map { .start($0.action.label) } ?? .unknown
    }
}
