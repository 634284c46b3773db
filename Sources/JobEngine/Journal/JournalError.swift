/// A journal can't be opened, or no longer be used.
///
/// Nothing is ever replaced or repaired silently: what a journal holds is the only trace of jobs that wait.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why it can't.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case inUse = "in use"
            case unusableFolder = "folder can't be used"
            case damaged = "damaged"
            case newer = "written by a newer version"
            case older = "written by an older version"
            case absent = "absent"
            case diskTrouble = "can't be written for now"
            case vanished = "removed or replaced"
        }
        private let kind: Kind

        /// Another process has it.
        package static var inUse: Code { Code(kind: .inUse) }
        /// The folder can't be made, read or written.
        package static var unusableFolder: Code { Code(kind: .unusableFolder) }
        /// The file isn't a journal, or no longer a whole one.
        package static var damaged: Code { Code(kind: .damaged) }
        /// It can't be written for now, since the disk is full, say; that may pass.
        package static var diskTrouble: Code { Code(kind: .diskTrouble) }
        /// The folder or a file in it was removed or replaced while a worker uses it.
        package static var vanished: Code { Code(kind: .vanished) }
        /// There is none to be read.
        package static var absent: Code { Code(kind: .absent) }
        /// An older version of this program has written it, and it is only to be read.
        package static var older: Code { Code(kind: .older) }
        /// A newer version of this program has written it.
        package static var newer: Code { Code(kind: .newer) }

        /// A short text, fit for a log line.
        package var description: String { kind.rawValue }
    }

    /// Why it can't.
    package let code: Code
    /// What is wrong and what to do about it, in words for a person.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether it may pass by itself, so that it is worth to wait.
    package var isPassing: Bool { code == .diskTrouble }

    /// The message.
    public var description: String { message }
}
