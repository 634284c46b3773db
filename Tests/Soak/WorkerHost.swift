import Foundation

/// A host that runs the built worker, with a journal and a log that outlive each of its processes.
actor WorkerHost {
    let name: String
    private let environment: [String: String]
    private let log: URL
    private var process: Process?
    private var ending: AsyncStream<Void>?

    init(_ name: String, environment: [String: String], folder: String) throws {
        self.name = name
        let home = URL(fileURLWithPath: folder).appendingPathComponent(name)
        try? FileManager.default.removeItem(at: home)
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        log = home.appendingPathComponent("log")
        try Data().write(to: log)
        self.environment = environment.merging([
            "HOME": home.path, "QUALI_STATE_DIR": home.appendingPathComponent("state").path,
            "AWS_EC2_METADATA_DISABLED": "true",
        ]) { $1 }
    }

    /// Starts the worker.
    func start() throws {
        let process = Process()
        let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: here).deletingLastPathComponent()
            .appendingPathComponent("quali-worker")
        process.arguments = ["run"]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let output = try FileHandle(forWritingTo: log)
        try output.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        let (ending, ended) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.finish() }
        try process.run()
        (self.process, self.ending) = (process, ending)
    }

    /// Sends the worker a signal, and waits until its process is gone.
    ///
    /// - Returns: Whether it ended as a process that was sent this signal should.
    func end(_ signal: Int32) async -> Bool {
        guard let process, let ending else { return false }
        kill(process.processIdentifier, signal)
        for await _ in ending {}
        self.process = nil
        return signal == SIGKILL
            ? process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
            : process.terminationReason == .exit && process.terminationStatus == 0
    }
}
