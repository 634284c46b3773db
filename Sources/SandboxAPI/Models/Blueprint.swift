public import struct FoundationEssentials.Date

/// A public blueprint of the session's domain.
public struct Blueprint: Hashable, Sendable, Decodable {
    /// Its name, which may hold spaces, `|`, `[` and `]`.
    public var name: String
    /// Its id, a GUID.
    public var id: String
    /// What its author wrote about it.
    public var description: String?
    /// Whether its resources are free now.
    package var availability: BlueprintAvailability?
    /// The categories under which the portal lists it.
    package var categories: [String]
    /// How long its setup is thought to take; `nil` where the lab doesn't say.
    package var estimatedSetupDuration: Duration?
    /// The inputs that a start may set; filled only by ``SandboxClient/blueprint(_:)``.
    public var inputs: [BlueprintInput]

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let id = object.filledString("id") else { throw MissingMember.error("id", decoder) }
        self.id = id
        name = object.string("name") ?? ""
        description = object.filledString("description")
        availability = object.name("availability")
        categories = object.strings("categories")
        estimatedSetupDuration = object.string("estimated_setup_duration").flatMap(ISO8601Duration.parse)
        inputs = object.list("params", "parameters", "inputs")
    }
}

/// An input that a blueprint publishes.
public struct BlueprintInput: Hashable, Sendable, Decodable {
    /// Its name.
    public var name: String
    /// What its author wrote about it.
    public var description: String?
    /// The type of its value.
    public var type: ValueType?
    /// The values to choose from; empty where any will do.
    public var possibleValues: [String]
    /// The value that is used where a start sets none; `nil` or empty where a start must set one.
    public var defaultValue: String?

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
    }
}

/// What a new sandbox shall be like.
public struct StartSandboxRequest: Hashable, Sendable {
    /// The sandbox's name; the portal allows 60 characters, and names need not be unique.
    package var name: String
    /// How long the sandbox shall live, its setup included; sent in whole minutes, rounded up.
    package var duration: Duration
    /// Values for the blueprint's inputs; those without a default must be there.
    package var params: [Input]
    /// Users who may use the sandbox beside its owner; they need access to the session's domain.
    package var permittedUsers: [String]
    /// When to start, where not now; labs before 2024.1 don't know it.
    package var startTime: Date?

    /// Describes a sandbox.
    public init(
        name: String,
        duration: Duration,
        params: [Input] = [],
        permittedUsers: [String] = [],
        startTime: Date? = nil
    ) {
        self.name = name
        self.duration = duration
        self.params = params
        self.permittedUsers = permittedUsers
        self.startTime = startTime
    }

    /// Describes a sandbox that lives for a number of minutes.
    package init(
        name: String,
        durationInMinutes minutes: Int,
        params: [Input] = [],
        permittedUsers: [String] = [],
        startTime: Date? = nil
    ) {
        self.init(
            name: name,
            duration: .seconds(60) * minutes,
            params: params,
            permittedUsers: permittedUsers,
            startTime: startTime
        )
    }
}

extension StartSandboxRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, duration, params
        case permittedUsers = "permitted_users"
        case startTime = "start_time"
    }

    /// Writes the body of the API's `start`; members that aren't set are left out.
    ///
    /// - Throws: The encoder's error.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(ISO8601Duration.text(duration), forKey: .duration)
        if !params.isEmpty { try container.encode(params, forKey: .params) }
        if !permittedUsers.isEmpty { try container.encode(permittedUsers, forKey: .permittedUsers) }
        // The documentation's one well-formed sample has milliseconds and an offset without a colon.
        if let startTime {
            try container.encode(
                Timestamp.text(startTime, zone: "+0000", alwaysFraction: true),
                forKey: .startTime
            )
        }
    }
}

/// What a new persistent sandbox shall be like: one that has no end.
package struct StartPersistentSandboxRequest: Hashable, Sendable, Encodable {
    /// The sandbox's name; the portal allows 60 characters.
    package var name: String
    /// Values for the blueprint's inputs.
    package var params: [Input]
    /// Users who may use the sandbox beside its owner.
    package var permittedUsers: [String]

    /// Describes a sandbox.
    package init(name: String, params: [Input] = [], permittedUsers: [String] = []) {
        self.name = name
        self.params = params
        self.permittedUsers = permittedUsers
    }

    private enum CodingKeys: String, CodingKey {
        case name, params
        case permittedUsers = "permitted_users"
    }

    /// Writes the body of the API's `start-persistent`; members that aren't set are left out.
    ///
    /// - Throws: The encoder's error.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        if !params.isEmpty { try container.encode(params, forKey: .params) }
        if !permittedUsers.isEmpty { try container.encode(permittedUsers, forKey: .permittedUsers) }
    }
}
