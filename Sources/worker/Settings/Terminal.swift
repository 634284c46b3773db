import Foundation

/// Somewhere to ask a person.
protocol Prompting: Sendable {
    /// Whether there is anybody to ask.
    var isThere: Bool { get }
    /// Asks for the value of a setting.
    ///
    /// - Throws: ``SettingsError`` when the answer is empty or none comes.
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
    /// - Throws: ``SettingsError`` when the answer is empty or none comes.
    func ask(_ name: String, isSecret: Bool) throws -> String {
        let descriptor = open(Self.path, O_RDWR | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure(name, "can't be asked for: there is no terminal.") }
        let terminal = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        terminal.write(Data("\(name): ".utf8))
        var saved = termios()
        let isHidden = isSecret && tcgetattr(descriptor, &saved) == 0
        if isHidden {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(descriptor, TCSAFLUSH, &silent)
        }
        defer {
            if isHidden {
                tcsetattr(descriptor, TCSAFLUSH, &saved)
                terminal.write(Data("\n".utf8))
            }
        }
        var answer = Data()
        while let byte = try? terminal.read(upToCount: 1), let first = byte.first, first != UInt8(ascii: "\n") {
            answer.append(first)
        }
        guard let text = String(data: answer, encoding: .utf8), !text.isEmpty else {
            throw Self.failure(name, "was asked for, but the answer was empty.")
        }
        return text
    }

    private static func failure(_ name: String, _ message: String) -> SettingsError {
        SettingsError(problems: [SettingProblem(name: name, message: message)])
    }
}
