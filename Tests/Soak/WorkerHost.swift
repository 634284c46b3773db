import Foundation

/// A host that runs the built worker, with a journal and a log that outlive each of its processes.
actor WorkerHost {
    private static let spawning = NSLock()

    let name: String
    private let environment: [String: String]
    private let home: URL
    private let log: URL
    private let step: SteppedClock?
    private var process: Process?
    private var startedAt = ContinuousClock.now
    private var ending: AsyncStream<Void>?
    /// How long its log was when the process began.
    private var logStart: UInt64 = 0

    init(_ name: String, environment: [String: String], folder: String, clock: String? = nil, keepsState: Bool = false)
        throws
    {
        self.name = name
        let home = URL(fileURLWithPath: folder).appendingPathComponent(name)
        self.home = home
        if !keepsState { try? FileManager.default.removeItem(at: home) }
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        log = home.appendingPathComponent("log")
        if !keepsState { try Data().write(to: log) }
        step = try clock.map { try SteppedClock(library: $0, file: home.appendingPathComponent("clock")) }
        self.environment = environment.merging(step?.environment ?? [:]) { $1 }.merging([
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
        // A Process keeps what it was given, and can't watch one that is started when 1,024 files are open.
        defer { try? output.close() }
        logStart = try output.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        let (ending, ended) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.finish() }
        startedAt = .now
        // Else a program that another host starts meanwhile inherits that by which this one's end is noticed.
        try Self.spawning.withLock { try process.run() }
        (self.process, self.ending) = (process, ending)
    }

    /// Puts the clock of the host forward or back, or right again.
    nonisolated func stepClock() throws {
        try step?.set([0, 60, -60, 3_600, -3_600, 86_400, -86_400, 31_536_000, -31_536_000].randomElement() ?? 0)
    }

    /// Runs a worker on a copy of a dead worker's state folder, as it comes from a backup, in place of the last copy.
    func runCopy(of host: WorkerHost) async throws {
        try await stopCopy()
        let state = home.appendingPathComponent("state")
        try? FileManager.default.removeItem(at: state)
        try FileManager.default.copyItem(at: host.home.appendingPathComponent("state"), to: state)
        try start()
    }

    /// Stops the worker that runs on a copy, if there is one.
    ///
    /// In good order, since its folder is thrown away: it may have taken jobs of its own. Where it has kept one, such as one
    /// whose acknowledgement is in doubt, it goes on until that is settled.
    func stopCopy() async throws {
        while process != nil {
            _ = await end(SIGTERM)
            guard try hasKeptOwnJob() else { return }
            try start()
            try await Task.sleep(for: .seconds(5))
        }
    }

    /// Whether the last run has left a job in its journal; of copied ones that isn't said.
    private func hasKeptOwnJob() throws -> Bool {
        let lines = try FileHandle(forReadingFrom: log)
        defer { try? lines.close() }
        try lines.seek(toOffset: logStart)
        return String(decoding: try lines.readToEnd() ?? Data(), as: UTF8.self).contains("Job stays in the journal")
    }

    /// The worker's private memory, as the kernel tells it: what is in no file.
    func memory() throws -> String {
        guard let id = process?.processIdentifier else { return "no" }
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return line.dropFirst("RssAnon:".count).trimmingCharacters(in: .whitespaces)
    }

    /// Sends the worker a signal, and waits until its process is gone.
    ///
    /// - Returns: How it ended, if not as a process should that was sent this signal.
    func end(_ signal: Int32) async -> String? {
        guard let process, let ending else { return "no process" }
        let age = ContinuousClock.now - startedAt
        kill(process.processIdentifier, signal)
        for await _ in ending {}
        self.process = nil
        let (reason, status) = (process.terminationReason, process.terminationStatus)
        let isSilent = (try? log.resourceValues(forKeys: [.fileSizeKey]).fileSize) == Int(logStart)
        switch reason {
        case .uncaughtSignal where signal == SIGKILL && status == SIGKILL: return nil
        // Before it listens to signals, it has said nothing and has nothing to hand over.
        case .uncaughtSignal where signal == SIGTERM && status == SIGTERM && isSilent: return nil
        case .exit where signal != SIGKILL && status == 0: return nil
        case .exit: return "signal \(signal) after \(age): exit status \(status)"
        default: return "signal \(signal) after \(age): signal \(status)"
        }
    }
}
