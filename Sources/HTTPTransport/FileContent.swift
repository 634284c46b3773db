#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

extension FileAccess {
    /// The whole of a small file, and what the system said of that very file.
    package struct Content: Sendable {
        /// The bytes.
        package var bytes: [UInt8]
        /// What tells whether it is still the same; `nil` for a pipe or a device, which can be read once only.
        package var identity: Identity?
        /// Who may do what with it, such as `0o640`.
        package var mode: UInt32

        /// The mode as `chmod` takes it, such as `0640`.
        package var modeText: String {
            let digits = String(mode, radix: 8)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }

        /// Whether it is a file that others than its owner and its group may read.
        package var isOpenToOthers: Bool { identity != nil && mode & 0o004 != 0 }
        /// Whether it is a file that others than its owner and its group may change.
        package var isWritableByOthers: Bool { identity != nil && mode & 0o002 != 0 }
    }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes that it may have.
    ///   - mayBePipe: Whether a pipe or a device is read to its end, which takes as long as somebody writes; else it is
    ///     refused without waiting for anybody.
    /// - Returns: Its bytes, and what the system said of it.
    /// - Throws: ``Failure`` where it can't be read, is no regular file, or is larger than the limit.
    package static func content(
        of path: String,
        limit: Int = 1 << 20,
        mayBePipe: Bool = false
    ) throws(Failure) -> Content {
        let descriptor = SystemCalls.open(path, O_RDONLY | O_CLOEXEC | (mayBePipe ? 0 : O_NONBLOCK))
        guard descriptor >= 0 else { throw Failure(path, "can't be read", errno: errno) }
        defer { close(descriptor) }
        guard let status = SystemCalls.status(of: descriptor) else {
            throw Failure(path, "can't be read", errno: errno)
        }
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        guard isRegular || mayBePipe else { throw Failure(path, "is no regular file") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = SystemCalls.read(descriptor, into: &buffer)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(path, "can't be read", errno: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw Failure(path, "is larger than \(limit) bytes") }
        }
        return Content(
            bytes: bytes,
            identity: isRegular ? Identity(status) : nil,
            mode: UInt32(status.st_mode & 0o7777)
        )
    }
}
