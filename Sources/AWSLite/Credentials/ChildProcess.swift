import FoundationEssentials
import HTTPTransport

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Runs a program and reads what it writes, on a thread of its own so that Swift's pool isn't blocked.
package final class ChildProcess: Sendable {
    struct Result: Sendable {
        /// The exit status; 128 and the signal's number where a signal ended it.
        var status: Int32
        var output: Data
        var errors: Data
    }

    /// The program couldn't be run to its end.
    struct Failure: Error {
        /// What happened, as the end of a sentence about the program.
        var reason: String
    }

    /// The most that is read of each output.
    private static let outputLimit = 64 << 10

    /// The groups of the programs that run.
    private static let running = Locked<Set<pid_t>>([])

    private let process: pid_t
    private let outputs: [Int32]
    private let timeLimit: TimeInterval
    private let isCancelled = Locked(false)

    private init(process: pid_t, outputs: [Int32], timeLimit: TimeInterval) {
        self.process = process
        self.outputs = outputs
        self.timeLimit = timeLimit
    }

    /// Runs a program with this process's environment and without standard input.
    ///
    /// At its time limit, on cancellation or when it writes too much, the program and whatever it started are killed.
    ///
    /// - Parameters:
    ///   - words: The program, looked up in `PATH` where it is a bare name, and its arguments.
    ///   - timeLimit: In seconds.
    /// - Returns: What it has written, and how it ended.
    /// - Throws: ``Failure``, or `CancellationError`.
    static func run(_ words: [String], timeLimit: TimeInterval) async throws -> Result {
        try Task.checkCancellation()
        let child = try start(words, timeLimit: timeLimit)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let code = OwnThread.start { continuation.resume(with: Swift.Result { try child.wait() }) }
                guard code != 0 else { return }
                // Nobody can wait for it, so it is killed here and now.
                child.isCancelled.withLock { $0 = true }
                _ = try? child.wait()
                continuation.resume(throwing: Failure(reason: "can't be waited for: no thread"))
            }
        } onCancel: {
            child.isCancelled.withLock { $0 = true }
        }
    }

    /// Kills all programs that run, with whatever they have started, for a process that is about to end.
    package static func killAll() {
        running.withLock { for process in $0 { kill(-process, SIGKILL) } }
    }

    private static func start(_ words: [String], timeLimit: TimeInterval) throws -> ChildProcess {
        // Another program started in between would keep a copy open, which is why the end of the outputs isn't waited for.
        guard let output = SystemCalls.pipe() else { throw Failure(reason: "can't be started: no pipe") }
        guard let errors = SystemCalls.pipe() else {
            for end in output { close(end) }
            throw Failure(reason: "can't be started: no pipe")
        }
        defer {
            close(output[1])
            close(errors[1])
        }
        var process = pid_t()
        // Under the lock, so that none runs that `killAll` doesn't know of.
        let code = running.withLock { running in
            let code = spawn(words, output: output[1], errors: errors[1], &process)
            if code == 0 { running.insert(process) }
            return code
        }
        guard code == 0 else {
            close(output[0])
            close(errors[0])
            throw Failure(reason: "can't be started: \(SystemCalls.text(errno: code))")
        }
        return ChildProcess(process: process, outputs: [output[0], errors[0]], timeLimit: timeLimit)
    }

    /// Starts a program; returns the system's error number, or 0.
    ///
    /// What it hands to the system is this function's own until it returns, and each list of texts ends with `nil`.
    private static func spawn(_ words: [String], output: Int32, errors: Int32, _ process: inout pid_t) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that what it starts can be killed with it; and signals as programs expect them, whatever
        // this process and this thread ignore and block.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        let variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe arguments.indices { unsafe free(arguments[index]) }
            for index in unsafe variables.indices { unsafe free(variables[index]) }
        }
        return unsafe posix_spawnp(&process, words[0], &actions, &attributes, arguments, variables)
    }

    /// Reads until the program has ended; blocks.
    private func wait() throws -> Result {
        var texts = [Data(), Data()]
        let outcome = Swift.Result { try collect(&texts) }
        for output in outputs { close(output) }
        // The group may hold more than the program itself. Once its end was waited for, the number may be another's.
        Self.running.withLock { running in
            kill(-process, SIGKILL)
            running.remove(process)
        }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        try outcome.get()
        let signal = status & 0x7F
        return Result(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            output: texts[0],
            errors: texts[1]
        )
    }

    private func collect(_ texts: inout [Data]) throws {
        let end = Self.uptime() + timeLimit
        var open = [true, true]
        while true {
            if isCancelled.withLock({ $0 }) { throw CancellationError() }
            guard Self.uptime() < end else { throw Failure(reason: "ran for more than \(Int(timeLimit)) seconds") }
            var waiting = zip(outputs, open).map { pollfd(fd: $1 ? $0 : -1, events: Int16(POLLIN), revents: 0) }
            let hasEnded = hasEnded()
            // Wakes up often enough for a cancellation to be noticed, and for an end with outputs that others hold open.
            let ready = SystemCalls.poll(&waiting, milliseconds: hasEnded ? 0 : 20)
            if ready == 0, hasEnded { return }
            for index in 0..<2 where waiting[index].revents != 0 {
                var buffer = [UInt8](repeating: 0, count: 16 << 10)
                let count = SystemCalls.read(outputs[index], into: &buffer)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { open[index] = false } else { texts[index] += buffer[..<count] }
                guard texts[index].count <= Self.outputLimit else { throw Failure(reason: "writes too much") }
            }
        }
    }

    /// Whether the program has ended; it stays a zombie until ``wait()`` asks for its status.
    private func hasEnded() -> Bool {
        // The system fills in all that is read of it, or leaves its zeros.
        var info = unsafe siginfo_t()
        return unsafe waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_signo == SIGCHLD
    }

    private static func uptime() -> TimeInterval {
        SystemCalls.time(CLOCK_MONOTONIC) / .seconds(1)
    }
}
