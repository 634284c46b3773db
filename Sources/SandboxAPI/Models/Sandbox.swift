package import HTTPTransport

public import struct FoundationEssentials.Date

/// A sandbox with its details.
///
/// Encoding it gives JSON in the API's own spelling, with the secrets that are in it, which decodes to an equal value.
public struct Sandbox: Hashable, Sendable {
    /// Its id, a GUID.
    public var id: String
    /// Its name.
    public var name: String
    /// What its owner wrote about it.
    public var description: String?
    /// The id of its blueprint.
    public var blueprintID: String?
    /// When it starts or started.
    public var startTime: Date?
    /// When it will end; `nil` for a persistent one, or where the lab doesn't say.
    public var endTime: Date?
    /// What it is doing; empty, and thus unknown, where the lab doesn't say.
    public var state: SandboxState
    /// How far its setup has come.
    package var setupStage: SetupStage?
    /// Always `Sandbox`, where the lab says it.
    package var type: String?
    /// Its components, in short; ``SandboxClient/components(sandboxID:)`` reads them with all details.
    public var components: [Component]
    /// The inputs that it was started with.
    public var parameters: [Input]
    /// Users who may use it, its owner among them.
    package var permittedUsers: [String]
    /// The API's links to it and what belongs to it, by the lab's names for them.
    package var links: [String: APILink] = [:]

    /// Whether the lab tells a description, even if it is none.
    private var tellsDescription = false
    /// Whether the lab calls the inputs `params`.
    private var saysParams = false

    /// Makes a sandbox, as a test does.
    package init(
        id: String,
        name: String,
        description: String? = nil,
        blueprintID: String? = nil,
        startTime: Date? = nil,
        endTime: Date? = nil,
        state: SandboxState,
        setupStage: SetupStage? = nil,
        type: String? = "Sandbox",
        components: [Component] = [],
        parameters: [Input] = [],
        permittedUsers: [String] = []
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.blueprintID = blueprintID
        self.startTime = startTime
        self.endTime = endTime
        self.state = state
        self.setupStage = setupStage
        self.type = type
        self.components = components
        self.parameters = parameters
        self.permittedUsers = permittedUsers
    }

    /// The same sandbox without secrets, fit for a file, by ``SecretNames/standard``.
    package var withoutSecrets: Sandbox { withoutSecrets(named: .standard) }

    /// The same sandbox without secrets, fit for a file.
    ///
    /// Attributes and inputs with a secret name or of a password's type are left out. Of addresses scheme, host, port and
    /// path stay, and of a query `hostname`, `protocol` and `port`. Values of secrets, from four characters on, are masked in
    /// all other texts; where there are more than 300, attributes and descriptions are left out whole instead.
    ///
    /// `names` says what counts as a secret's name; `known` are secrets that are masked as well.
    package func withoutSecrets(named names: SecretNames, known: [Secret] = []) -> Sandbox {
        withoutSecrets(named: names, known: known) { $0 }
    }

    /// The same with one more mask for all texts.
    package func withoutSecrets(
        named names: SecretNames,
        known: [Secret],
        and mask: (String) -> String
    ) -> Sandbox {
        var copy = self
        var sweep = SecretSweep(names, known: known)
        sweep.clean(&copy, mask)
        return copy
    }
}

extension Sandbox: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, name, description, state, type, components, parameters, params
        case links = "_links"
        case blueprintID = "blueprint_id"
        case startTime = "start_time"
        case endTime = "end_time"
        case setupStage = "setup_stage"
        case permittedUsers = "permitted_users"
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let id = object.filledString("id") else { throw MissingMember.error("id", decoder) }
        self.init(
            id: id,
            name: object.string("name") ?? "",
            description: object.filledString("description"),
            blueprintID: object.filledString("blueprint_id")
                ?? object.value(BlueprintReference.self, "blueprint")?.id,
            startTime: object.date("start_time"),
            endTime: object.date("end_time"),
            state: object.name("state") ?? SandboxState(rawValue: ""),
            setupStage: object.name("setup_stage"),
            type: object.string("type"),
            components: object.list("components"),
            parameters: object.has("parameters") ? object.list("parameters") : object.list("params"),
            permittedUsers: object.strings("permitted_users")
        )
        links = object.links()
        tellsDescription = object.has("description")
        saysParams = object.has("params") && !object.has("parameters")
    }

    /// Writes the members in the API's own spelling; where labs differ, in that of the lab from which it was read.
    ///
    /// - Throws: The encoder's error.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(description ?? (tellsDescription ? "" : nil), forKey: .description)
        try container.encodeIfPresent(blueprintID, forKey: .blueprintID)
        try container.encodeIfPresent(startTime.map { Timestamp.text($0) }, forKey: .startTime)
        try container.encodeIfPresent(endTime.map { Timestamp.text($0) }, forKey: .endTime)
        try container.encode(state, forKey: .state)
        try container.encodeIfPresent(setupStage, forKey: .setupStage)
        try container.encodeIfPresent(type, forKey: .type)
        try container.encode(components, forKey: .components)
        try container.encode(parameters, forKey: saysParams ? .params : .parameters)
        try container.encode(permittedUsers, forKey: .permittedUsers)
        if !links.isEmpty { try container.encode(links, forKey: .links) }
    }
}

/// A sandbox as the lists have it.
public struct SandboxSummary: Hashable, Sendable, Decodable {
    /// Its id, a GUID.
    public var id: String
    /// Its name.
    public var name: String
    /// What its owner wrote about it.
    package var description: String?
    /// What it is doing; empty, and thus unknown, where the lab doesn't say.
    public var state: SandboxState
    /// Its blueprint.
    package var blueprint: BlueprintReference?

    /// Makes a summary, as a test does.
    package init(
        id: String,
        name: String,
        description: String? = nil,
        state: SandboxState,
        blueprint: BlueprintReference? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.state = state
        self.blueprint = blueprint
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let id = object.filledString("id") else { throw MissingMember.error("id", decoder) }
        self.init(
            id: id,
            name: object.string("name") ?? "",
            description: object.filledString("description"),
            state: object.name("state") ?? SandboxState(rawValue: ""),
            blueprint: object.value(BlueprintReference.self, "blueprint")
        )
    }
}

/// A blueprint's name and id.
package struct BlueprintReference: Hashable, Sendable, Decodable {
    /// The blueprint's name.
    package var name: String?
    /// The blueprint's id.
    package var id: String?

    /// Names a blueprint.
    package init(name: String?, id: String?) {
        self.name = name
        self.id = id
    }

    /// Reads what the lab sends.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        name = object.filledString("name")
        id = object.filledString("id")
    }
}

/// A sandbox whose end has been moved.
public struct SandboxExtension: Hashable, Sendable, Decodable {
    /// The sandbox's id.
    package var id: String?
    /// The sandbox's name.
    package var name: String?
    /// When it started.
    package var startTime: Date?
    /// Its new end.
    public var endTime: Date?
    /// How long it has left.
    package var remainingTime: Duration?

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        id = object.filledString("id")
        name = object.string("name")
        startTime = object.date("start_time")
        endTime = object.date("end_time")
        remainingTime = object.string("remaining_time").flatMap(ISO8601Duration.parse)
    }
}
