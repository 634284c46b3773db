/// A component of a sandbox: an App, a resource or a service.
///
/// A sandbox lists its components in short; ``SandboxClient/components(sandboxID:)`` reads them with all details.
/// Encoding one gives JSON in the API's own spelling, with the secrets that are in it.
public struct Component: Hashable, Sendable {
    /// Its id, a GUID; empty where the lab gives none.
    public var id: String
    /// Its name; an App's changes when it is deployed.
    public var name: String
    /// What its author wrote about it.
    public var description: String?
    /// What sort of thing it is.
    public var type: ComponentType?
    /// The name of its model or shell.
    public var model: String?
    /// Its address, where it has one.
    public var address: String?
    /// Whether it has been deployed; Apps only.
    package var appLifecycle: AppLifecycle?
    /// How it is deployed; Apps only.
    package var activeDeploymentName: String?
    /// The App template that it was made from; Apps only.
    package var templateName: String?
    /// Its attributes.
    public var attributes: [ComponentAttribute]
    /// The ways to connect to it.
    package var connectionInterfaces: [ConnectionInterface]
    /// The API's links to it and what belongs to it, by the lab's names for them.
    package var links: [String: APILink] = [:]

    /// Whether the lab tells a description, even if it is none.
    private var tellsDescription = false

    /// Makes a component, as a test does.
    package init(
        id: String,
        name: String,
        description: String? = nil,
        type: ComponentType? = nil,
        model: String? = nil,
        address: String? = nil,
        appLifecycle: AppLifecycle? = nil,
        activeDeploymentName: String? = nil,
        templateName: String? = nil,
        attributes: [ComponentAttribute] = [],
        connectionInterfaces: [ConnectionInterface] = []
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.type = type
        self.model = model
        self.address = address
        self.appLifecycle = appLifecycle
        self.activeDeploymentName = activeDeploymentName
        self.templateName = templateName
        self.attributes = attributes
        self.connectionInterfaces = connectionInterfaces
    }
}

extension Component: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, name, description, type, address, attributes
        case model = "component_type"
        case appLifecycle = "app_lifecycle"
        case activeDeploymentName = "active_deployment_name"
        case templateName = "template_name"
        case connectionInterfaces = "connection_interfaces"
        case links = "_links"
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        self.init(
            id: object.filledString("id") ?? "",
            name: object.string("name") ?? "",
            description: object.filledString("description"),
            type: object.name("type"),
            model: object.filledString("component_type"),
            address: object.filledString("address"),
            appLifecycle: object.name("app_lifecycle"),
            activeDeploymentName: object.filledString("active_deployment_name"),
            templateName: object.filledString("template_name"),
            attributes: object.list("attributes"),
            connectionInterfaces: object.list("connection_interfaces")
        )
        links = object.links()
        tellsDescription = object.has("description")
    }

    /// Writes the members in the API's own spelling.
    ///
    /// - Throws: The encoder's error.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !id.isEmpty { try container.encode(id, forKey: .id) }
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(description ?? (tellsDescription ? "" : nil), forKey: .description)
        try container.encodeIfPresent(type, forKey: .type)
        try container.encodeIfPresent(model, forKey: .model)
        try container.encodeIfPresent(address, forKey: .address)
        try container.encodeIfPresent(appLifecycle, forKey: .appLifecycle)
        try container.encodeIfPresent(activeDeploymentName, forKey: .activeDeploymentName)
        try container.encodeIfPresent(templateName, forKey: .templateName)
        try container.encode(attributes, forKey: .attributes)
        try container.encode(connectionInterfaces, forKey: .connectionInterfaces)
        if !links.isEmpty { try container.encode(links, forKey: .links) }
    }
}

/// What a component is found by and called with; a real one may have a hundred attributes beside that.
package struct NamedComponent: Hashable, Sendable, Decodable {
    /// Its id; empty where the lab gives none.
    package var id: String
    /// Its name.
    package var name: String
    /// The name of its model or shell.
    package var model: String?

    /// Names a component, as a test does.
    package init(id: String, name: String, model: String? = nil) {
        self.id = id
        self.name = name
        self.model = model
    }

    /// Reads what the lab sends.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        self.init(
            id: object.filledString("id") ?? "",
            name: object.string("name") ?? "",
            model: object.filledString("component_type")
        )
    }
}

/// An attribute of a component.
public struct ComponentAttribute: Hashable, Sendable, Codable {
    /// The type of its value.
    package var type: ValueType?
    /// Its name, which may begin with the model's.
    public var name: String
    /// Its value, always as text.
    public var value: String

    /// Makes an attribute, as a test does.
    package init(type: ValueType? = .string, name: String, value: String) {
        self.type = type
        self.name = name
        self.value = value
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        self.init(
            type: object.name("type"),
            name: object.string("name") ?? "",
            value: object.string("value") ?? ""
        )
    }

    /// Whether its value must not be shown: it is of a password's type, or ``SecretNames/standard`` has its name.
    package var isSecret: Bool { isSecret(named: .standard) }

    /// Whether its value must not be shown: it is of a password's type, or has one of these names.
    package func isSecret(named names: SecretNames) -> Bool { type?.isPassword == true || names.contains(name) }
}

extension ComponentAttribute: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Name and value; a secret value is hidden.
    public var description: String { "\(name)=\(isSecret ? "<redacted>" : value)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror in which a secret value is hidden.
    public var customMirror: Mirror {
        Mirror(self, children: ["name": name, "value": isSecret ? "<redacted>" : value])
    }
}

/// A way to connect to a component.
package struct ConnectionInterface: Hashable, Sendable, Codable {
    /// Its name, such as `SSH`, `RDP` or `Telnet`.
    package var name: String
    /// Where it is.
    package var url: String

    /// Makes an interface, as a test does.
    package init(name: String, url: String) {
        self.name = name
        self.url = url
    }

    /// Reads what the lab sends.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        self.init(name: object.string("name") ?? "", url: object.filledString("url") ?? "")
    }
}
