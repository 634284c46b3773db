import Foundation
import LocalCloud
import PipelinePlan
import QualiCore
import WorkerSettings

/// A pipeline of somebody's own, as the stand-ins play it: the three actions are real, and all others succeed.
struct DemoDefinition: Sendable {
    /// The pipeline, as it is told.
    let pipeline: DemoPipeline
    /// What the lab has, where nothing else says it: what the pipeline asks for.
    private(set) var blueprints: [LabBlueprint]
    /// The actions that are played.
    let played: [PlayedActions.Action]

    /// An action of the definition.
    private struct Action {
        let stage: String
        let name: String
        let json: JSON
        let kind: Int?

        /// What the properties say, with the pipeline's variables by their defaults.
        func configuration(_ variables: [JSON]) -> [String: String] {
            json["configuration"]?.object.map { properties in
                properties.compactMapValues(\.string).filter { !$0.value.isEmpty }.mapValues { text in
                    variables.reduce(text) { text, variable in
                        let reference = "#{variables.\(variable["name"]?.string ?? "")}"
                        return text.replacingOccurrences(
                            of: reference,
                            with: variable["defaultValue"]?.string ?? "unknown"
                        )
                    }
                }
            } ?? [:]
        }
    }

    /// Reads a definition.
    ///
    /// - Parameters:
    ///   - data: The definition.
    ///   - lab: The lab; `nil` for one that has what the pipeline asks for.
    ///   - failing: The action that fails, such as `Test/Run`.
    ///   - names: The three action types.
    /// - Throws: ``ProgramFailure`` where it can't be played.
    init(_ data: Data, lab: LabRecord?, failing: String?, names: QualiActions) throws {
        let definition: JSON
        do {
            definition = try JSON(parsing: try Plan.declaration(of: data))
        } catch let error as DefinitionError {
            throw ProgramFailure(.usage, "The definition \(error)")
        }
        let providers = [names.startSandbox, names.runCommand, names.endSandbox]
        let actions = (definition["stages"]?.array ?? []).flatMap { stage in
            (stage["actions"]?.array ?? []).map { action in
                Action(
                    stage: stage["name"]?.string ?? "",
                    name: action["name"]?.string ?? "",
                    json: action,
                    kind: providers.firstIndex(of: action["actionTypeId"]?["provider"]?.string ?? "")
                )
            }
        }
        let failed = actions.first { "\($0.stage)/\($0.name)" == failing }
        if let failing, failed == nil || failed?.kind == 2 {
            let labels = actions.filter { $0.kind != 2 }.map { "\($0.stage)/\($0.name)" }.joined(separator: ", ")
            throw ProgramFailure(.usage, "--fail is '\(failing)'. Wanted: one of \(labels)")
        }
        let wanted = WantedVariables(in: data, definition)
        let variables = definition["variables"]?.array ?? []
        var steps: [DemoPipeline.Step] = []
        var played: [PlayedActions.Action] = []
        for action in actions {
            let type = Self.type(of: action.json, isOwn: action.kind != nil, names)
            let namespace = action.json["namespace"]?.string
            steps.append(
                DemoPipeline.Step(
                    action.name,
                    type,
                    action.kind == nil ? [] : action.configuration([]).sorted { $0.key < $1.key },
                    inputs: Self.artifacts(action.json["inputArtifacts"]),
                    outputs: Self.artifacts(action.json["outputArtifacts"]),
                    namespace: namespace,
                    runOrder: action.json["runOrder"]?.integer ?? 1
                )
            )
            guard action.kind == nil else { continue }
            played.append(
                .init(
                    type: type,
                    stage: action.stage,
                    name: action.name,
                    variables: namespace.map(wanted.of) ?? [:],
                    fails: action.stage == failed?.stage && action.name == failed?.name
                )
            )
        }
        pipeline = DemoPipeline(
            name: Self.name(definition["name"]?.string ?? "pipeline"),
            steps: steps,
            json: Self.adapted(definition, names)
        )
        self.played = played
        blueprints =
            lab.map { $0.blueprints.map(LabBlueprint.init) }
            ?? Self.blueprints(for: actions.map { ($0.kind, $0.configuration(variables)) })
        fail(failed, failed?.configuration(variables)["CommandName"])
    }

