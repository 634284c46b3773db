import Logging

/// Says the first failure of something that is tried again and again, then that it works again; the rest is debug.
struct OutageLog: Sendable {
    private let logger: Logger
    private let what: String
    private(set) var failures = 0

    /// Creates a log for one thing, named as it is to be read: "Polling".
    init(_ what: String, logger: Logger) {
        self.what = what
        self.logger = logger
    }

    /// Notes a failure.
    mutating func failed(_ error: any Error) {
        failures += 1
        logger.log(level: failures == 1 ? .warning : .debug, "\(what) fails", metadata: ["error": "\(error)"])
    }

    /// Notes a success.
    mutating func succeeded() {
        if failures > 0 {
            logger.notice("\(what) works again", metadata: ["failures": "\(failures)"])
        }
        failures = 0
    }
}
