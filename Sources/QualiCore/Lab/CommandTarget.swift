import SandboxAPI

/// What a command runs on: the sandbox itself or one of its components.
package struct CommandTarget: Codable, Sendable, Hashable {
    /// The word that names the sandbox itself.
    package static let sandboxKeyword = "SANDBOX"

    let sandboxID: String
    let componentID: String?
    /// How people call it.
    let name: String

    func commands(_ client: SandboxClient) async throws -> [Command] {
        guard let componentID else { return try await client.commands(sandboxID: sandboxID) }
        return try await client.commands(sandboxID: sandboxID, componentID: componentID)
    }

    func command(_ name: String, _ client: SandboxClient) async throws -> Command {
        guard let componentID else { return try await client.command(sandboxID: sandboxID, name: name) }
        return try await client.command(sandboxID: sandboxID, componentID: componentID, name: name)
    }

    /// Starts a command.
    ///
    /// `tag` is the tag of a connected command, without which the lab doesn't take it.
    func start(
        _ name: String,
        _ request: StartCommandRequest,
        tag: String?,
        _ client: SandboxClient
    ) async throws -> StartedExecution {
        guard let componentID else {
            return try await client.startCommand(sandboxID: sandboxID, name: name, request)
        }
        return try await client.startCommand(
            sandboxID: sandboxID,
            componentID: componentID,
            name: name,
            request,
            connected: tag.map { ConnectedCommand(tag: $0) }
        )
    }
}
