extension SandboxClient {
    /// Lists the public blueprints of the domain (`GET /blueprints`), without their inputs.
    ///
    /// - Throws: ``SandboxAPIError``.
    public func blueprints() async throws -> [Blueprint] {
        try await calls.run(.get(.blueprints, ["blueprints"]), read: Reply.list)
    }

    /// Reads a public blueprint (`GET /blueprints/{identifier}`).
    ///
    /// - Parameter nameOrID: Any name is fine; a blueprint that isn't public is ``SandboxAPIError/Code/notFound``.
    /// - Returns: The blueprint with its inputs.
    /// - Throws: ``SandboxAPIError``.
    public func blueprint(_ nameOrID: String) async throws -> Blueprint {
        try await calls.run(
            .get(.blueprint, ["blueprints", nameOrID], about: "blueprint “\(nameOrID)”")
        ) { try Reply.object($0, asked: nameOrID) { [$0.name, $0.id] } }
    }

    /// Starts a sandbox (`POST /blueprints/{identifier}/start`) and returns before its setup ends.
    ///
    /// Never repeated by this client once the lab may have seen it: where the error's
    /// ``SandboxAPIError/mayHaveBeenProcessed`` is true, look for the sandbox by its name before starting another.
    ///
    /// - Parameters:
    ///   - blueprint: The blueprint's name or id.
    ///   - request: What the sandbox shall be like.
    /// - Returns: The sandbox as the reply tells it.
    /// - Throws: ``SandboxAPIError``.
    public func startSandbox(blueprint: String, _ request: StartSandboxRequest) async throws -> Sandbox {
        try await calls.run(
            .start(
                .startSandbox,
                ["blueprints", blueprint, "start"],
                body: request,
                about: "blueprint “\(blueprint)”",
                hiding: request.params.secrets
            ),
            read: Reply.object
        )
    }

    /// Starts a persistent sandbox (`POST /blueprints/{identifier}/start-persistent`); see
    /// ``startSandbox(blueprint:_:)``.
    package func startPersistentSandbox(
        blueprint: String,
        _ request: StartPersistentSandboxRequest
    ) async throws -> Sandbox {
        try await calls.run(
            .start(
                .startPersistentSandbox,
                ["blueprints", blueprint, "start-persistent"],
                body: request,
                about: "blueprint “\(blueprint)”",
                hiding: request.params.secrets
            ),
            read: Reply.object
        )
    }
}
