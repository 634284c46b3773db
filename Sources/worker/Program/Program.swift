import AWSLite
import CProcess
import Foundation
import WorkerSettings

/// What concerns the process as a whole.
enum Program {
    /// The program's version.
    static let version = "0.1.0"

    /// How many files may be open at once, which is as many as the system permits up to a million.
    static let fileLimit = Int(quali_raise_file_limit(1 << 20))
    /// How many files a worker of ordinary size should have; with fewer it waits where others would go on.
    static let fewFiles = 512
    /// With fewer files a worker isn't started: Swift's runtime ends a process that has none left.
    static let fewestFiles = 64
    /// Signals without a meaning here, which would end the process: one that somebody sends by mistake does no harm.
    private static let ignoredSignals =
        [SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXFSZ, SIGIO, SIGPWR, SIGSTKFLT]
        // Signals 32 and 33 are glibc's own.
        + Array(34...64)

    /// Sets up the process, before anything else happens in it.
    static func prepare() {
        openStandardDescriptors()
        // A peer that closes a connection must cost a call, and a full quota a write, not the process.
        for number in ignoredSignals { signal(number, SIG_IGN) }
        // Before signals are trapped, which ignores them as far as the kernel is concerned.
        _ = stopsAtHangup
        quali_hide_memory()
        _ = fileLimit
        HeapMemory.shareHeaps()
        // While there is no other thread that might read the environment.
        _ = ProcessEnvironment.variables
    }

    /// The program's arguments, without its name.
    static var arguments: [String] { arguments(CommandLine.arguments) }

    /// The program's arguments, without its name.
    ///
    /// `found` is what Swift has found. That is nothing where a library that was loaded before has changed the
    /// environment (https://github.com/swiftlang/swift/issues/76080); the kernel has them in any case.
    static func arguments(_ found: [String]) -> [String] {
        if !found.isEmpty { return Array(found.dropFirst()) }
        guard let words = try? FileHandle(forReadingAtPath: "/proc/self/cmdline")?.readToEnd() else { return [] }
        return words.split(separator: 0, omittingEmptySubsequences: false).dropLast().dropFirst()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a signal is ignored, such as SIGHUP by nohup(1).
    static func ignores(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        // A handler is compared as a number, and never called.
        let handler = unsafe action.__sigaction_handler.sa_handler
        return unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Whether SIGHUP says that the process's terminal is gone.
    static let stopsAtHangup: Bool = {
        let terminal = unsafe open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return !ignores(SIGHUP)
    }()

    /// Leaves nothing behind before the process ends: no program that it has started, no terminal without echo, and,
    /// where somebody reads it, nothing unsaid.
    static func tidyUp() {
        ChildProcess.killAll()
        Terminal.restore()
        StandardError.flush()
    }

    /// Puts the proxies of a configuration file where libcurl reads them: into the environment.
    ///
    /// It must be called before the first client is made, since nobody may read the environment meanwhile.
    static func exportProxies(_ sources: SettingSources) {
        for name in ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
            // What is there already is stronger.
            if let value = sources.merged[name] { unsafe setenv(name, value, 0) }
        }
    }

    /// Opens what is closed of standard input, output and error, lest a socket or the journal get its number, and a text
    /// for a person be written there.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number, which is this one's.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}
