public import Foundation

/// A sandbox of the lab, as it is at one moment.
public struct LabSandbox: Sendable, Identifiable {
    /// A component of the sandbox.
    public struct Component: Sendable, Identifiable {
        /// The id.
        public let id: String
        /// What it was made from.
        public let template: LabComponent
        /// The name, with a suffix once an App is deployed.
        public internal(set) var name: String
        /// The address; empty while an App isn't deployed.
        public internal(set) var address: String
        /// Whether it's deployed; always so for anything but an App.
        public internal(set) var isDeployed: Bool
    }

    /// An event of the activity feed.
    public struct Event: Sendable, Identifiable {
        /// The id; later events have greater ones.
        public let id: Int
        /// The id where the lab gives events GUIDs.
        public let guid: String
        /// Whether its type is `error`.
        public let isError: Bool
        /// What happened.
        public let text: String
        /// What came with it.
        public let output: String?
        /// When.
        public let time: Date
        /// How many reads of the feed still miss it.
        var hiddenReads: Int
    }

    /// A line of the output console.
    public struct Line: Sendable, Identifiable {
        /// The id.
        public let id: String
        /// The text; it may hold HTML.
        public let text: String
        /// When it was written.
        public let time: Date
    }

    /// The id.
    public let id: String
    /// The name; several sandboxes may have the same.
    public let name: String
    /// The blueprint as it was at the start.
    public let blueprint: LabBlueprint
    /// Who started it.
    public let owner: String
    /// The domain.
    public let domain: String
    /// The values of its inputs.
    public let inputs: [(name: String, value: String)]
    /// Who may handle it, the owner among them.
    public let permittedUsers: [String]
    /// When it begins, or has begun.
    public let startTime: Date
    /// When it ends by itself; `nil` for a persistent one.
    public internal(set) var endTime: Date?
    /// The state.
    public internal(set) var state: LabState
    /// When it came into that state.
    public internal(set) var stateSince: Date
    /// The stage of setup.
    public internal(set) var stage: LabStage
    /// The components.
    public internal(set) var components: [Component]
    /// The activity feed.
    public internal(set) var events: [Event] = []
    /// The output console.
    public internal(set) var lines: [Line] = []
    /// How many times it was asked to stop, in vain or not.
    public internal(set) var stopRequests = 0
    /// Whether a stop was accepted.
    public internal(set) var wasStopped = false
    /// Whether somebody still has to approve of its start.
    public internal(set) var awaitsApproval = false
    /// Whether it is over, in whatever state.
    public internal(set) var isOver = false

    /// The places of its executions among all, in the order of their requests.
    var executions: [Int] = []
    /// Those of them that aren't over, and some that just are.
    var unfinished: [Int] = []
    /// What lists said of it last, and in which state.
    var summary: (state: JSON, text: String)?
    /// What reads still tell, and how many of them.
    var stale: (state: LabState, reads: Int)?
    /// How many reads still get an empty body.
    var emptyReads: Int
    /// How many lists still miss it.
    var missingLists: Int

    /// Whether it still holds resources or will.
    public var isLive: Bool { !isOver }

    /// Whether it's neither over nor on its way there.
    public var isUnstopped: Bool { !isOver && state != .teardown }
}

/// An execution of a command.
public struct LabExecution: Sendable, Identifiable {
    /// The id.
    public let id: String
    /// The sandbox.
    public let sandboxID: String
    /// The component; `nil` for a command of the sandbox.
    public let componentID: String?
    /// The component's name when the command was started.
    public let componentName: String?
    /// The command.
    public let command: LabCommand
    /// The arguments as they were sent, in order.
    public let arguments: [(name: String, value: String)]
    /// Whether the request asked for output in the console; `nil` where it didn't say.
    public let printOutput: Bool?
    /// The request's whole body.
    public let body: Data
    /// Who started it.
    public let user: String
    /// When it was asked for.
    public let requested: Date
    /// When it began to run.
    public internal(set) var started: Date?
    /// When it was over.
    public internal(set) var ended: Date?
    /// The status.
    public internal(set) var status: LabExecutionStatus
    /// The output, once there is one.
    public internal(set) var output: String?
    /// When somebody cancelled it.
    public internal(set) var cancelRequested: Date?
    /// A status of the command's own spelling.
    var ownStatus: String?

    /// The arguments by name.
    public var parameters: [String: String] {
        Dictionary(arguments.map { ($0.name, $0.value) }) { _, last in last }
    }
}
