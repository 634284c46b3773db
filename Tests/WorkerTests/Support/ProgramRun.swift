import Foundation
import TestSupport
import Testing

/// A run of the built program.
struct ProgramRun: Sendable {
    /// How it ended.
    struct Ending: Sendable {
        /// The exit status; of a program that a signal ended, 128 and the signal's number.
        let status: Int32
        /// What it wrote to its output.
        let output: String
        /// What it wrote to its standard error.
        let errors: String
    }

    private let process: Process
    /// Where its output is, and its home.
    let folder: URL
    private let ending: AsyncStream<Int32>
    private let keyboard = Pipe()

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - arguments: The arguments.
    ///   - environment: The whole environment, but for a home without any AWS files and a host that is no instance.
    ///   - isAtTerminal: Whether it has a terminal, into which ``type(_:)`` types. Its output then ends with its exit
    ///     status, and with the terminal's settings as it left them.
    ///   - columns: How wide the terminal is; `nil` where it doesn't tell.
    ///   - wrapper: A program with its arguments that starts it, such as one that takes rights away.
    ///   - folder: Where its output is kept.
    /// - Throws: Foundation's error where its output can't be kept, or it can't be started.
    init(
        _ arguments: [String],
        environment: [String: String] = [:],
        isAtTerminal: Bool = false,
        columns: Int? = nil,
        through wrapper: [String] = [],
        in folder: URL
    ) throws {
        self.folder = folder
        // The tests' bundle, which is what runs here, is in the folder that the program is built into.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process = Process()
        let program = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("quali-worker")
        process.environment = ["HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true"].merging(environment) { $1 }
        // With what the tests run, the program runs, too.
        process.environment?["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        if isAtTerminal {
            let words = ([program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
            // Ctrl-C goes to the shell, too, which has something to say afterwards.
            let command = """
                \(columns.map { "stty cols \($0); " } ?? "")trap : INT; sh -c 'echo $$ >"$HOME/pid"; exec env --default-signal=HUP "$@"' sh \(words); echo "status: $?"; stty -a
                """
            process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
            process.arguments = ["-qc", command, "/dev/null"]
            process.environment?["PATH"] = "/usr/bin:/bin"
            process.standardInput = keyboard
        } else {
            let words = wrapper + [program.path] + arguments
            process.executableURL = URL(fileURLWithPath: words[0])
            process.arguments = Array(words.dropFirst())
            process.standardInput = FileHandle.nullDevice
        }
        // Files, unlike pipes, never make the program wait for a reader.
        for name in ["output", "errors"] { try Data().write(to: folder.appendingPathComponent(name)) }
        let handles = try ["output", "errors"].map {
            try FileHandle(forWritingTo: folder.appendingPathComponent($0))
        }
        // A Process keeps what it was given, and can't watch one that is started when 1,024 files are open.
        defer { for handle in handles { try? handle.close() } }
        (process.standardOutput, process.standardError) = (handles[0], handles[1])
        let (ending, ended) = AsyncStream<Int32>.makeStream()
        self.ending = ending
        process.terminationHandler = { process in
            let offset: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
            ended.yield(offset + process.terminationStatus)
            ended.finish()
        }
        try process.spawn()
    }

    /// The process's id.
    var id: Int32 { process.processIdentifier }

    /// Sends a signal, unless the program has ended.
    func signal(_ number: Int32) {
        if process.isRunning { kill(process.processIdentifier, number) }
    }

    /// Sends a signal to a program that has a terminal.
    ///
    /// - Throws: An error when it hasn't been started yet.
    func signalAtTerminal(_ number: Int32) throws {
        let text = try String(contentsOf: folder.appendingPathComponent("pid"), encoding: .utf8)
        kill(try #require(pid_t(text.dropLast())), number)
    }

    /// Types at the program's terminal.
    func type(_ text: String) throws {
        try keyboard.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Waits until the output so far is as it is wanted.
    ///
    /// - Returns: The output so far.
    func output(until condition: (String) -> Bool) async throws -> String {
        try await value {
            let output = try String(contentsOf: folder.appendingPathComponent("output"), encoding: .utf8)
            return condition(output) ? output : nil
        }
    }

    /// Waits until there is a value while the program runs; a file tells nobody that it has changed, so it is asked
    /// for again and again.
    func value<Value>(_ look: () async throws -> Value?) async throws -> Value {
        while true {
            if let value = try await look() { return value }
            try #require(process.isRunning, "the program ended")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits for the end.
    func end() async throws -> Ending {
        var statuses = ending.makeAsyncIterator()
        let status = await withTaskCancellationHandler {
            await statuses.next()
        } onCancel: {
            process.terminate()
        }
        return Ending(
            status: try #require(status),
            output: try String(contentsOf: folder.appendingPathComponent("output"), encoding: .utf8),
            errors: try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
        )
    }
}

/// Runs the program to its end.
func program(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramRun.Ending {
    try await program(arguments, environment: environment)
}

/// Runs the program to its end.
func program(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramRun.Ending {
    try await withTemporaryFolder { folder in
        try await ProgramRun(arguments, environment: environment, in: folder).end()
    }
}
