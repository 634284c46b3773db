/// A name of CodePipeline's; any text survives.
public protocol CodePipelineName: RawRepresentable<String>, Sendable, Hashable, Codable, CustomStringConvertible {}

extension CodePipelineName {
    /// The name on the wire.
    public var description: String { rawValue }
}

extension CodePipeline {
    /// The kind of an action, such as `Deploy`; any text survives.
    public struct ActionCategory: CodePipelineName {
        /// The name on the wire.
        public let rawValue: String
        /// Creates a category.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `Source`.
        public static let source = Self(rawValue: "Source")
        /// `Build`.
        public static let build = Self(rawValue: "Build")
        /// `Deploy`.
        public static let deploy = Self(rawValue: "Deploy")
        /// `Test`.
        public static let test = Self(rawValue: "Test")
        /// `Invoke`.
        public static let invoke = Self(rawValue: "Invoke")
        /// `Approval`.
        public static let approval = Self(rawValue: "Approval")
        /// `Compute`.
        public static let compute = Self(rawValue: "Compute")
    }

    /// Who provides an action type; any text survives.
    public struct ActionOwner: CodePipelineName {
        /// The name on the wire.
        public let rawValue: String
        /// Creates an owner.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `AWS`.
        public static let aws = Self(rawValue: "AWS")
        /// `ThirdParty`.
        public static let thirdParty = Self(rawValue: "ThirdParty")
        /// `Custom`: every type that is made by `CreateCustomActionType`.
        public static let custom = Self(rawValue: "Custom")
    }

    /// The state of a job; any text survives.
    public struct JobStatus: CodePipelineName {
        /// The name on the wire.
        public let rawValue: String
        /// Creates a state.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `Created`.
        public static let created = Self(rawValue: "Created")
        /// `Queued`.
        public static let queued = Self(rawValue: "Queued")
        /// `Dispatched`: handed out, not acknowledged.
        public static let dispatched = Self(rawValue: "Dispatched")
        /// `InProgress`: acknowledged.
        public static let inProgress = Self(rawValue: "InProgress")
        /// `TimedOut`.
        public static let timedOut = Self(rawValue: "TimedOut")
        /// `Succeeded`.
        public static let succeeded = Self(rawValue: "Succeeded")
        /// `Failed`.
        public static let failed = Self(rawValue: "Failed")
    }

    /// How far an action of a pipeline's execution has come; any text survives.
    public struct ActionExecutionStatus: CodePipelineName {
        /// The name on the wire.
        public let rawValue: String
        /// Creates a state.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `InProgress`.
        public static let inProgress = Self(rawValue: "InProgress")
        /// `Abandoned`: its pipeline was stopped without waiting for it.
        public static let abandoned = Self(rawValue: "Abandoned")
        /// `Succeeded`.
        public static let succeeded = Self(rawValue: "Succeeded")
        /// `Failed`.
        public static let failed = Self(rawValue: "Failed")
    }

    /// How far a pipeline's execution has come; any text survives.
    package struct PipelineExecutionStatus: CodePipelineName {
        /// The name on the wire.
        package let rawValue: String
        /// Creates a state.
        package init(rawValue: String) { self.rawValue = rawValue }

        /// `InProgress`.
        public static let inProgress = Self(rawValue: "InProgress")
        /// `Stopping`: it is to stop, and waits for its actions.
        public static let stopping = Self(rawValue: "Stopping")
        /// `Stopped`.
        public static let stopped = Self(rawValue: "Stopped")
        /// `Succeeded`.
        public static let succeeded = Self(rawValue: "Succeeded")
        /// `Superseded`: a newer one overtook it between two stages.
        public static let superseded = Self(rawValue: "Superseded")
        /// `Failed`; a retry of its stage lets it go on.
        public static let failed = Self(rawValue: "Failed")
        /// `Cancelled`: the pipeline's structure was changed meanwhile.
        public static let cancelled = Self(rawValue: "Cancelled")

        /// Whether it is over; a state that this library doesn't know isn't.
        package var isOver: Bool {
            [.stopped, .succeeded, .superseded, .failed, .cancelled].contains(self)
        }
    }

    /// The kind of a failure, which the console shows; any text survives.
    public struct FailureType: CodePipelineName {
        /// The name on the wire.
        public let rawValue: String
        /// Creates a kind of failure.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `JobFailed`: the work itself.
        public static let jobFailed = Self(rawValue: "JobFailed")
        /// `ConfigurationError`: the action's properties.
        public static let configurationError = Self(rawValue: "ConfigurationError")
        /// `PermissionError`: the worker isn't allowed to.
        public static let permissionError = Self(rawValue: "PermissionError")
        /// `RevisionOutOfSync`.
        public static let revisionOutOfSync = Self(rawValue: "RevisionOutOfSync")
        /// `RevisionUnavailable`: an input artifact.
        public static let revisionUnavailable = Self(rawValue: "RevisionUnavailable")
        /// `SystemUnavailable`: what the worker depends on is down.
        public static let systemUnavailable = Self(rawValue: "SystemUnavailable")
    }

    /// The type of a configuration property's value; any text survives.
    package struct PropertyType: CodePipelineName {
        /// The name on the wire.
        package let rawValue: String
        /// Creates a type.
        package init(rawValue: String) { self.rawValue = rawValue }

        /// `String`.
        public static let string = Self(rawValue: "String")
        /// `Number`; the value travels as text.
        public static let number = Self(rawValue: "Number")
        /// `Boolean`; the value travels as text.
        public static let boolean = Self(rawValue: "Boolean")
    }
}
