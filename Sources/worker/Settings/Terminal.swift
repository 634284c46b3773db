import Foundation

/// Somewhere to ask a person.
protocol Prompting: Sendable {
    /// Whether there is anybody to ask.
    var isThere: Bool { get }
    /// Asks for the value of a setting.
    ///
    /// - Throws: ``SettingsError`` when the answer is empty or none comes, and ``ProgramFailure`` when it is refused
    ///   with Ctrl-C.
    func ask(_ name: String, isSecret: Bool) throws -> String
}

/// The process's terminal, whatever its input and output are connected with.
struct Terminal: Prompting {
    private static let path = "/dev/tty"

    /// Whether the process has a terminal.
    var isThere: Bool {
        let descriptor = open(Self.path, O_RDWR | O_NOCTTY)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Asks, without showing the answer as it is typed if it is secret.
    ///
    /// - Throws: ``SettingsError`` when the answer is empty or none comes, and ``ProgramFailure`` when it is refused
    ///   with Ctrl-C.
    func ask(_ name: String, isSecret: Bool) throws -> String {
        let descriptor = open(Self.path, O_RDWR | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure(name, "can't be asked for: there is no terminal.") }
        let terminal = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var saved = termios()
        let isSet = tcgetattr(descriptor, &saved) == 0
        let interrupt = isSet ? Self.control(VINTR, of: saved) : 0
        if isSet {
            var quiet = saved
            if isSecret { quiet.c_lflag &= ~tcflag_t(ECHO) }
            // Ctrl-C as a character, and as one that ends the line: a signal would find the terminal without echo.
            quiet.c_lflag &= ~tcflag_t(ISIG)
            withUnsafeMutableBytes(of: &quiet.c_cc) { $0[Int(VEOL)] = interrupt }
            tcsetattr(descriptor, TCSAFLUSH, &quiet)
        }
        defer {
            if isSet { tcsetattr(descriptor, TCSAFLUSH, &saved) }
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

    /// The key that a terminal takes for a command.
    private static func control(_ index: Int32, of terminal: termios) -> UInt8 {
        withUnsafeBytes(of: terminal.c_cc) { $0[Int(index)] }
    }

    private static func failure(_ name: String, _ message: String) -> SettingsError {
        SettingsError(problems: [SettingProblem(name: name, message: message)])
    }
}
