import Foundation

/// A host that runs the built worker, with a journal and a log that outlive each of its processes.
actor WorkerHost {
    let name: String
    private let environment: [String: String]
    private let log: URL
    private var process: ChildProcess?

    init(_ name: String, environment: [String: String], folder: String, keepsState: Bool = false) throws {
        self.name = name
        let home = URL(fileURLWithPath: folder).appendingPathComponent(name)
        if !keepsState { try? FileManager.default.removeItem(at: home) }
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        log = home.appendingPathComponent("log")
        if !keepsState { try Data().write(to: log) }
        self.environment = environment.merging([
            "HOME": home.path, "QUALI_STATE_DIR": home.appendingPathComponent("state").path,
            "AWS_EC2_METADATA_DISABLED": "true",
        ]) { $1 }
    }

    /// Starts the worker.
    func start() throws {
        let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(fileURLWithPath: here).deletingLastPathComponent().appendingPathComponent("quali-worker")
        process = try ChildProcess(program.path, ["run"], environment: environment, log: log.path)
    }

    /// The worker's resident memory, as the kernel tells it.
    func memory() throws -> String {
        guard let id = process?.id else { return "no" }
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return line.dropFirst("VmRSS:".count).trimmingCharacters(in: .whitespaces)
    }

    /// Sends the worker a signal, and waits until its process is gone.
    ///
    /// - Returns: Whether it ended as a process that was sent this signal should.
    func end(_ signal: Int32) async -> Bool {
        guard let process else { return false }
        kill(process.id, signal)
        let status = await process.end()
        self.process = nil
        // One that comes before the program listens ends it at once.
        return status == signal || signal != SIGKILL && status == 0
    }
}
