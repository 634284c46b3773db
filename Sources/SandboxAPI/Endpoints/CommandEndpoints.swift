extension SandboxClient {
    /// Lists the commands of a sandbox (`GET /sandboxes/{id}/commands`).
    ///
    /// - Throws: ``SandboxAPIError``.
    public func commands(sandboxID: String) async throws -> [Command] {
        try await calls.run(
            .get(.commands, ["sandboxes", sandboxID, "commands"], about: "sandbox \(sandboxID)"),
            read: Reply.list
        )
    }

    /// Reads a command of a sandbox (`GET /sandboxes/{id}/commands/{name}`).
    ///
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/malformedReply``, too, where something before the
    ///   lab has made another path of a name that needs escapes, and thus asked for another command.
    package func command(sandboxID: String, name: String) async throws -> Command {
        try await calls.run(
            .get(
                .command,
                ["sandboxes", sandboxID, "commands", name],
                about: "command “\(name)” of sandbox \(sandboxID)"
            )
        ) { try Reply.object($0, asked: name) { [$0.name] } }
    }

    /// Starts a command of a sandbox (`POST /sandboxes/{id}/commands/{name}/start`) and returns before it ends.
    ///
    /// Never repeated by this client once the lab may have seen it: where the error's
    /// ``SandboxAPIError/mayHaveBeenProcessed`` is true, the command's executions may show whether it was.
    ///
    /// - Parameters:
    ///   - sandboxID: The sandbox's id.
    ///   - name: The internal name.
    ///   - request: The values for its parameters.
    /// - Returns: The execution's id, for ``execution(id:)``, and whether it can be cancelled.
    /// - Throws: ``SandboxAPIError``.
    public func startCommand(
        sandboxID: String,
        name: String,
        _ request: StartCommandRequest = .init()
    ) async throws -> StartedExecution {
        try await calls.run(
            .start(
                .startCommand,
                ["sandboxes", sandboxID, "commands", name, "start"],
                body: request,
                about: "command “\(name)” of sandbox \(sandboxID)",
                hiding: request.params.secrets
            ),
            read: Reply.object
        )
    }

    /// Lists the commands of a component (`GET /sandboxes/{id}/components/{cid}/commands`).
    ///
    /// - Throws: ``SandboxAPIError``.
    public func commands(sandboxID: String, componentID: String) async throws -> [Command] {
        try await calls.run(
            .get(
                .componentCommands,
                ["sandboxes", sandboxID, "components", componentID, "commands"],
                about: "component \(componentID) of sandbox \(sandboxID)"
            ),
            read: Reply.list
        )
    }

    /// Reads a command of a component (`GET /sandboxes/{id}/components/{cid}/commands/{name}`).
    package func command(sandboxID: String, componentID: String, name: String) async throws -> Command {
        try await calls.run(
            .get(
                .componentCommand,
                ["sandboxes", sandboxID, "components", componentID, "commands", name],
                about: "command “\(name)” of component \(componentID) of sandbox \(sandboxID)"
            )
        ) { try Reply.object($0, asked: name) { [$0.name] } }
    }

    /// Starts a command of a component (`POST /sandboxes/{id}/components/{cid}/commands/{name}/start`); see
    /// ``startCommand(sandboxID:name:_:)``.
    ///
    /// - Throws: ``SandboxAPIError``.
    public func startCommand(
        sandboxID: String,
        componentID: String,
        name: String,
        _ request: StartCommandRequest = .init()
    ) async throws -> StartedExecution {
        try await startCommand(
            sandboxID: sandboxID,
            componentID: componentID,
            name: name,
            request,
            connected: nil
        )
    }

    /// Starts a command of a component, or one that its connections bring.
    ///
    /// `connected` says, for a connected command, which one and through which ports.
    ///
    /// - Throws: ``SandboxAPIError``.
    package func startCommand(
        sandboxID: String,
        componentID: String,
        name: String,
        _ request: StartCommandRequest = .init(),
        connected: ConnectedCommand?
    ) async throws -> StartedExecution {
        try await calls.run(
            .start(
                .startComponentCommand,
                ["sandboxes", sandboxID, "components", componentID, "commands", name, "start"],
                body: ComponentCommandBody(request: request, connected: connected),
                about: "command “\(name)” of component \(componentID) of sandbox \(sandboxID)",
                hiding: request.params.secrets
            ),
            read: Reply.object
        )
    }

    /// Reads an execution (`GET /executions/{eid}`).
    ///
    /// - Throws: ``SandboxAPIError``.
    public func execution(id: String) async throws -> Execution {
        try await calls.run(.get(.execution, ["executions", id], about: "execution \(id)"), read: Reply.object)
    }

    /// Asks for the cancellation of an execution (`DELETE /executions/{eid}`), and returns before it has ended.
    ///
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/rejected`` where the lab's result isn't
    ///   success; what a lab answers for a command that can't be cancelled isn't documented.
    public func stopExecution(id: String) async throws {
        try await calls.run(.delete(.stopExecution, ["executions", id], about: "execution \(id)"), read: Reply.result)
    }
}

private struct ComponentCommandBody: Encodable {
    var request: StartCommandRequest
    var connected: ConnectedCommand?

    private enum CodingKeys: String, CodingKey {
        case params, printOutput
        case tag = "command_tag"
        case ports = "connected_ports_full_path"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(request.params, forKey: .params)
        try container.encode(request.printOutput, forKey: .printOutput)
        if let connected {
            try container.encode(connected.tag, forKey: .tag)
            try container.encode(connected.ports, forKey: .ports)
        }
    }
}
