public import struct FoundationEssentials.Date

/// Which events of a sandbox's activity feed to read.
package struct ActivityQuery: Hashable, Sendable {
    /// Whether to read errors alone.
    package var errorsOnly: Bool
    /// Since when.
    ///
    /// The documentation calls it a duration (`PT23H`), clients send a point in time; ids are surer.
    package var since: String?
    /// How many of the last events to read.
    package var tail: Int?
    /// The first event to read; the event itself is read too.
    package var fromEventID: String?

    /// Describes a read; without arguments of the whole feed's first page.
    package init(errorsOnly: Bool = false, since: String? = nil, tail: Int? = nil, fromEventID: String? = nil) {
        self.errorsOnly = errorsOnly
        self.since = since
        self.tail = tail
        self.fromEventID = fromEventID
    }
}

/// A page of a sandbox's activity feed.
package struct ActivityPage: Hashable, Sendable, Decodable {
    /// The events, oldest first.
    package var events: [ActivityEvent]
    /// How many the lab says there are on this page.
    package var count: Int?
    /// Whether more follow.
    package var hasMorePages: Bool
    /// Where the next page begins.
    package var nextEventID: String?

    /// Reads what the lab sends.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        events = object.list("events")
        count = object.int("num_returned_events", "number_of_returned_events")
        hasMorePages = object.bool("more_pages") ?? false
        nextEventID = object.filledString("next_event_id")
    }
}

/// Something that happened in a sandbox.
public struct ActivityEvent: Hashable, Sendable, Decodable {
    /// Its id: a number on most labs, a GUID on others; empty where the lab gives none.
    public var id: String
    /// Whether it tells of a success or an error.
    package var type: EventType
    /// What happened; long names within are cut.
    public var text: String
    /// What a command printed.
    public var output: String?
    /// When it happened.
    public var time: Date?
    /// The execution server that did it.
    package var executionServer: String?

    /// Makes an event, as a test does.
    package init(
        id: String,
        type: EventType,
        text: String,
        output: String? = nil,
        time: Date? = nil,
        executionServer: String? = nil
    ) {
        self.id = id
        self.type = type
        self.text = text
        self.output = output
        self.time = time
        self.executionServer = executionServer
    }

    /// Reads what the lab sends.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        self.init(
            id: object.filledString("id") ?? "",
            type: object.name("event_type") ?? EventType(rawValue: ""),
            text: object.string("event_text") ?? "",
            output: object.filledOutput("output"),
            time: object.date("time"),
            executionServer: object.filledString("execution_server")
        )
    }

    /// Whether it tells of an error.
    public var isError: Bool { type == .error }
}

/// Which entries of a sandbox's output console to read.
package struct OutputQuery: Hashable, Sendable {
    /// How many of the last entries to read.
    package var tail: Int?
    /// The first entry to read; the entry itself is read too.
    package var fromEntryID: String?
    /// Since when; see ``ActivityQuery/since``.
    package var since: String?

    /// Describes a read; without arguments of the console's first page.
    package init(tail: Int? = nil, fromEntryID: String? = nil, since: String? = nil) {
        self.tail = tail
        self.fromEntryID = fromEntryID
        self.since = since
    }
}

/// A page of a sandbox's output console.
package struct OutputPage: Hashable, Sendable, Decodable {
    /// The entries, oldest first.
    package var entries: [OutputEntry]
    /// How many the lab says there are on this page.
    package var count: Int?
    /// Whether more follow.
    package var hasMorePages: Bool
    /// Where the next page begins.
    package var nextEntryID: String?

    /// Reads what the lab sends.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        entries = object.list("entries")
        count = object.int("number_of_returned_entries", "num_returned_entries")
        hasMorePages = object.bool("more_pages") ?? false
        nextEntryID = object.filledString("next_entry_id")
    }
}

/// A line of a sandbox's output console.
package struct OutputEntry: Hashable, Sendable, Decodable {
    /// Its id, mostly a GUID; empty where the lab gives none.
    package var id: String
    /// When it was written.
    package var time: Date?
    /// What it says, which may hold HTML.
    package var text: String

    /// Reads what the lab sends.
    package init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        id = object.filledString("id") ?? ""
        time = object.date("time")
        text = object.string("text") ?? ""
    }
}
