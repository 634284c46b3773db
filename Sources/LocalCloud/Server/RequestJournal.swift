public import Foundation

/// What the stand-ins were asked, in order of arrival.
public final class RequestJournal: Sendable {
    /// One request.
    public struct Entry: Sendable {
        /// Its place in the journal, from 1.
        public var number: Int
        /// The service's name.
        public var service: String
        /// The operation's name.
        public var operation: String
        /// The method.
        package var method: String
        /// The path, as the client sent it.
        package var path: String
        /// The query, as the client sent it.
        package var query: String
        /// What the service reads in the request: ids and names.
        public var facts: [String: String]
        /// The whole request; a body over 64 KiB is left out.
        package var request: LocalRequest
        /// When the request was complete.
        public var arrived: Date
        /// The status that the service gave, or that a fault put in its place; `nil` where there's none (yet).
        package var status: Int?
        /// The fault that hit the request.
        package var fault: String?
        /// When it was answered, or its connection given up; `nil` while it's under way or hangs.
        public var finished: Date?
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var count = 0
        /// How many calls of each operation are finished.
        var finished: [String: Int] = [:]
        /// The entry that changed last.
        var latest: Entry?

        /// The place of the entry with a number, which is out of bounds where there's none.
        func place(of number: Int) -> Int { number - (entries.first?.number ?? .max) }

        func entries(after number: Int) -> ArraySlice<Entry> { entries.dropFirst(max(0, place(of: number + 1))) }
    }

    private let watched = Watched(State())
    private let capacity: Int

    /// Creates a journal.
    ///
    /// - Parameter capacity: How many entries to keep; older ones are dropped.
    package init(capacity: Int = 10_000) {
        self.capacity = max(2, capacity)
    }

    /// All entries, finished or not.
    public var entries: [Entry] { watched.read(\.entries) }

    /// The names of all operations called, in order.
    package var operations: [String] { watched.read { $0.entries.map(\.operation) } }

    /// How many requests have come so far, the dropped ones included.
    public var count: Int { watched.read(\.count) }

    /// How many calls of an operation are finished so far; one that was dropped before isn't counted.
    package func finished(_ operation: String) -> Int { watched.read { $0.finished[operation] ?? 0 } }

    /// The entries that meet a condition.
    public func entries(where condition: (Entry) -> Bool) -> [Entry] { entries.filter(condition) }

    /// Waits for a finished request that meets a condition; one that has already been finished will do.
    ///
    /// - Parameters:
    ///   - number: Only requests after the one with this number count.
    ///   - condition: What to look for.
    /// - Returns: The earliest that has been finished, else the next one that is.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func first(
        after number: Int = 0,
        where condition: @escaping @Sendable (Entry) -> Bool
    ) async throws -> Entry {
        let matches: @Sendable (Entry) -> Bool = { $0.finished != nil && $0.number > number && condition($0) }
        return try await watched.wait(
            for: { $0.entries(after: number).first(where: matches) },
            later: { $0.latest.flatMap { matches($0) ? $0 : nil } }
        )
    }

    /// Waits for a finished call of an operation.
    ///
    /// - Parameters:
    ///   - operation: The operation's name.
    ///   - number: Only requests after the one with this number count.
    /// - Returns: The call that ``first(after:where:)`` finds.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func first(_ operation: String, after number: Int = 0) async throws -> Entry {
        try await first(after: number) { $0.operation == operation }
    }

    /// Waits until so many calls of an operation are finished, all since the start counted.
    ///
    /// It costs the same however many there are.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func finished(_ operation: String, times count: Int) async throws {
        try await watched.wait(for: { ($0.finished[operation] ?? 0) >= count ? () : nil })
    }

    /// Waits for a request that meets a condition and has not come yet when this is called.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func next(where condition: @escaping @Sendable (Entry) -> Bool) async throws -> Entry {
        try await first(after: count, where: condition)
    }

    /// Waits for a request that meets a condition to arrive; it may still be under way, or hang.
    ///
    /// Only requests after the one with the number `number` count.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func arrival(
        after number: Int = 0,
        where condition: @escaping @Sendable (Entry) -> Bool
    ) async throws -> Entry {
        let matches: @Sendable (Entry) -> Bool = { $0.number > number && condition($0) }
        return try await watched.wait(
            for: { $0.entries(after: number).first(where: matches) },
            later: { $0.latest.flatMap { matches($0) ? $0 : nil } }
        )
    }

    /// Forgets all entries; the numbers go on.
    package func removeAll() {
        watched.change { $0.entries.removeAll() }
    }

    func begin(_ request: LocalRequest, service: String, operation: String, facts: [String: String], fault: String?)
        -> Int
    {
        var kept = request
        if kept.body.count > 65_536 { kept.body = Data() }
        let arrived = Date()
        return watched.change { [kept] state in
            state.count += 1
            let entry = Entry(
                number: state.count,
                service: service,
                operation: operation,
                method: request.method,
                path: request.path,
                query: request.query,
                facts: facts,
                request: kept,
                arrived: arrived,
                status: nil,
                fault: fault,
                finished: nil
            )
            state.entries.append(entry)
            if state.entries.count > capacity { state.entries.removeFirst(capacity / 2) }
            state.latest = entry
            return entry.number
        }
    }

    func finish(_ number: Int, status: Int?) {
        watched.change { state in
            let place = state.place(of: number)
            guard state.entries.indices.contains(place) else { return }
            state.entries[place].status = status
            state.entries[place].finished = Date()
            state.finished[state.entries[place].operation, default: 0] += 1
            state.latest = state.entries[place]
        }
    }
}
