package import HTTPTransport

/// The calls of the Sandbox API that this library makes.
package enum SandboxOperation: String, Sendable, CaseIterable {
    case login
    case token
    case deleteToken

    case blueprints
    case blueprint
    case startSandbox
    case startPersistentSandbox

    case sandboxes
    case sandboxesOfOwner
    case sandbox
    case stopSandbox
    case extendSandbox
    case instructions
    case components
    case component
    case activity
    case output

    case commands
    case command
    case startCommand
    case componentCommands
    case componentCommand
    case startComponentCommand
    case execution
    case stopExecution
}

/// A request that was sent to the lab, for those who watch.
package struct SandboxRequestReport: Sendable {
    /// What was called.
    package let operation: SandboxOperation
    /// The reply's status, or why no reply came.
    package let result: Result<Int, HTTPClientError>
    /// How long that took, from the moment when there was room for the call.
    package let duration: Duration
}
