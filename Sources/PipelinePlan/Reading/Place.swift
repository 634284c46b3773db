/// A place in a definition's text, counted from 1.
public struct Place: Sendable, Hashable, Comparable {
    /// Where a text begins.
    static let start = Place(line: 1, column: 1)

    /// The line.
    public let line: Int
    /// The column, counted in Unicode scalars.
    public let column: Int

    /// Creates a place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Whether a place comes before another one.
    public static func < (one: Place, other: Place) -> Bool {
        (one.line, one.column) < (other.line, other.column)
    }
}

/// Why a definition can't be read.
public struct DefinitionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where; `nil` for the text as a whole.
    public let place: Place?
    /// What was found and what is wanted.
    public let message: String

    /// The place and the message.
    public var description: String {
        place.map { "line \($0.line), column \($0.column): \(message)" } ?? message
    }

    init(_ message: String, at place: Place? = nil) {
        self.place = place
        self.message = message
    }
}
