/// What sort of thing a component of a sandbox is.
public struct ComponentType: CaseInsensitiveName {
    /// The type as the lab spelled it.
    public let rawValue: String

    /// Wraps a type as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// An App: deployed while the sandbox is set up.
    public static let application = ComponentType(rawValue: "Application")
    /// A resource of the lab's inventory.
    public static let resource = ComponentType(rawValue: "Resource")
    /// A service.
    public static let service = ComponentType(rawValue: "Service")
}

/// Whether an App has been deployed.
public struct AppLifecycle: CaseInsensitiveName {
    /// The stage as the lab spelled it.
    public let rawValue: String

    /// Wraps a stage as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Not deployed, or not yet.
    public static let undeployed = AppLifecycle(rawValue: "Undeployed")
    /// Deployed; its name has got a random end.
    public static let deployed = AppLifecycle(rawValue: "Deployed")
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
    public static let string = ValueType(rawValue: "String")
    /// A number, as text.
    public static let numeric = ValueType(rawValue: "Numeric")
    /// `True` or `False`, as text.
    public static let boolean = ValueType(rawValue: "Boolean")
    /// One of a list of values.
    public static let lookup = ValueType(rawValue: "Lookup")
    /// A text that mustn't be shown.
    public static let password = ValueType(rawValue: "Password")

    /// Whether it is a password's, as `Password` and `cloudshell.datatypes.Password` are: it ends with that word.
    public var isPassword: Bool { folded.hasSuffix("password") }
}

/// Whether a blueprint can be reserved now.
public struct BlueprintAvailability: CaseInsensitiveName {
    /// The availability as the lab spelled it.
    public let rawValue: String

    /// Wraps an availability as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Its resources are free.
    public static let availableNow = BlueprintAvailability(rawValue: "Available Now")
    /// Some of its resources are taken.
    public static let notAvailable = BlueprintAvailability(rawValue: "Not Available")
}

/// What an event of the activity feed tells.
public struct EventType: CaseInsensitiveName {
    /// The type as the lab spelled it.
    public let rawValue: String

    /// Wraps a type as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Something went well.
    public static let success = EventType(rawValue: "success")
    /// Something failed.
    public static let error = EventType(rawValue: "error")
}
