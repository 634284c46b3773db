import Foundation
import HTTPTransport

/// Somewhere to ask a person.
package protocol Prompting: Sendable {
    /// Whether there is anybody to ask.
    var isThere: Bool { get }
    /// Asks for the value of a setting.
    ///
    /// - Throws: ``SettingsError`` when the answer is empty or none comes, and ``ProgramFailure`` when it is refused
    ///   with Ctrl-C.
    func ask(_ name: String, isSecret: Bool) throws -> String
}

/// The process's terminal, whatever its input and output are connected with.
package struct Terminal: Prompting {
    private static let path = "/dev/tty"
    /// A terminal that doesn't show what is typed, and how it was before.
    private static let silenced = Locked<(descriptor: Int32, before: termios)?>(nil)

    /// The terminal of this process, if it has one.
    package init() {}

    /// Whether what is written to a file descriptor may be in color: to a terminal, where nobody has said no.
    ///
    /// `NO_COLOR` says no, whatever it is (no-color.org), and so does `TERM=dumb`.
    package static func hasColor(_ descriptor: Int32) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(descriptor) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// How many columns the terminal behind a file descriptor has; `nil` where there is none, or it doesn't tell.
    package static func width(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard isatty(descriptor) == 1, unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// Whether the process has a terminal.
    package var isThere: Bool {
        let descriptor = unsafe open(Self.path, O_RDWR | O_NOCTTY)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Asks, without showing the answer as it is typed if it is secret.
    ///
    /// - Throws: ``SettingsError`` when the answer is empty or none comes, and ``ProgramFailure`` when it is refused
    ///   with Ctrl-C.
    package func ask(_ name: String, isSecret: Bool) throws -> String {
        // What the question is about comes first.
        StandardError.flush()
        let descriptor = unsafe open(Self.path, O_RDWR | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure(name, "can't be asked for: there is no terminal.") }
        let terminal = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var saved = termios()
        let isSet = unsafe tcgetattr(descriptor, &saved) == 0
        let interrupt = isSet ? Self.control(VINTR, of: saved) : 0
        if isSet {
            var quiet = saved
            if isSecret { quiet.c_lflag &= ~tcflag_t(ECHO) }
            // Ctrl-C as a character, and as one that ends the line: a signal would find the terminal without echo.
            quiet.c_lflag &= ~tcflag_t(ISIG)
            unsafe withUnsafeMutableBytes(of: &quiet.c_cc) { unsafe $0[Int(VEOL)] = interrupt }
            let before = saved
            Self.silenced.withLock { $0 = (descriptor, before) }
            unsafe tcsetattr(descriptor, TCSAFLUSH, &quiet)
        }
        defer {
            Self.restore()
            if isSecret { terminal.write(Data("\n".utf8)) }
        }
        terminal.write(Data("\(name): ".utf8))
        var answer = Data()
        while let byte = try? terminal.read(upToCount: 1), let first = byte.first, first != UInt8(ascii: "\n") {
            // A terminal has 0 where no key interrupts.
            if interrupt != 0, first == interrupt { throw ProgramFailure(.interrupted, "interrupted") }
            answer.append(first)
        }
        guard let text = String(data: answer, encoding: .utf8), !text.isEmpty else {
            throw Self.failure(name, "was asked for, but the answer was empty.")
        }
        return text
    }

    /// Makes a terminal as it was before a question that is still open, if there is one.
    package static func restore() {
        silenced.withLock { silenced in
            guard let found = silenced else { return }
            silenced = nil
            var before = found.before
            // Without waiting for the output, which somebody may have stopped by Ctrl-S.
            tcflush(found.descriptor, TCIFLUSH)
            unsafe tcsetattr(found.descriptor, TCSANOW, &before)
        }
    }

    /// The key that a terminal takes for a command.
    private static func control(_ index: Int32, of terminal: termios) -> UInt8 {
        unsafe withUnsafeBytes(of: terminal.c_cc) { unsafe $0[Int(index)] }
    }

    private static func failure(_ name: String, _ message: String) -> SettingsError {
        SettingsError(problems: [SettingProblem(name: name, message: message)])
    }
}