    /// Lets the lab fail where the failing action is one of the three.
    private mutating func fail(_ action: Action?, _ name: String?) {
        guard let kind = action?.kind else { return }
        for index in blueprints.indices {
            if kind == 0 { blueprints[index].setup = .fails(after: .seconds(1)) }
            guard kind == 1 else { continue }
            func failing(_ command: LabCommand) -> LabCommand {
                var command = command
                if command.name == name { command.outcome = .failed("It was told to fail.") }
                return command
            }
            blueprints[index].commands = blueprints[index].commands.map(failing)
            for place in blueprints[index].components.indices {
                blueprints[index].components[place].commands = blueprints[index].components[place].commands.map(failing)
            }
        }
    }

    // MARK: Parts

    private static func artifacts(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap { $0["name"]?.string } }

    /// A name with the characters that names may have.
    private static func name(_ text: String) -> String {
        String(text.prefix(100).map { $0.isASCII && ($0.isLetter || $0.isNumber || ".@-_".contains($0)) ? $0 : "-" })
    }

    private static func type(of action: JSON, isOwn: Bool, _ names: QualiActions) -> VirtualPipeline.ActionType {
        let type = action["actionTypeId"]
        let version = type?["version"]?.string ?? "1"
        return .init(
            category: type?["category"]?.string ?? "Invoke",
            provider: type?["provider"]?.string ?? "unknown",
            version: isOwn ? names.version : version == "unknown" ? "1" : version
        )
    }

    /// The pipeline with what the stand-in plays.
    private static func adapted(_ definition: JSON, _ names: QualiActions) -> JSON {
        let providers = [names.startSandbox, names.runCommand, names.endSandbox]
        func isPlayed(_ conditions: JSON?) -> Bool {
            (conditions?["conditions"]?.array ?? []).flatMap { $0["rules"]?.array ?? [] }
                .allSatisfy { $0["ruleTypeId"]?["provider"]?.string == "VariableCheck" }
        }
        let stages = (definition["stages"]?.array ?? []).map { stage in
            var json: JSON = [
                "name": stage["name"] ?? "unknown",
                "actions": .array(
                    (stage["actions"]?.array ?? []).map { action in
                        let isOwn = providers.contains(action["actionTypeId"]?["provider"]?.string ?? "")
                        let type = type(of: action, isOwn: isOwn, names)
                        var json = action
                        for name in (action.object ?? [:]).keys where !members.contains(name) { json[name] = nil }
                        json["actionTypeId"] = [
                            "category": .string(type.category), "owner": "Custom", "provider": .string(type.provider),
                            "version": .string(type.version),
                        ]
                        let texts = (action["configuration"]?.object ?? [:]).filter {
                            $0.value.string?.isEmpty == false
                        }
                        json["configuration"] = isOwn && !texts.isEmpty ? .object(texts) : nil
                        for member in ["inputArtifacts", "outputArtifacts"] {
                            json[member] = .array(artifacts(action[member]).map { ["name": .string($0)] })
                        }
                        return json
                    }
                ),
            ]
            for place in ["beforeEntry", "onSuccess", "onFailure"] where isPlayed(stage[place]) {
                json[place] = stage[place]
            }
            return json
        }
        return .members([
            "name": .string(name(definition["name"]?.string ?? "pipeline")),
            "roleArn": "arn:aws:iam::111122223333:role/local-pipeline", "pipelineType": "V2",
            "executionMode": definition["executionMode"],
            "variables": definition["variables"]?.array.map { variables in
                .array(
                    variables.map {
                        ["name": $0["name"] ?? "unknown", "defaultValue": $0["defaultValue"] ?? "unknown"]
                    }
                )
            },
            "stages": .array(stages),
        ])
    }

