import HTTPTransport
package import Logging

/// Keeps what is logged.
package struct LogBook: Sendable {
    package struct Line: Sendable {
        package let level: Logger.Level
        package let message: String
        package let metadata: [String: String]
    }

    private let kept = Locked<[Line]>([])

    package init() {}

    /// Writes into the book.
    package var logger: Logger { Logger(label: "test") { [kept] _ in Handler(kept: kept) } }

    /// All lines.
    package var lines: [Line] { kept.withLock { $0 } }

    /// The lines of at least a level.
    package func lines(from level: Logger.Level) -> [Line] { lines.filter { $0.level >= level } }

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
