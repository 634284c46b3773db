/// What sort of thing a component of a sandbox is.
public struct ComponentType: CaseInsensitiveName {
    /// The type as the lab spelled it.
    public let rawValue: String

    /// Wraps a type as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// An App: deployed while the sandbox is set up.
    package static let application = ComponentType(rawValue: "Application")
    /// A resource of the lab's inventory.
    package static let resource = ComponentType(rawValue: "Resource")
    /// A service.
    package static let service = ComponentType(rawValue: "Service")
}

/// Whether an App has been deployed.
package struct AppLifecycle: CaseInsensitiveName {
    /// The stage as the lab spelled it.
    package let rawValue: String

    /// Wraps a stage as the lab spells it.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Not deployed, or not yet.
    package static let undeployed = AppLifecycle(rawValue: "Undeployed")
    /// Deployed; its name has got a random end.
    package static let deployed = AppLifecycle(rawValue: "Deployed")
}

/// The type of an attribute, an input or a command's parameter.
public struct ValueType: CaseInsensitiveName {
    /// The type as the lab spelled it.
    public let rawValue: String

    /// Wraps a type as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Any text.
    package static let string = ValueType(rawValue: "String")
    /// A number, as text.
    package static let numeric = ValueType(rawValue: "Numeric")
    /// `True` or `False`, as text.
    package static let boolean = ValueType(rawValue: "Boolean")
    /// One of a list of values.
    package static let lookup = ValueType(rawValue: "Lookup")
    /// A text that mustn't be shown.
    package static let password = ValueType(rawValue: "Password")

    /// Whether it is a password's, as `Password` and `cloudshell.datatypes.Password` are: it ends with that word.
    public var isPassword: Bool { folded.hasSuffix("password") }
}

/// Whether a blueprint can be reserved now.
package struct BlueprintAvailability: CaseInsensitiveName {
    /// The availability as the lab spelled it.
    package let rawValue: String

    /// Wraps an availability as the lab spells it.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Its resources are free.
    package static let availableNow = BlueprintAvailability(rawValue: "Available Now")
    /// Some of its resources are taken.
    package static let notAvailable = BlueprintAvailability(rawValue: "Not Available")
}

/// What an event of the activity feed tells.
package struct EventType: CaseInsensitiveName {
    /// The type as the lab spelled it.
    package let rawValue: String

    /// Wraps a type as the lab spells it.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Something went well.
    package static let success = EventType(rawValue: "success")
    /// Something failed.
    package static let error = EventType(rawValue: "error")
}
