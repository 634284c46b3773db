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
        let findings = Findings()
        for key in doubleKeys {
            findings.note(.keyTwice, at: key.place) {
                "A mapping has the key '\(key.name.cut(to: 100))' twice, and the last of them counts."
            }
        }
        let (pipelines, types) = try DefinitionReader.read(root, findings)
        var count = 0
        for pipeline in pipelines {
            findings.pipeline = pipeline.label
            guard pipeline.stages.count <= 50, pipeline.actions.count <= 1_000 else {
                findings.note(.limit, at: pipeline.place) {
                    "The pipeline has \(pipeline.stages.count) stages and \(pipeline.actions.count) actions. CodePipeline takes at most 50 and 1000. It isn't checked any further."
                }
                continue
            }
            let actions = QualiAction.all(of: pipeline, options)
            count += actions.count
            StructureCheck(pipeline, actions, findings).check()
            PropertyCheck(pipeline: pipeline, types: types, options: options, findings: findings).check(actions)
            LifeCheck(pipeline, actions, findings).check()
            if let lab {
                try await LabCheck(lab: lab, match: options.componentMatch, findings: findings).check(actions)
            }
            if options.comparesWithOriginal {
                MovingCheck(pipeline: pipeline, options: options).check(actions, findings)
            }
        }
        return Plan(
            pipelines: pipelines.map(\.label),
            actions: count,
            findings: findings.all.sorted { ($0.place, $0.id.rawValue, $0.text) < ($1.place, $1.id.rawValue, $1.text) },
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
        let pipelines = try DefinitionReader.read(try DefinitionText.read(definition).root, Findings()).pipelines
        let actions = pipelines.flatMap { QualiAction.all(of: $0, options) }
        return Set(actions.compactMap { $0.text("BlueprintName")?.trimmingWhitespace }).sorted()
    }
}
