import Foundation

/// What a worker would find in its state folder, learnt without changing anything.
package struct StateFolderReport: Sendable {
    /// What is at the folder's path.
    package enum Place: Sendable, Hashable {
        /// The folder.
        case folder
        /// Nothing yet; the folder that it would be made in.
        case absent(in: String)
        /// Something else: that path is no folder.
        case noFolder(String)
    }

    /// Who has the folder.
    package enum Holder: Sendable, Hashable {
        /// Nobody.
        case nobody
        /// A worker; its process, where that is known.
        case worker(process: String?)
        /// It can't be told, since the lock's file can't be read.
        case unknown
    }

    /// What is at the path.
    package let place: Place
    /// The owner's name, or number where that has none, of the folder or of what it would be made in.
    package private(set) var owner = ""
    /// Its mode.
    package private(set) var mode: UInt32 = 0
    /// Why this process can't write there; `nil` where it can.
    package private(set) var obstacle: String?
    /// The bytes that this process may still write there; `nil` where nobody says.
    package private(set) var freeBytes: Int?
    /// Who has it.
    package private(set) var holder = Holder.nobody

    /// Looks at a folder.
    ///
    /// Blocks as long as the disk takes. A lock that nobody has is taken and given back at once.
    package init(_ path: String) {
        var status = stat()
        var existing = path
        while unsafe stat(existing, &status) != 0 {
            if errno == EACCES {
                place = .absent(in: existing)
                obstacle = unsafe String(cString: strerror(EACCES))
                return
            }
            // Something on the way may be a file.
            let parent = (existing as NSString).deletingLastPathComponent
            guard !parent.isEmpty, parent != existing else { break }
            existing = parent
        }
        owner = Self.name(ofUser: status.st_uid)
        mode = status.st_mode & 0o7777
        guard status.st_mode & S_IFMT == S_IFDIR else {
            place = .noFolder(existing)
            return
        }
        place = existing == path ? .folder : .absent(in: existing)
        if unsafe faccessat(AT_FDCWD, existing, W_OK | X_OK, AT_EACCESS) != 0 {
            obstacle = unsafe String(cString: strerror(errno))
        }
        var system = statvfs()
        if unsafe statvfs(existing, &system) == 0 { freeBytes = Int(system.f_bavail) * Int(system.f_frsize) }
        if place == .folder { holder = Self.holder(of: "\(path)/\(StateFolder.lockName)") }
    }

    private static func holder(of file: String) -> Holder {
        let lock = unsafe open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard lock >= 0 else { return errno == ENOENT ? .nobody : .unknown }
        defer { close(lock) }
        // Shared, so that two who look don't see each other; given back by the close.
        guard flock(lock, LOCK_SH | LOCK_NB) != 0 else { return .nobody }
        let process = (try? String(contentsOfFile: file, encoding: .utf8))?.trimmingWhitespace
        return .worker(process: process.flatMap { $0.isEmpty ? nil : $0 })
    }

    private static func name(ofUser id: uid_t) -> String {
        var entry = unsafe passwd()
        var buffer = [CChar](repeating: 0, count: 16_384)
        var found: UnsafeMutablePointer<passwd>?
        guard unsafe getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil,
            let name = unsafe entry.pw_name
        else {
            return "\(id)"
        }
        // It is in the buffer, which is there until the function ends.
        return unsafe String(cString: name)
    }
}
