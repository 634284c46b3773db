import Foundation

/// Writes the lab's objects, in the spelling that the behavior asks for.
struct LabWriter {
    let behavior: LabBehavior
    /// The version of the API, 1 or 2.
    let version: Int
    let now: Date

    // MARK: Values

    func bool(_ value: Bool) -> JSON { behavior.writesStringsOnly ? .string(String(value)) : .bool(value) }
    func number(_ value: Int) -> JSON { behavior.writesStringsOnly ? .string(String(value)) : .integer(value) }
    func time(_ date: Date) -> String { LabTime.text(date, behavior.seconds) }
    func word(_ text: String) -> JSON { .string(behavior.casing == .lowercase ? text.lowercased() : text) }

    func optional(_ text: String?) -> JSON {
        if let text { return .string(text) }
        switch behavior.nothing {
        case .null: return .null
        case .emptyString: return ""
        case .word: return "Null"
        }
    }

    /// The key of a compound name, its words separated by spaces.
    func key(_ words: String, _ joining: LabBehavior.Joining) -> String {
        let parts = words.split(separator: " ").map(String.init)
        switch joining {
        case .space: return words
        case .underscore: return parts.joined(separator: "_")
        case .camelCase: return (parts.prefix(1) + parts.dropFirst().map(\.capitalized)).joined()
        }
    }

    /// A link, relative to the API's versioned root.
    func link(_ path: String, _ method: String = "GET") -> JSON { ["href": .string(path), "method": .string(method)] }

    // MARK: Blueprints

    func blueprint(_ blueprint: LabBlueprint, withInputs: Bool) -> JSON {
        let path = "/blueprints/\(blueprint.id)"
        return .members([
            "name": .string(blueprint.name),
            "id": .string(blueprint.id),
            "description": optional(blueprint.description),
            "availability": .string(blueprint.isAvailable ? "Available Now" : "Not Available"),
            "categories": .array(blueprint.categories.map { .string($0) }),
            "estimated_setup_duration": .string(LabTime.text(blueprint.estimatedSetup / .seconds(1))),
            "params": withInputs ? .array(blueprint.inputs.map(input)) : nil,
            "_links": [
                "self": link(path), "all": link("/blueprints"), "create_sandbox": link("\(path)/start", "POST"),
            ],
        ])
    }

    private func input(_ input: LabInput) -> JSON {
        [
            "name": .string(input.name),
            "type": word(input.type),
            key("possible values", behavior.inputKeys): .array(input.possibleValues.map { .string($0) }),
            key("default value", behavior.inputKeys): .string(input.defaultValue ?? ""),
        ]
    }

    // MARK: Sandboxes

    func summary(_ sandbox: LabSandbox) -> JSON {
        [
            "name": .string(sandbox.name),
            "id": .string(sandbox.id),
            "description": "",
            "state": state(of: sandbox),
            "blueprint": ["name": .string(sandbox.blueprint.name), "id": .string(sandbox.blueprint.id)],
            "_links": [
                "self": link("/sandboxes/\(sandbox.id)"),
                "components": link("/sandboxes/\(sandbox.id)/components"),
                "stop": link("/sandboxes/\(sandbox.id)/stop", "POST"),
                "all": link("/sandboxes"),
            ],
        ]
    }

    /// A sandbox of which only this is known, since it ended long ago.
    func pastSummary(id: String) -> JSON {
        [
            "name": .string("Nightly \(id)"),
            "id": .string(id),
            "description": .string(String(repeating: "Nobody remembers what it was for. ", count: 6)),
            "state": "Ended",
            "blueprint": ["name": "Nightly", "id": "5d4c3b2a-0000-4000-8000-000000000000"],
            "_links": ["self": link("/sandboxes/\(id)"), "components": link("/sandboxes/\(id)/components")],
        ]
    }

    func sandbox(_ sandbox: LabSandbox) -> JSON {
        let path = "/sandboxes/\(sandbox.id)"
        return .members([
            "name": .string(sandbox.name),
            "id": .string(sandbox.id),
            "description": "",
            behavior.blueprintIDKey: .string(sandbox.blueprint.id),
            "start_time": .string(time(sandbox.startTime)),
            "end_time": sandbox.endTime.map { .string(time($0)) } ?? .null,
            "state": state(of: sandbox),
            "setup_stage": .string(sandbox.stage.rawValue),
            "type": "Sandbox",
            "components": .array(sandbox.components.map { slim($0, of: sandbox) }),
            behavior.sandboxInputsKey: .array(
                sandbox.inputs.map { ["name": .string($0.name), "value": .string(shown($0, of: sandbox))] }
            ),
            "permitted_users": .array(sandbox.permittedUsers.map { .string($0) }),
            "_links": [
                "self": link(path), "components": link("\(path)/components"), "output": link("\(path)/output"),
                "stop": link("\(path)/stop", "POST"), "all": link("/sandboxes"),
                "blueprint": link("/blueprints/\(sandbox.blueprint.id)"),
            ],
        ])
    }

    private func shown(_ input: (name: String, value: String), of sandbox: LabSandbox) -> String {
        let type = sandbox.blueprint.inputs.first { $0.name == input.name }?.type
        switch behavior.passwordInputs {
        case .masked where type == "Password": return "********"
        case .empty where type == "Password": return ""
        default: return input.value
        }
    }

    func state(of sandbox: LabSandbox) -> JSON {
        let state = sandbox.stale.flatMap { $0.reads > 0 ? $0.state : nil } ?? sandbox.state
        return .string(behavior.stateNames[state] ?? state.rawValue)
    }

    // MARK: Activity

    func event(_ event: LabSandbox.Event) -> JSON {
        [
            "id": id(of: event),
            "event_type": event.isError ? "error" : "success",
            "event_text": .string(event.text),
            "output": optional(event.output),
            "time": .string(time(event.time)),
            "execution_server": .null,
        ]
    }

    func id(of event: LabSandbox.Event) -> JSON {
        behavior.givesEventsGUIDs ? .string(event.guid) : number(event.id)
    }

    func line(_ line: LabSandbox.Line) -> JSON {
        ["id": .string(line.id), "time": .string(time(line.time)), "text": .string(line.text)]
    }
}
