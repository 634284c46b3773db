import Foundation

/// A process that this one has started, and that it waits for.
///
/// Foundation's `Process` ends a program that has started some thousand of them, with a bad pointer.
struct ChildProcess: Sendable {
    /// The process's id.
    let id: pid_t
    private let ending: AsyncStream<Int32>

    /// It can't be started.
    struct Failure: Error {
        let code: Int32
    }

    /// Starts a program without input; what it writes goes to the end of a file.
    init(_ program: String, _ arguments: [String], environment: [String: String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // The threads of Swift's pool have most signals blocked, which a child would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let code = posix_spawn(&id, program, &actions, &attributes, words, variables)
        guard code == 0 else { throw Failure(code: code) }
        self.id = id
        let (ending, ended) = AsyncStream<Int32>.makeStream()
        self.ending = ending
        // A thread of its own, for the wait blocks.
        Thread.detachNewThread { [id] in
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            ended.yield(status)
            ended.finish()
        }
    }

    /// Waits until the process is gone.
    ///
    /// - Returns: What `waitpid` tells of it.
    func end() async -> Int32 {
        for await status in ending { return status }
        return -1
    }
}
