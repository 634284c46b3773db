/// What a sandbox is doing, as the lab's `state` says.
///
/// A state that this library doesn't know is none of ``isReady``, ``isFailed``, ``isEnding`` and ``isEnded``: keep
/// reading until a deadline.
public struct SandboxState: CaseInsensitiveName {
    /// The state as the lab spelled it.
    public let rawValue: String

    /// Wraps a state as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Scheduled for later.
    package static let pending = SandboxState(rawValue: "Pending")
    /// Reserved; its setup has not begun.
    package static let beforeSetup = SandboxState(rawValue: "BeforeSetup")
    /// The same as ``beforeSetup`` on older labs.
    package static let pendingSetup = SandboxState(rawValue: "Pending Setup")
    /// Its setup runs.
    package static let setup = SandboxState(rawValue: "Setup")
    /// Its setup is done and it can be used.
    package static let ready = SandboxState(rawValue: "Ready")
    /// Its setup has failed; the sandbox lives on and holds its resources until it is stopped.
    package static let error = SandboxState(rawValue: "Error")
    /// It is being ended.
    package static let teardown = SandboxState(rawValue: "Teardown")
    /// It is over.
    package static let ended = SandboxState(rawValue: "Ended")

    /// Whether the sandbox can be used.
    public var isReady: Bool { self == .ready }
    /// Whether the setup has failed; such a sandbox still runs and must be stopped.
    public var isFailed: Bool { self == .error }
    /// Whether the sandbox is being ended.
    public var isEnding: Bool { self == .teardown }
    /// Whether the sandbox is over.
    public var isEnded: Bool { self == .ended }
    /// Whether the setup has yet to begin or to end.
    public var isBeforeReady: Bool {
        self == .pending || self == .beforeSetup || self == .pendingSetup || self == .setup
    }
    /// Whether this library knows the state.
    package var isKnown: Bool { isBeforeReady || isReady || isFailed || isEnding || isEnded }
}

/// How far the setup of a sandbox has come; after a failed setup it names the stage that failed.
package struct SetupStage: CaseInsensitiveName {
    /// The stage as the lab spelled it.
    package let rawValue: String

    /// Wraps a stage as the lab spells it.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// What comes before all else.
    package static let preparation = SetupStage(rawValue: "Preparation")
    /// Apps are deployed and resources prepared.
    package static let provisioning = SetupStage(rawValue: "Provisioning")
    /// Components are connected to each other.
    package static let connectivity = SetupStage(rawValue: "Connectivity")
    /// Apps are configured.
    package static let configuration = SetupStage(rawValue: "Configuration")
    /// The setup is over.
    package static let ended = SetupStage(rawValue: "Ended")
    /// The setup has not begun, or there is none.
    package static let none = SetupStage(rawValue: "None")
}
