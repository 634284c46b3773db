/// A journal can't be opened, or no longer be used.
///
/// Nothing is ever replaced or repaired silently: what a journal holds is the only trace of jobs that wait.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why it can't.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
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
        public static var inUse: Code { Code(kind: .inUse) }
        /// The folder can't be made, read or written.
        public static var unusableFolder: Code { Code(kind: .unusableFolder) }
        /// The file isn't a journal, or no longer a whole one.
        public static var damaged: Code { Code(kind: .damaged) }
        /// It can't be written for now, since the disk is full, say; that may pass.
        public static var diskTrouble: Code { Code(kind: .diskTrouble) }
        /// The folder or a file in it was removed or replaced while a worker uses it.
        public static var vanished: Code { Code(kind: .vanished) }
        /// There is none to be read.
        public static var absent: Code { Code(kind: .absent) }
        /// An older version of this program has written it, and it is only to be read.
        public static var older: Code { Code(kind: .older) }
        /// A newer version of this program has written it.
        public static var newer: Code { Code(kind: .newer) }

        /// A short text, fit for a log line.
        public var description: String { kind.rawValue }
    }

    /// Why it can't.
    public let code: Code
    /// What is wrong and what to do about it, in words for a person.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether it may pass by itself, so that it is worth to wait.
    public var isPassing: Bool { code == .diskTrouble }

    /// The message.
    public var description: String { message }
}
