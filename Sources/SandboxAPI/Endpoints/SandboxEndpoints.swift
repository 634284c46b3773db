import HTTPTransport

extension SandboxClient {
    /// Lists the sandboxes that run or are to run (`GET /sandboxes`).
    ///
    /// - Parameter includingHistoric: Whether to list ended ones too.
    /// - Returns: What the list says of each.
    /// - Throws: ``SandboxAPIError``.
    public func sandboxes(includingHistoric: Bool = false) async throws -> [SandboxSummary] {
        guard !includingHistoric else { return try await historicSandboxes { _ in true } }
        return try await calls.run(.get(.sandboxes, ["sandboxes"]), read: Reply.sandboxes)
    }

    /// Looks through the list of all sandboxes, ended ones too, and keeps those that are wanted.
    ///
    /// The list is read while it comes, so that a long one needs no more memory than a short one. It may have 256 MiB, and
    /// may take ten times the time of other calls.
    ///
    /// `isWanted` is called on a thread of the transport, so it must be quick.
    ///
    /// - Throws: ``SandboxAPIError``.
    package func historicSandboxes(
        where isWanted: @escaping @Sendable (SandboxSummary) -> Bool
    ) async throws -> [SandboxSummary] {
        let search = SandboxSearch(where: isWanted)
        var call = APICall.get(.sandboxes, ["sandboxes"], query: [("show_historic", "true")])
        call.search = search
        call.replyLimit = SandboxSearch.longestHistory
        return try await calls.run(call) { _ in try search.found() }
    }

    /// Reads the same list, and keeps no more of it than the states of some sandboxes.
    ///
    /// `ids` are the sandboxes whose states are wanted; `tags` are ends of names, of one length, whose bearers are
    /// wanted.
    package func observation(of ids: Set<String>, bearing tags: Set<String> = []) async throws -> SandboxObservation {
        try await calls.run(.get(.sandboxes, ["sandboxes"])) { data in
            _ = try JSONSize.check(data)
            return try Reply.observation(data, of: ids, bearing: tags)
        }
    }

    /// Lists a user's active sandboxes (`GET /sandboxes/owners/{owner}`).
    ///
    /// - Throws: ``SandboxAPIError``.
    package func sandboxes(ownedBy owner: String) async throws -> [SandboxSummary] {
        try await calls.run(
            .get(.sandboxesOfOwner, ["sandboxes", "owners", owner], about: "user “\(owner)”"),
            read: Reply.sandboxes
        )
    }

    /// Reads a sandbox (`GET /sandboxes/{id}`).
    ///
    /// A lab may answer ``SandboxAPIError/Code/notFound`` once the sandbox has ended.
    ///
    /// - Throws: ``SandboxAPIError``.
    public func sandbox(id: String) async throws -> Sandbox {
        try await calls.run(.get(.sandbox, ["sandboxes", id], about: "sandbox \(id)")) {
            try Reply.object($0, asked: id) { [$0.id] }
        }
    }

    /// Asks for the end of a sandbox (`POST /sandboxes/{id}/stop`), and returns before its teardown has begun.
    ///
    /// The first reads after it may still say what the sandbox was before. Not repeated by this client; labs have
    /// been seen to refuse a first stop and take the second.
    ///
    /// - Throws: ``SandboxAPIError``, too, where the reply isn't the lab's word that it has begun; one with the code
    ///   ``SandboxAPIError/Code/malformedReply`` may be of somebody on the way who has passed nothing on.
    public func stopSandbox(id: String) async throws {
        try await calls.run(
            .post(.stopSandbox, ["sandboxes", id, "stop"], about: "sandbox \(id)"),
            read: Reply.result
        )
    }

    /// Moves the end of a sandbox (`POST /sandboxes/{id}/extend`).
    ///
    /// - Parameters:
    ///   - id: The sandbox's id.
    ///   - extra: How much longer it shall live; sent in whole minutes, rounded up.
    /// - Returns: The sandbox's new end.
    /// - Throws: ``SandboxAPIError``.
    public func extendSandbox(id: String, by extra: Duration) async throws -> SandboxExtension {
        try await calls.run(
            .post(
                .extendSandbox,
                ["sandboxes", id, "extend"],
                body: ["extended_time": ISO8601Duration.text(extra)],
                about: "sandbox \(id)"
            ),
            read: Reply.object
        )
    }

    /// Reads the instructions for a sandbox (`GET /sandboxes/{id}/instructions`), which may hold HTML.
    ///
    /// - Throws: ``SandboxAPIError``.
    public func instructions(sandboxID: String) async throws -> String {
        try await calls.run(
            .get(.instructions, ["sandboxes", sandboxID, "instructions"], about: "sandbox \(sandboxID)"),
            read: Reply.text
        )
    }

    /// Lists the components of a sandbox with all details (`GET /sandboxes/{id}/components`).
    ///
    /// Apps change their names while a sandbox is set up, so list them once it is ready.
    ///
    /// - Throws: ``SandboxAPIError``.
    public func components(sandboxID: String) async throws -> [Component] {
        try await parts(sandboxID: sandboxID)
    }

    /// Lists the names of the components of a sandbox, as ``components(sandboxID:)`` does, at a part of its cost.
    package func namedComponents(sandboxID: String) async throws -> [NamedComponent] {
        try await parts(sandboxID: sandboxID)
    }

    private func parts<Part: Decodable & Sendable>(sandboxID: String) async throws -> [Part] {
        try await calls.run(
            .get(.components, ["sandboxes", sandboxID, "components"], about: "sandbox \(sandboxID)"),
            read: Reply.list
        )
    }

    /// Reads a component (`GET /sandboxes/{id}/components/{cid}`).
    ///
    /// `id` is the component's id; its name won't do.
    package func component(sandboxID: String, id: String) async throws -> Component {
        try await calls.run(
            .get(
                .component,
                ["sandboxes", sandboxID, "components", id],
                about: "component \(id) of sandbox \(sandboxID)"
            ),
            read: Reply.object
        )
    }
}

/// What a look at the list of sandboxes has shown of some.
package struct SandboxObservation: Sendable {
    /// The states by id, without those that the list hasn't got.
    package var states: [String: SandboxState]
    /// The ids of those that run or are to run, by the wanted tag with which their names end.
    package var bearers: [String: Set<String>]
}
