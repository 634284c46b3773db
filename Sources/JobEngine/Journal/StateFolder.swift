import Foundation
import HTTPTransport

/// The folder of a worker's state, which one process at a time owns.
///
/// The owner holds a lock of the kernel's on a file in it. The lock goes with the process, however that ends, so there
/// is nothing to clean up after a crash.
final class StateFolder: Sendable {
    /// The file that is locked, and that holds the owner's process id.
    static let lockName = "worker.lock"

    private let path: String
    private let lock: Int32
    /// The journal's file, once it is open.
    private let journal = Locked<FileNumber?>(nil)

    /// What tells a file from one that has taken its place.
    fileprivate struct FileNumber: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    /// Makes the folder if there is none, for its owner's eyes alone, and takes it.
    ///
    /// - Throws: ``JournalError`` when the folder can't be used or another process has it.
    init(_ path: String) throws {
        self.path = path
        try Self.make(path)
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IWOTH != 0 {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw Self.unusable(path, "can be written by others on this host (mode \(mode)): run chmod o-w \(path)")
        }
        let file = "\(path)/\(Self.lockName)"
        lock = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.failure(path, "can't be written", errno) }
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
                of its own.
                """
            )
        }
        let id = Array("\(getpid())\n".utf8)
        _ = ftruncate(lock, 0)
        _ = unsafe pwrite(lock, id, id.count, 0)
    }

    deinit {
        close(lock)
    }

    private static func make(_ path: String) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard unsafe mkdir(made, 0o700) == 0 || errno == EEXIST else { throw failure(path, "can't be made", errno) }
        }
    }

    /// Makes a file in the folder if there is none, for its owner's eyes alone.
    ///
    /// - Throws: ``JournalError``.
    func touch(_ file: String) throws {
        let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path, "holds \(file), which can't be written", errno) }
        var status = stat()
        // A descriptor's is always to be had.
        if unsafe fstat(descriptor, &status) == 0 { journal.withLock { $0 = FileNumber(status) } }
        close(descriptor)
    }

    /// Makes sure that the next run would find here what this one writes.
    ///
    /// - Throws: ``JournalError`` when the folder, its lock or its journal is gone or is another one's.
    func checkPlace() throws {
        var status = stat()
        guard unsafe fstat(lock, &status) == 0 else { return }
        let files = [(Self.lockName, FileNumber(status)), (SQLiteJobJournal.name, journal.withLock { $0 })]
        for (name, own) in files {
            let file = "\(path)/\(name)"
            if unsafe stat(file, &status) == 0 {
                if own == nil || own == FileNumber(status) { continue }
            } else if errno != ENOENT, errno != ENOTDIR {
                throw Self.failure(path, "can't be looked at", errno)
            }
            throw JournalError(
                .vanished,
                """
                The file '\(file)' was removed or replaced while the worker uses it, so what the worker notes is lost \
                when it ends. Put the state folder back as it was; else the worker ends in good order after a minute.
                """
            )
        }
    }

    /// The error for a call of the system's that has failed.
    ///
    /// What may pass by itself, such as a full disk, is told from what a person has to change.
    static func failure(_ path: String, _ what: String, _ code: Int32) -> JournalError {
        let reason = unsafe "\(what): \(String(cString: strerror(code)))"
        let lasting = [EACCES, EPERM, ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL, ENODEV, ENXIO, EEXIST]
        return lasting.contains(code) ? unusable(path, reason) : troubled(path, reason)
    }

    /// The error that says that the folder can't be used for now.
    static func troubled(_ path: String, _ reason: String) -> JournalError {
        JournalError(
            .diskTrouble,
            """
            The state folder '\(path)' \(reason). The worker waits until it can note there what it must not forget; make \
            room, or make the disk writable.
            """
        )
    }

    /// The error that says why the folder can't be used.
    static func unusable(_ path: String, _ reason: String) -> JournalError {
        JournalError(
            .unusableFolder,
            """
            The state folder '\(path)' \(reason). The worker keeps there what it must not forget; name a folder that it \
            may write.
            """
        )
    }
}

extension StateFolder.FileNumber {
    fileprivate init(_ status: stat) {
        (device, inode) = (status.st_dev, status.st_ino)
    }
}
