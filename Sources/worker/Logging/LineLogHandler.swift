import Foundation
import Logging

/// Writes one line per event, as text or as JSON, with the known secrets masked.
struct LineLogHandler: LogHandler {
    /// The least important level that is written.
    var logLevel: Logger.Level
    /// Data of every line.
    var metadata: Logger.Metadata = [:]
    /// Data of every line, from the task.
    var metadataProvider: Logger.MetadataProvider?

    /// How a line is written.
    enum Form: Sendable, Hashable {
        case text(inColor: Bool)
        case json
    }

    private let form: Form
    private let redact: @Sendable (String) -> String
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - form: How a line is written.
    ///   - level: The least important level that is written.
    ///   - redact: Masks secrets in a text.
    ///   - now: The time.
    ///   - write: Where a line goes, with its end.
    init(
        _ form: Form,
        level: Logger.Level = .info,
        redact: @escaping @Sendable (String) -> String = { $0 },
        now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        self.form = form
        logLevel = level
        self.redact = redact
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an event.
    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
        // Values are masked one by one, so that a mask can't break a line's form.
        let line = LogLine(
            time: now(),
            level: event.level,
            message: redact("\(event.message)"),
            fields: all.sorted { $0.key < $1.key }.map { (name: $0.key, value: redacted($0.value)) }
        )
        switch form {
        case .text(let inColor): write(line.text(inColor: inColor))
        case .json: write(line.json)
        }
    }

    private func redacted(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
        switch value {
        case .string(let text): .string(redact(text))
        case .stringConvertible(let value): .string(redact("\(value)"))
        case .array(let values): .array(values.map(redacted))
        case .dictionary(let values): .dictionary(values.mapValues(redacted))
        }
    }
}

extension LogSettings {
    /// A logger that writes to standard error.
    func logger(redact: @escaping @Sendable (String) -> String) -> Logger {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let form: LineLogHandler.Form =
            (format ?? (isTerminal ? .text : .json)) == .json ? .json : .text(inColor: isTerminal)
        return Logger(label: "quali-worker") { _ in LineLogHandler(form, level: level, redact: redact) }
    }
}

/// The process's standard error.
enum StandardError {
    /// Writes a text as a whole; what can't be written is lost.
    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
