import Foundation

/// The folder of a worker's state, which one process at a time owns.
///
/// The owner holds a lock of the kernel's on a file in it. The lock goes with the process, however that ends, so there
/// is nothing to clean up after a crash.
final class StateFolder: Sendable {
    /// The file that is locked, and that holds the owner's process id.
    static let lockName = "worker.lock"

    private let lock: Int32

    /// Makes the folder if there is none, for its owner's eyes alone, and takes it.
    ///
    /// - Throws: ``JournalError`` when the folder can't be used or another process has it.
    init(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Self.unusable(path, "can't be made: \(error.localizedDescription)")
        }
        let file = "\(path)/\(Self.lockName)"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.unusable(path, "can't be written: \(String(cString: strerror(errno)))") }
        var isOwner = flock(lock, LOCK_EX | LOCK_NB) == 0
        // Whoever just asks who has the folder holds the lock for a moment.
        for _ in 0..<5 where !isOwner {
            usleep(20_000)
            isOwner = flock(lock, LOCK_EX | LOCK_NB) == 0
        }
        guard isOwner else {
            let owner = (try? String(contentsOfFile: file, encoding: .utf8)).map {
                " (process \($0.trimmingWhitespace))"
            }
            close(lock)
            throw JournalError(
                .inUse,
                """
                Another worker\(owner ?? "") is using the state folder '\(path)'. Stop that one, or give this one a folder \
                of its own with QUALI_STATE_DIR.
                """
            )
        }
        let id = Array("\(getpid())\n".utf8)
        _ = ftruncate(lock, 0)
        _ = pwrite(lock, id, id.count, 0)
    }

    deinit {
        close(lock)
    }

    /// The error that says why the folder can't be used.
    static func unusable(_ path: String, _ reason: String) -> JournalError {
        JournalError(
            .unusableFolder,
            """
            The state folder '\(path)' \(reason). The worker keeps there what it must not forget; name a folder that it \
            may write with QUALI_STATE_DIR.
            """
        )
    }
}
