import FoundationEssentials

extension SandboxClient {
    /// Reads a page of a sandbox's activity feed (`GET /sandboxes/{id}/activity`).
    ///
    /// The feed lags a little behind the sandbox's state.
    package func activity(sandboxID: String, _ query: ActivityQuery = .init()) async throws -> ActivityPage {
        try await activityPage(sandboxID, query).page
    }

    private func activityPage(_ sandboxID: String, _ query: ActivityQuery) async throws -> Sized<ActivityPage> {
        var fields: [(name: String, value: String)] = []
        if query.errorsOnly { fields.append(("error_only", "true")) }
        if let since = query.since { fields.append(("since", since)) }
        if let tail = query.tail { fields.append(("tail", String(tail))) }
        if let id = query.fromEventID { fields.append(("from_event_id", id)) }
        return try await calls.run(
            .get(.activity, ["sandboxes", sandboxID, "activity"], query: fields, about: "sandbox \(sandboxID)"),
            read: Sized.init
        )
    }

    /// Reads all pages of a sandbox's activity feed, from the query's first event on.
    ///
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/malformedReply`` where the feed has more than a
    ///   thousand pages or 64 MiB, too.
    package func allActivity(sandboxID: String, _ query: ActivityQuery = .init()) async throws -> [ActivityEvent] {
        try await allActivity(sandboxID, query) { _ in true }
    }

    private func allActivity(
        _ sandboxID: String,
        _ query: ActivityQuery,
        where isWanted: (ActivityEvent) -> Bool
    ) async throws -> [ActivityEvent] {
        var query = query
        var pages = Pages<ActivityEvent>("activity", sandboxID, id: \.id)
        repeat {
            let (page, size) = try await activityPage(sandboxID, query).parts
            try pages.add(page.events, size: size, next: page.hasMorePages ? page.nextEventID : nil, where: isWanted)
            query.fromEventID = pages.next
            // The page after the last events begins where they ended.
            query.tail = nil
        } while pages.next != nil
        return pages.elements
    }

    /// Reads the errors of a sandbox's activity feed, from all its pages.
    ///
    /// - Parameters:
    ///   - sandboxID: The sandbox's id.
    ///   - afterEventID: The last event that is known already, of whatever type; itself not returned, though the API
    ///     counts it in.
    /// - Returns: The errors after `afterEventID`; all where that is `nil`.
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/malformedReply`` where the feed has more than a
    ///   thousand pages or 64 MiB, too.
    public func errorEvents(sandboxID: String, afterEventID: String? = nil) async throws -> [ActivityEvent] {
        let query = ActivityQuery(errorsOnly: true, fromEventID: afterEventID)
        let known = afterEventID.flatMap { Int($0) }
        return try await allActivity(sandboxID, query) { event in
            // Some labs may pass over `error_only`, or begin too early.
            guard event.isError, event.id != afterEventID else { return false }
            guard let known, let id = Int(event.id) else { return true }
            return id > known
        }
    }

    /// Reads a page of a sandbox's output console (`GET /sandboxes/{id}/output`); the sandbox must be active.
    package func output(sandboxID: String, _ query: OutputQuery = .init()) async throws -> OutputPage {
        try await outputPage(sandboxID, query).page
    }

    private func outputPage(_ sandboxID: String, _ query: OutputQuery) async throws -> Sized<OutputPage> {
        var fields: [(name: String, value: String)] = []
        if let tail = query.tail { fields.append(("tail", String(tail))) }
        if let id = query.fromEntryID { fields.append(("from_entry_id", id)) }
        if let since = query.since { fields.append(("since", since)) }
        return try await calls.run(
            .get(.output, ["sandboxes", sandboxID, "output"], query: fields, about: "sandbox \(sandboxID)"),
            read: Sized.init
        )
    }

    /// Reads all pages of a sandbox's output console, from the query's first entry on.
    ///
    /// - Throws: As ``allActivity(sandboxID:_:)`` does.
    package func allOutput(sandboxID: String, _ query: OutputQuery = .init()) async throws -> [OutputEntry] {
        var query = query
        var pages = Pages<OutputEntry>("output", sandboxID, id: \.id)
        repeat {
            let (page, size) = try await outputPage(sandboxID, query).parts
            try pages.add(page.entries, size: size, next: page.hasMorePages ? page.nextEntryID : nil)
            query.fromEntryID = pages.next
            query.tail = nil
        } while pages.next != nil
        return pages.elements
    }
}

/// A page, and the size of the reply that it came in.
private struct Sized<Page: Decodable & Sendable>: Sendable {
    let page: Page
    let size: Int

    init(_ data: Data) throws {
        page = try Reply.object(data)
        size = data.count
    }

    var parts: (Page, Int) { (page, size) }
}

/// Joins pages whose borders may overlap, and ends also where the lab never says that it's over.
private struct Pages<Element> {
    private static var mostPages: Int { 1_000 }
    private static var mostBytes: Int { 64 << 20 }

    private(set) var elements: [Element] = []
    private(set) var next: String?
    private let operation: String
    private let sandboxID: String
    private let id: (Element) -> String
    private var seen: Set<String> = []
    private var visited: Set<String> = []
    private var count = 0
    private var bytes = 0

    init(_ operation: String, _ sandboxID: String, id: @escaping (Element) -> String) {
        self.operation = operation
        self.sandboxID = sandboxID
        self.id = id
    }

    mutating func add(
        _ page: [Element],
        size: Int,
        next: String?,
        where isWanted: (Element) -> Bool = { _ in true }
    ) throws {
        for element in page where isWanted(element) && (id(element).isEmpty || seen.insert(id(element)).inserted) {
            elements.append(element)
        }
        // A place that has been visited would go on for ever; an empty page leads nowhere.
        self.next = next.flatMap { !page.isEmpty && visited.insert($0).inserted ? $0 : nil }
        count += 1
        bytes += size
        guard self.next == nil || count < Self.mostPages && bytes < Self.mostBytes else {
            throw SandboxAPIError(
                .malformedReply,
                "There is no end to it: after \(count) pages of \(bytes) bytes in all the lab says that there are more.",
                operation: operation,
                subject: "sandbox \(sandboxID)"
            )
        }
    }
}
