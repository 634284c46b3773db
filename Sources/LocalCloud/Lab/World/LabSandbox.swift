public import Foundation

/// A sandbox of the lab, as it is at one moment.
public struct LabSandbox: Sendable, Identifiable {
    /// A component of the sandbox.
    package struct Component: Sendable, Identifiable {
        /// The id.
        package let id: String
        /// What it was made from.
        package let template: LabComponent
        /// The name, with a suffix once an App is deployed.
        package internal(set) var name: String
        /// The address; empty while an App isn't deployed.
        package internal(set) var address: String
        /// Whether it's deployed; always so for anything but an App.
        package internal(set) var isDeployed: Bool
    }

    /// An event of the activity feed.
    package struct Event: Sendable, Identifiable {
        /// The id; later events have greater ones.
        package let id: Int
        /// The id where the lab gives events GUIDs.
        package let guid: String
        /// Whether its type is `error`.
        package let isError: Bool
        /// What happened.
        package let text: String
        /// What came with it.
        package let output: String?
        /// When.
        package let time: Date
        /// How many reads of the feed still miss it.
        var hiddenReads: Int
    }

    /// A line of the output console.
    package struct Line: Sendable, Identifiable {
        /// The id.
        package let id: String
        /// The text; it may hold HTML.
        package let text: String
        /// When it was written.
        package let time: Date
    }

    /// The id.
    public let id: String
    /// The name; several sandboxes may have the same.
    public let name: String
    /// The blueprint as it was at the start.
    package let blueprint: LabBlueprint
    /// Who started it.
    package let owner: String
    /// The domain.
    package let domain: String
    /// The values of its inputs.
    package let inputs: [(name: String, value: String)]
    /// Who may handle it, the owner among them.
    package let permittedUsers: [String]
    /// When it begins, or has begun.
    public let startTime: Date
    /// When it ends by itself; `nil` for a persistent one.
    package internal(set) var endTime: Date?
    /// The state.
    package internal(set) var state: LabState
    /// When it came into that state.
    package internal(set) var stateSince: Date
    /// The stage of setup.
    package internal(set) var stage: LabStage
    /// The components.
    package internal(set) var components: [Component]
    /// The activity feed.
    package internal(set) var events: [Event] = []
    /// The output console.
    package internal(set) var lines: [Line] = []
    /// How many times it was asked to stop, in vain or not.
    package internal(set) var stopRequests = 0
    /// Whether a stop was accepted.
    package internal(set) var wasStopped = false
    /// Whether somebody still has to approve of its start.
    package internal(set) var awaitsApproval = false
    /// Whether it is over, in whatever state.
    package internal(set) var isOver = false

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
    /// When a list had it first.
    package internal(set) var firstListed: Date?

    /// Whether it still holds resources or will.
    public var isLive: Bool { !isOver }

    /// Whether it's neither over nor on its way there.
    package var isUnstopped: Bool { !isOver && state != .teardown }
}

/// An execution of a command.
package struct LabExecution: Sendable, Identifiable {
    /// The id.
    package let id: String
    /// The sandbox.
    package let sandboxID: String
    /// The component; `nil` for a command of the sandbox.
    package let componentID: String?
    /// The component's name when the command was started.
    package let componentName: String?
    /// The command.
    package let command: LabCommand
    /// The arguments as they were sent, in order.
    package let arguments: [(name: String, value: String)]
    /// Whether the request asked for output in the console; `nil` where it didn't say.
    package let printOutput: Bool?
    /// The request's whole body.
    package let body: Data
    /// Who started it.
    package let user: String
    /// When it was asked for.
    package let requested: Date
    /// When it began to run.
    package internal(set) var started: Date?
    /// When it was over.
    package internal(set) var ended: Date?
    /// The status.
    package internal(set) var status: LabExecutionStatus
    /// The output, once there is one.
    package internal(set) var output: String?
    /// When somebody cancelled it.
    package internal(set) var cancelRequested: Date?
    /// A status of the command's own spelling.
    var ownStatus: String?

    /// The arguments by name.
    package var parameters: [String: String] {
        Dictionary(arguments.map { ($0.name, $0.value) }) { _, last in last }
    }
}
