package import QualiCore

/// The program can't go on: what it says and the status it exits with.
package struct ProgramFailure: Error, Sendable, Hashable {
    /// The exit status, as sysexits.h has them but for the last.
    package enum Status: Int32, Sendable, CaseIterable {
        /// The command or a setting is wrong.
        case usage = 64
        /// The data is wrong: a definition file, or one that differs from what is registered.
        case data = 65
        /// A service can't be reached or refuses, or credentials can't be had yet.
        case unavailable = 69
        /// Something in the program went wrong.
        case software = 70
        /// A file can't be written.
        case cannotCreate = 73
        /// Somebody pressed Ctrl-C, as shells say it.
        case interrupted = 130

        /// What it says, for those who read manuals.
        package var meaning: String {
            switch self {
            case .usage: "The command or a setting is wrong; starting again won't help."
            case .data: "A definition is wrong, or differs from what is registered."
            case .unavailable:
                "A service can't be reached or refuses, AWS credentials can't be had yet, or another worker uses the "
                    + "state folder, or it was removed or replaced under this one."
            case .software:
                "Something in the program went wrong, it couldn't report everything before its time to stop, or the demo "
                    + "failed or was interrupted."
            case .cannotCreate: "A file can't be written, or the journal can't be used."
            case .interrupted: "Somebody pressed Ctrl-C at a question, or the latter of two signals was SIGINT."
            }
        }
    }

    /// The exit status.
    package let status: Status
    /// What happened, without the program's name.
    package let message: String

    /// Creates a failure.
    package init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }
}

extension ProgramFailure {
    /// What a journal that can't be used means for the program: to be started again where that may help.
    package init(_ error: JournalError) {
        let mayPass: [JournalError.Code] = [.inUse, .vanished, .diskTrouble]
        self.init(mayPass.contains(error.code) ? .unavailable : .cannotCreate, error)
    }

    /// A journal that can't be used, with the setting that names its folder where another one would help.
    package init(_ status: Status, _ error: JournalError) {
        let helps: [JournalError.Code] = [.inUse, .unusableFolder, .newer]
        let advice = helps.contains(error.code) ? " \(Setting.stateDirectory.name) names the folder." : ""
        self.init(status, error.message + advice)
    }
}
