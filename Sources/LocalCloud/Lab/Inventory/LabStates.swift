/// The states of a sandbox, by their documented names.
package enum LabState: String, Sendable, CaseIterable {
    /// Planned for later.
    case pending = "Pending"
    /// Begun, its setup not yet.
    case beforeSetup = "BeforeSetup"
    /// In setup.
    case setup = "Setup"
    /// Set up.
    case ready = "Ready"
    /// Its setup failed; it's alive all the same.
    case error = "Error"
    /// In teardown.
    case teardown = "Teardown"
    /// Over.
    case ended = "Ended"
}

/// The stages of setup.
public enum LabStage: String, Sendable, CaseIterable {
    /// No stage: setup has not begun.
    case none = "None"
    /// What comes before all else, in labs that tell it.
    case preparation = "Preparation"
    /// Apps are deployed.
    case provisioning = "Provisioning"
    /// Networks are connected.
    case connectivity = "Connectivity"
    /// Components are configured.
    case configuration = "Configuration"
    /// Setup is through.
    case ended = "Ended"

    /// The stages that setup walks through.
    static func walk(_ behavior: LabBehavior) -> [LabStage] {
        (behavior.hasPreparation ? [.preparation] : []) + [.provisioning, .connectivity, .configuration]
    }
}

/// The statuses of an execution, by the names that labs have been seen to use.
package enum LabExecutionStatus: String, Sendable, CaseIterable {
    /// Not begun.
    case pending = "Pending"
    /// Under way.
    case running = "Running"
    /// Asked to stop.
    case stopping = "Stopping"
    /// Over, as it should be.
    case completed = "Completed"
    /// Over, and failed.
    case failed = "Failed"
    /// Broken off by a request.
    case cancelled = "Cancelled"
    /// Broken off by the end of its sandbox.
    case stopped = "Stopped"

    /// Whether it stays so.
    package var isFinal: Bool {
        switch self {
        case .pending, .running, .stopping: false
        case .completed, .failed, .cancelled, .stopped: true
        }
    }
}
