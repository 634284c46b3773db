import Foundation
import HTTPTransport
package import Logging

/// Writes one line per event, as text or as JSON, with the known secrets masked.
struct LineLogHandler: LogHandler {
    /// The least important level that is written.
    var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }
    /// Data of every line.
    var metadata: Logger.Metadata = [:]
    /// Data of every line, from the task.
    var metadataProvider: Logger.MetadataProvider?

    /// How a line is written.
    enum Form: Sendable, Hashable {
        case text(inColor: Bool)
        /// Text without the time, for who notes it by itself.
        case textWithoutTime
        case json
    }

    private let threshold: LogThreshold
    private var ownLevel: Logger.Level?
    private let form: Form
    private let hasPriority: Bool
    private let redact: @Sendable (String) -> String
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - form: How a line is written.
    ///   - threshold: The least important level that is written, unless somebody sets one.
    ///   - hasPriority: Whether a line begins with its priority, as systemd's journal reads it.
    ///   - redact: Masks secrets in a text.
    ///   - now: The time.
    ///   - write: Where a line goes, with its end.
    init(
        _ form: Form,
        threshold: LogThreshold = LogThreshold(.info),
        hasPriority: Bool = false,
        redact: @escaping @Sendable (String) -> String = { $0 },
        now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        self.form = form
        self.threshold = threshold
        self.hasPriority = hasPriority
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
        write((hasPriority ? line.priority : "") + line.text(in: form))
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

/// The least important level that a log has, which can be changed while it is written.
package final class LogThreshold: Sendable {
    private let value: Locked<Logger.Level>

    init(_ level: Logger.Level) {
        value = Locked(level)
    }

    /// The level.
    package var level: Logger.Level {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

extension LogSettings {
    /// A logger that writes to standard error.
    package func logger(redact: @escaping @Sendable (String) -> String) -> Logger {
        let (isTerminal, isJournal) = (isatty(STDERR_FILENO) == 1, StandardError.isJournal)
        let form: LineLogHandler.Form =
            switch format ?? (isTerminal || isJournal ? .text : .json) {
            case .json: .json
            case .text: isJournal ? .textWithoutTime : .text(inColor: Terminal.hasColor(STDERR_FILENO))
            }
        StandardError.writer.tellLosses { LineLogHandler.line(aboutLost: $0, form, hasPriority: isJournal) }
        return Logger(label: "quali-worker") { _ in
            LineLogHandler(form, threshold: threshold, hasPriority: isJournal, redact: redact)
        }
    }
}

extension LineLogHandler {
    /// What stands in the log where lines are missing.
    static func line(aboutLost count: Int, _ form: Form, hasPriority: Bool, now: Date = Date()) -> String {
        let fields: [(name: String, value: Logger.MetadataValue)] = [
            (name: "detail", value: "\(LineWriter.words(count)): nobody read the log in time"),
            (name: "lost", value: "\(count)"),
        ]
        let line = LogLine(time: now, level: .warning, message: "The log has a gap", fields: fields)
        return (hasPriority ? line.priority : "") + line.text(in: form)
    }
}

/// The process's standard error, for which nobody ever waits.
package enum StandardError {
    /// How long the end of the program waits until all is written.
    private static let patience: Duration = .seconds(1)

    /// What writes to it.
    static let writer = LineWriter(STDERR_FILENO)

    /// Whether it is read by systemd's journal, which says so by `JOURNAL_STREAM`.
    ///
    /// Source: systemd.exec(5).
    package static let isJournal = {
        var status = stat()
        let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"]
        return unsafe fstat(STDERR_FILENO, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
    }()

    /// Writes a text as a whole; what nobody reads is lost in the end.
    package static func write(_ text: String) { writer.write(text) }

    /// Writes why the program ends, which the journal has as errors.
    package static func write(error text: String) {
        guard isJournal else { return write(text) }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "<3>\($0)" }
        write(lines.joined(separator: "\n"))
    }

    /// Waits until all is written, but not for long; blocks, so it is for the end of the program, and before a question.
    package static func flush() { writer.flush(within: patience) }
}
