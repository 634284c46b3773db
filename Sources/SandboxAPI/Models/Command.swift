package import struct FoundationEssentials.Date

/// A command of a sandbox or of one of its components.
public struct Command: Hashable, Sendable, Decodable {
    /// Its internal name, which the API takes; the portal shows another.
    public var name: String
    /// What its author wrote about it.
    public var description: String?
    /// Its parameters.
    public var params: [CommandParameter]
    /// Its executions so far; in which order, and how many, the lab doesn't promise.
    package var executions: [ExecutionSummary]
    /// For a connected command `power` or `remote_<name>`.
    package var tag: String?

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let name = object.string("name") else { throw MissingMember.error("name", decoder) }
        self.name = name
        description = object.filledString("description")
        params = object.list("params", "parameters")
        executions = object.list("executions")
        tag = object.filledString("command_tag")
    }
}

/// A parameter of a command.
public struct CommandParameter: Hashable, Sendable, Decodable {
    /// Its name.
    public var name: String
    /// What its author wrote about it.
    public var description: String?
    /// The type of its value.
    public var type: ValueType?
    /// The values to choose from; empty where any will do.
    public var possibleValues: [String]
    /// The value that is used where none is given.
    public var defaultValue: String?
    /// Whether a value must be given.
    public var isMandatory: Bool

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let name = object.string("name") else { throw MissingMember.error("name", decoder) }
        self.name = name
        description = object.filledString("description")
        type = object.name("type")
        possibleValues = object.strings("possible_values")
        defaultValue = object.string("default_value")
        isMandatory = object.bool("mandatory") ?? false
    }
}

/// An execution as a command lists it.
package struct ExecutionSummary: Hashable, Sendable, Decodable {
    /// Its id.
    package var id: String
    /// How it stands; empty, and thus not final, where the lab doesn't say.
    package var status: ExecutionStatus
    /// Whether it can be cancelled.
    package var supportsCancellation: Bool

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let id = object.filledString("id", "executionId") else { throw MissingMember.error("id", decoder) }
        self.id = id
        status = object.name("status") ?? ExecutionStatus(rawValue: "")
        supportsCancellation = object.bool("supports_cancellation", "supports_Cancelation") ?? false
    }
}

/// An execution that has been asked for.
public struct StartedExecution: Hashable, Sendable, Decodable {
    /// Its id, for ``SandboxClient/execution(id:)``.
    public var id: String
    /// Whether it can be cancelled.
    public var supportsCancellation: Bool

    /// Makes a started execution, as a test does.
    package init(id: String, supportsCancellation: Bool) {
        self.id = id
        self.supportsCancellation = supportsCancellation
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let id = object.filledString("executionId", "id") else {
            throw MissingMember.error("executionId", decoder)
        }
        self.id = id
        supportsCancellation = object.bool("supports_cancellation", "supports_Cancelation") ?? false
    }
}

/// An execution of a command.
public struct Execution: Hashable, Sendable, Decodable {
    /// Its id.
    public var id: String
    /// How it stands; empty, and thus not final, where the lab doesn't say.
    public var status: ExecutionStatus
    /// What the command printed, which may hold HTML; `nil` where it printed nothing.
    public var output: String?
    /// When it started.
    package var started: Date?
    /// When it ended.
    package var ended: Date?
    /// Whether it can be cancelled.
    public var supportsCancellation: Bool

    /// Makes an execution, as a test does.
    package init(
        id: String,
        status: ExecutionStatus,
        output: String? = nil,
        started: Date? = nil,
        ended: Date? = nil,
        supportsCancellation: Bool = false
    ) {
        self.id = id
        self.status = status
        self.output = output
        self.started = started
        self.ended = ended
        self.supportsCancellation = supportsCancellation
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let id = object.filledString("id", "executionId") else { throw MissingMember.error("id", decoder) }
        self.init(
            id: id,
            status: object.name("status") ?? ExecutionStatus(rawValue: ""),
            output: object.filledOutput("output"),
            started: object.date("started"),
            ended: object.date("ended"),
            supportsCancellation: object.bool("supports_cancellation", "supports_Cancelation") ?? false
        )
    }
}

extension LenientObject {
    /// An output: `nil` where there is none, for which some labs write the word `Null`.
    func filledOutput(_ name: String) -> String? {
        // A list is one of lines.
        let text = string(name) ?? strings(name).joined(separator: "\n")
        return text.isEmpty || text == "Null" ? nil : text
    }
}

/// How a command shall be started.
public struct StartCommandRequest: Hashable, Sendable, Encodable {
    /// Values for the command's parameters; the mandatory ones must be there.
    package var params: [Input]
    /// Whether the command's output shall also go to the sandbox's output console.
    package var printOutput: Bool

    /// Describes a start.
    public init(params: [Input] = [], printOutput: Bool = true) {
        self.params = params
        self.printOutput = printOutput
    }
}

/// Which of a component's connected commands shall be run, and through which ports.
package struct ConnectedCommand: Hashable, Sendable {
    /// `power` or `remote_<name>`, as ``Command/tag`` has it.
    package var tag: String
    /// Full paths of ports, such as `Switch20/Blade5/PowerPort1`; empty means all that are connected.
    package var ports: [String]

    /// Describes a connected command.
    package init(tag: String, ports: [String] = []) {
        self.tag = tag
        self.ports = ports
    }
}
