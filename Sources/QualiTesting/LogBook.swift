import HTTPTransport
public import Logging

/// Keeps what is logged, at any level.
public struct LogBook: Sendable {
    /// A line of the log.
    public struct Line: Sendable, Hashable {
        /// How urgent it is.
        public let level: Logger.Level
        /// What it says.
        public let message: String
        /// Its fields, those of the logger among them.
        public let metadata: [String: String]

        /// Creates a line, to compare with.
        public init(level: Logger.Level, message: String, metadata: [String: String] = [:]) {
            self.level = level
            self.message = message
            self.metadata = metadata
        }
    }

    private let kept = Locked<[Line]>([])

    /// Begins an empty book.
    public init() {}

    /// Writes into the book.
    public var logger: Logger { Logger(label: "test") { [kept] _ in Handler(kept: kept) } }

    /// All lines.
    public var lines: [Line] { kept.withLock { $0 } }

    /// The lines of at least a level.
    public func lines(from level: Logger.Level) -> [Line] { lines.filter { $0.level >= level } }

    private struct Handler: LogHandler {
        let kept: Locked<[Line]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            kept.withLock { $0.append(Line(level: event.level, message: "\(event.message)", metadata: all)) }
        }
    }
}
