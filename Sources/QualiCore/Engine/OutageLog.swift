import AWSLite
import Logging

/// Says the first failure of something that is tried again and again, then that it works again; the rest is debug.
struct OutageLog: Sendable {
    private let logger: Logger
    private let what: String
    private var failures = 0
    private var kind: String?

    /// Creates a log for one thing, named as it is to be read: "Polling".
    init(_ what: String, logger: Logger) {
        self.what = what
        self.logger = logger
    }

    /// Notes a failure.
    mutating func failed(_ error: any Error) {
        failures += 1
        let kind = Self.kind(of: error)
        logger.log(level: kind == self.kind ? .debug : .warning, "\(what) fails", metadata: ["error": "\(error)"])
        self.kind = kind
    }

    /// Notes a success.
    mutating func succeeded() {
        if failures > 0 {
            logger.notice("\(what) works again", metadata: ["failures": "\(failures)"])
        }
        failures = 0
        kind = nil
    }

    /// What tells one trouble from another; the rest of an error changes with each request.
    private static func kind(of error: any Error) -> String {
        (error as? any KindOfTrouble)?.kindOfTrouble ?? String(reflecting: type(of: error))
    }
}

/// An error that can tell its kind apart from its details.
protocol KindOfTrouble: Error {
    /// The kind, the same for all errors of one cause.
    var kindOfTrouble: String { get }
}

extension AWSError: KindOfTrouble {
    var kindOfTrouble: String { code.rawValue }
}
