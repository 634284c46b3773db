extension SandboxClient {
    /// Reads a page of a sandbox's activity feed (`GET /sandboxes/{id}/activity`).
    ///
    /// The feed lags a little behind the sandbox's state.
    public func activity(sandboxID: String, _ query: ActivityQuery = .init()) async throws -> ActivityPage {
        var fields: [(name: String, value: String)] = []
        if query.errorsOnly { fields.append(("error_only", "true")) }
        if let since = query.since { fields.append(("since", since)) }
        if let tail = query.tail { fields.append(("tail", String(tail))) }
        if let id = query.fromEventID { fields.append(("from_event_id", id)) }
        return try await calls.run(
            .get("activity", ["sandboxes", sandboxID, "activity"], query: fields, about: "sandbox \(sandboxID)"),
            read: Reply.object
        )
    }

    /// Reads all pages of a sandbox's activity feed, from the query's first event on.
    public func allActivity(sandboxID: String, _ query: ActivityQuery = .init()) async throws -> [ActivityEvent] {
        var query = query
        var pages = Pages<ActivityEvent>(id: \.id)
        repeat {
            let page = try await activity(sandboxID: sandboxID, query)
            pages.add(page.events, next: page.hasMorePages ? page.nextEventID : nil)
            query.fromEventID = pages.next
            // The page after the last events begins where they ended.
            query.tail = nil
        } while pages.next != nil
        return pages.elements
    }

    /// Reads the errors of a sandbox's activity feed, from all its pages.
    ///
    /// - Parameter afterEventID: The last event that is known already, of whatever type; itself not returned, though
    ///   the API counts it in.
    public func errorEvents(sandboxID: String, afterEventID: String? = nil) async throws -> [ActivityEvent] {
        let query = ActivityQuery(errorsOnly: true, fromEventID: afterEventID)
        let known = afterEventID.flatMap { Int($0) }
        return try await allActivity(sandboxID: sandboxID, query).filter { event in
            // Some labs may pass over `error_only`, or begin too early.
            guard event.isError, event.id != afterEventID else { return false }
            guard let known, let id = Int(event.id) else { return true }
            return id > known
        }
    }

    /// Reads a page of a sandbox's output console (`GET /sandboxes/{id}/output`); the sandbox must be active.
    public func output(sandboxID: String, _ query: OutputQuery = .init()) async throws -> OutputPage {
        var fields: [(name: String, value: String)] = []
        if let tail = query.tail { fields.append(("tail", String(tail))) }
        if let id = query.fromEntryID { fields.append(("from_entry_id", id)) }
        if let since = query.since { fields.append(("since", since)) }
        return try await calls.run(
            .get("output", ["sandboxes", sandboxID, "output"], query: fields, about: "sandbox \(sandboxID)"),
            read: Reply.object
        )
    }

    /// Reads all pages of a sandbox's output console, from the query's first entry on.
    public func allOutput(sandboxID: String, _ query: OutputQuery = .init()) async throws -> [OutputEntry] {
        var query = query
        var pages = Pages<OutputEntry>(id: \.id)
        repeat {
            let page = try await output(sandboxID: sandboxID, query)
            pages.add(page.entries, next: page.hasMorePages ? page.nextEntryID : nil)
            query.fromEntryID = pages.next
            query.tail = nil
        } while pages.next != nil
        return pages.elements
    }
}

/// Joins pages whose borders may overlap, and ends also where the lab never says that it's over.
private struct Pages<Element> {
    private(set) var elements: [Element] = []
    private(set) var next: String?
    private let id: (Element) -> String
    private var seen: Set<String> = []
    private var visited: Set<String> = []

    init(id: @escaping (Element) -> String) {
        self.id = id
    }

    mutating func add(_ page: [Element], next: String?) {
        for element in page where id(element).isEmpty || seen.insert(id(element)).inserted {
            elements.append(element)
        }
        // A place that has been visited would go on for ever; an empty page leads nowhere.
        self.next = next.flatMap { !page.isEmpty && visited.insert($0).inserted ? $0 : nil }
    }
}
