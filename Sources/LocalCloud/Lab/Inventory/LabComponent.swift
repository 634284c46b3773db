/// A component of a blueprint: an App, a resource or a service.
public struct LabComponent: Sendable {
    /// What kind of component it is.
    public enum Kind: String, Sendable {
        /// An App: undeployed at first; setup deploys it, with an address and a suffix to its name.
        case application = "Application"
        /// A resource of the inventory.
        case resource = "Resource"
        /// A service.
        case service = "Service"
    }

    /// An attribute.
    public struct Attribute: Sendable {
        /// The name.
        package var name: String
        /// The value, as text.
        package var value: String
        /// `string`, `numeric`, `boolean` or `password`.
        package var type: String

        /// Creates an attribute.
        public init(_ name: String, value: String, type: String = "string") {
            self.name = name
            self.value = value
            self.type = type
        }
    }

    /// A way into the component.
    public struct Interface: Sendable {
        /// `SSH`, `RDP`, `Telnet`.
        package var name: String
        /// Where it leads.
        package var url: String

        /// Creates an interface.
        public init(_ name: String, url: String) {
            self.name = name
            self.url = url
        }
    }

    /// The name; an App's gets a suffix when it's deployed.
    package var name: String
    /// The kind.
    package var kind: Kind
    /// The resource model or shell.
    package var model: String
    /// What it is.
    package var description = ""
    /// The address; an App has it once it's deployed.
    package var address: String
    /// The attributes.
    package var attributes: [Attribute]
    /// The ways in.
    package var interfaces: [Interface]
    /// The commands.
    package var commands: [LabCommand]
    /// Whether one sandbox at a time can have it; a second start is a conflict.
    package var isExclusive = false

    /// Creates a component.
    public init(
        name: String,
        kind: Kind,
        model: String,
        address: String = "",
        attributes: [Attribute] = [],
        interfaces: [Interface] = [],
        commands: [LabCommand] = [],
        isExclusive: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.model = model
        self.address = address
        self.attributes = attributes
        self.interfaces = interfaces
        self.commands = commands
        self.isExclusive = isExclusive
    }
}
