import HTTPTransport
import Logging

/// The secrets that a pipeline gives to one job, to be masked in all that is told of it.
///
/// They are never stored: a job that is taken up again has them from its configuration, which is fetched anew.
final class JobSecrets: Sendable {
    private let secrets = Locked<Set<Secret>>([])

    /// Masks these as well from now on.
    func add(_ secrets: [Secret]) {
        self.secrets.withLock { $0.formUnion(secrets) }
    }

    /// Whether there is none.
    var isEmpty: Bool { secrets.withLock { $0.isEmpty } }

    /// All of them.
    var all: [Secret] { Array(secrets.withLock { $0 }) }

    /// The text with a mark for each secret.
    ///
    /// The mask is made only here: ten thousand jobs may wait, and say little.
    func redact(_ text: String) -> String {
        let secrets = all
        return secrets.isEmpty ? text : SecretRedactor(secrets)(text)
    }

    /// The outcome with secrets masked in its words; variables are the handler's own, since they may hold ids.
    func redact(_ outcome: JobOutcome) -> JobOutcome {
        switch outcome {
        case .success(var result):
            result.summary = redact(result.summary)
            return .success(result)
        case .failure(let type, let message, let externalExecutionID):
            return .failure(type: type, message: redact(message), externalExecutionID: externalExecutionID)
        case .continuation, .abandoned: return outcome
        }
    }
}

/// Hands lines on with a job's secrets masked.
struct MaskingLogHandler: LogHandler {
    private var base: any LogHandler
    private let secrets: JobSecrets

    init(_ base: any LogHandler, _ secrets: JobSecrets) {
        self.base = base
        self.secrets = secrets
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }
    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }
    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }
    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(secrets.redact(event.message.description))"
        if let error = event.error {
            event.metadata = (event.metadata ?? [:]).merging(["error": "\(error)"]) { old, _ in old }
            event.error = nil
        }
        event.metadata = event.metadata?.mapValues(redacted)
        base.log(event: event)
    }

    private func redacted(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
        switch value {
        case .string(let text): .string(secrets.redact(text))
        case .stringConvertible(let value): .string(secrets.redact("\(value)"))
        case .array(let values): .array(values.map(redacted))
        case .dictionary(let values): .dictionary(values.mapValues(redacted))
        }
    }
}
