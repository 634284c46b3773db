import Foundation
import Measure

/// A worker under measurement: a process of its own.
actor Subject {
    private let process = Process()
    private let ended: AsyncStream<Void>

    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - environment: What its environment has beside a home, a path and its state folder.
    ///   - folder: Where it keeps its state, and its log.
    /// - Throws: ``Mistake`` for an empty command; Foundation's error where the log can't be made, or the program can't
    ///   be started.
    init(_ command: [String], environment: [String: String], folder: URL) throws {
        guard let program = command.first else { throw Mistake("names no program") }
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = Array(command.dropFirst())
        process.environment = environment.merging([
            "HOME": folder.path, "PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true",
            "QUALI_STATE_DIR": folder.appendingPathComponent("state").path,
        ]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let log = folder.appendingPathComponent("log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        defer { try? output.close() }
        process.standardOutput = output
        process.standardError = output
        let (ended, end) = AsyncStream<Void>.makeStream()
        self.ended = ended
        process.terminationHandler = { _ in end.finish() }
        try process.run()
    }

    /// Ends the worker at once, and waits until its process is gone.
    ///
    /// A process that Foundation starts has most signals blocked, so it may not hear of others.
    func stop() async {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        for await _ in ended {}
    }

    /// Asks the worker to end, and waits until its process is gone.
    func terminate() async {
        kill(process.processIdentifier, SIGTERM)
        for await _ in ended {}
    }

    /// What it has used so far.
    func usage() throws -> ProcessUsage { try ProcessUsage(of: process.processIdentifier) }
}
