import CLibcurl

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The calls of the system on files, with failures that name the file.
package enum FileAccess {
    /// A file can't be used.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
        /// Whether there was no room for one more open file, which passes.
        package private(set) var isForLackOfFiles = false

        init(_ path: String, _ what: String) {
            description = "the file '\(path)' \(what)"
        }

        /// With the words for the system's error number.
        package init(_ path: String, _ what: String, errno code: Int32) {
            self.init(path, "\(what): \(SystemCalls.text(errno: code))")
            isForLackOfFiles = code == EMFILE || code == ENFILE
        }
    }

    /// How many files the process may have open.
    static var mostOpenFiles: Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        // Where the system doesn't tell, as many as POSIX promises.
        return unsafe getrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : 20
    }

    /// A descriptor that was just opened, unless it is one of the last few, which are left to the runtime: then it is
    /// closed, and the result is -1 with `EMFILE`.
    package static func unlessSpare(_ descriptor: Int32) -> Int32 { quali_unless_spare(descriptor) }

    /// Whether the process may open one more file, and leave enough to the runtime.
    static var canOpenFiles: Bool {
        let descriptor = unlessSpare(SystemCalls.open("/dev/null", O_RDONLY | O_CLOEXEC))
        guard descriptor < 0 else {
            close(descriptor)
            return true
        }
        return errno != EMFILE && errno != ENFILE
    }

    /// Opens a regular file that has at least the range; the caller closes it.
    static func openForReading(_ range: HTTPFileRange) throws(Failure) -> Int32 {
        // A pipe without a writer must not block.
        let descriptor = unlessSpare(SystemCalls.open(range.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        guard descriptor >= 0 else { throw Failure(range.path, "can't be read", errno: errno) }
        guard let status = SystemCalls.status(of: descriptor), status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(range.path, "is no regular file")
        }
        guard range.offset >= 0, range.length >= 0, range.offset <= Int.max - range.length,
            range.offset + range.length <= status.st_size
        else {
            close(descriptor)
            throw Failure(range.path, "has \(status.st_size) bytes, fewer than are to be read")
        }
        return descriptor
    }

    /// Reads at least one byte, and at most as many as the buffer has.
    static func read(
        _ descriptor: Int32,
        _ path: String,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Int {
        while true {
            let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count > 0 { return count }
            guard count < 0 else { throw Failure(path, "has become shorter while it was read") }
            guard errno == EINTR else { throw Failure(path, "can't be read", errno: errno) }
        }
    }

    /// Creates or empties a file, or, from an offset on, opens one that exists; the caller closes it.
    static func openForWriting(_ path: String, at offset: Int?) throws(Failure) -> Int32 {
        let creation = offset == nil ? O_CREAT | O_TRUNC : 0
        let flags = O_WRONLY | creation | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = unlessSpare(SystemCalls.open(path, flags, mode: 0o666))
        guard descriptor >= 0 else { throw Failure(path, "can't be written", errno: errno) }
        if let offset, lseek(descriptor, off_t(offset), SEEK_SET) < 0 {
            defer { close(descriptor) }
            throw Failure(path, "can't be written", errno: errno)
        }
        return descriptor
    }

    /// Writes all bytes.
    static func write(_ descriptor: Int32, _ path: String, _ bytes: Span<UInt8>) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = SystemCalls.write(descriptor, rest)
            if count >= 0 {
                rest = rest.extracting(droppingFirst: count)
            } else if errno != EINTR {
                throw Failure(path, "can't be written", errno: errno)
            }
        }
    }

    /// The range, a MiB at most at a time.
    ///
    /// Gives way to other tasks between the pieces, and stops for a cancellation.
    @concurrent package static func forEachPiece(
        of range: HTTPFileRange,
        _ body: (Span<UInt8>) throws -> Void
    ) async throws {
        let descriptor = try openForReading(range)
        defer { close(descriptor) }
        // Not initialized, as reading does that; only what was read is given on.
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: min(max(range.length, 1), 1 << 20))
        defer { unsafe buffer.deallocate() }
        var done = 0
        while done < range.length {
            try Task.checkCancellation()
            let wanted = unsafe UnsafeMutableRawBufferPointer(
                start: buffer.baseAddress,
                count: min(buffer.count, range.length - done)
            )
            let count = try unsafe read(descriptor, range.path, at: range.offset + done, into: wanted)
            try body(unsafe buffer.extracting(..<count).span)
            done += count
            await Task.yield()
        }
    }

    /// What tells whether a file is still the one that it was.
    package struct Identity: Sendable, Hashable {
        package var size: Int
        private var file: [UInt64]
        private var changed: [Int]

        init(_ status: stat) {
            size = Int(status.st_size)
            file = [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]
            changed = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        }
    }

    package static func identity(_ path: String) throws(Failure) -> Identity {
        guard let status = SystemCalls.status(of: path) else { throw Failure(path, "can't be read", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(path, "is no regular file") }
        return Identity(status)
    }

    /// Brings a file to the disk and gives it its final name.
    ///
    /// On a thread of its own, because a disk may take long.
    package static func commit(_ path: String, as final: String) async throws {
        try Task.checkCancellation()
        try await withCheckedThrowingContinuation { continuation in
            let code = OwnThread.start { continuation.resume(with: Result { try synchronize(path, final) }) }
            if code != 0 {
                continuation.resume(throwing: Failure(final, "can't be written without a thread", errno: code))
            }
        }
    }

    package static func remove(_ path: String) {
        SystemCalls.unlink(path)
    }

    private static func synchronize(_ path: String, _ final: String) throws {
        let descriptor = SystemCalls.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path, "can't be read", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(path, "can't be written", errno: errno) }
        guard SystemCalls.rename(path, to: final) else { throw Failure(final, "can't be written", errno: errno) }
        // The name is on the disk once its folder is; where a folder can't be synchronised, the file still is whole.
        let folder = final.lastIndex(of: "/").map { String(final[...$0]) } ?? "."
        let folderDescriptor = SystemCalls.open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard folderDescriptor >= 0 else { return }
        fsync(folderDescriptor)
        close(folderDescriptor)
    }
}