    /// The members of an action that the stand-in plays.
    private static let members: Set = [
        "name", "runOrder", "actionTypeId", "configuration", "inputArtifacts", "outputArtifacts", "namespace",
    ]

    // MARK: The lab

    /// Blueprints that have what some actions ask for.
    private static func blueprints(for actions: [(kind: Int?, configuration: [String: String])]) -> [LabBlueprint] {
        func names(_ text: String?) -> [String] {
            (try? JSON(parsing: Data((text ?? "").utf8)))?.object?.keys.sorted() ?? []
        }
        var components: [String: [LabCommand]] = [:]
        for action in actions where action.kind == 1 {
            let name = String((action.configuration["ComponentName"] ?? "").prefix { !".*+?([\\|^$".contains($0) })
            let parameters = names(action.configuration["ArgumentsJSON"]).map { LabCommand.Parameter($0) }
            let command = LabCommand(name: action.configuration["CommandName"] ?? "", params: parameters)
            components[name.isEmpty ? "component" : name, default: []].append(command)
        }
        let commands = components.removeValue(forKey: "SANDBOX") ?? []
        return actions.filter { $0.kind == 0 }.map { action in
            var blueprint = LabBlueprint(
                name: action.configuration["BlueprintName"] ?? "unknown",
                inputs: names(action.configuration["InputsJSON"]).map { LabInput($0) },
                components: components.sorted { $0.key < $1.key }.map { name, commands in
                    LabComponent(name: name, kind: .resource, model: "Any", commands: commands)
                }
            )
            blueprint.commands = commands
            return blueprint
        }
    }
}

/// The variables that a definition wants of an action, with the values that its conditions want.
private struct WantedVariables {
    private let text: String
    private var values: [String: String] = [:]

    init(in data: Data, _ definition: JSON) {
        text = String(decoding: data, as: UTF8.self)
        for stage in definition["stages"]?.array ?? [] {
            for place in ["beforeEntry", "onSuccess", "onFailure"] {
                let conditions = stage[place]?["conditions"]?.array ?? []
                for check in conditions.flatMap({ $0["rules"]?.array ?? [] }).compactMap({ $0["configuration"] }) {
                    guard check["Operator"]?.string == "EQ", let variable = check["Variable"]?.string else { continue }
                    values[variable] = check["Value"]?.string
                }
            }
        }
    }

    func of(_ namespace: String) -> [String: String] {
        let parts = text.components(separatedBy: "#{\(namespace).").dropFirst()
        let names = parts.compactMap { part in part.firstIndex(of: "}").map { String(part[..<$0]) } }
        return names.reduce(into: [:]) { $0[$1] = values["#{\(namespace).\($1)}"] ?? "played" }
    }
}

extension LabBlueprint {
    /// The blueprint of a real lab.
    fileprivate init(_ record: LabRecord.Blueprint) {
        func command(_ command: LabRecord.Command) -> LabCommand {
            LabCommand(
                name: command.name,
                params: command.parameters.map {
                    .init($0.name, isMandatory: $0.isRequired, possibleValues: $0.possibleValues)
                }
            )
        }
        self.init(
            name: record.name,
            id: record.id,
            inputs: (record.inputs ?? []).map { input in
                LabInput(
                    input.name,
                    default: input.isRequired ? nil : input.possibleValues.first ?? "",
                    possibleValues: input.possibleValues
                )
            },
            components: (record.components ?? []).map { component in
                LabComponent(
                    name: component.name,
                    kind: component.type.flatMap { LabComponent.Kind(rawValue: $0) } ?? .resource,
                    model: component.model ?? "",
                    commands: (component.commands ?? []).map(command)
                )
            }
        )
        commands = (record.commands ?? []).map(command)
    }
}
