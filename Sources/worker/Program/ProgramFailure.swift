/// The program can't go on: what it says and the status it exits with.
struct ProgramFailure: Error, Sendable, Hashable {
    /// The exit status, as sysexits.h has them but for the last.
    enum Status: Int32, Sendable {
        /// The command or a setting is wrong.
        case usage = 64
        /// The data is wrong: a definition file, or one that differs from what is registered.
        case data = 65
        /// A service can't be reached or refuses.
        case unavailable = 69
        /// Something in the program went wrong.
        case software = 70
        /// A file can't be written.
        case cannotCreate = 73
        /// Somebody pressed Ctrl-C, as shells say it.
        case interrupted = 130
    }

    /// The exit status.
    let status: Status
    /// What happened, without the program's name.
    let message: String

    /// Creates a failure.
    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }
}
