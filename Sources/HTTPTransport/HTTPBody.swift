public import FoundationEssentials

/// What a request carries.
public struct HTTPBody: Sendable, Hashable {
    enum Content: Sendable, Hashable {
        case data(Data)
        case file(HTTPFileRange)
    }

    let content: Content

    /// Bytes in memory.
    public static func data(_ data: Data) -> Self { Self(content: .data(data)) }

    /// A range of a file, which is read while it is sent, a little at a time.
    package static func file(_ range: HTTPFileRange) -> Self { Self(content: .file(range)) }

    /// The length in bytes.
    package var count: Int {
        switch content {
        case .data(let data): data.count
        case .file(let range): range.length
        }
    }

    /// The bytes, where they are in memory; `nil` for a file's.
    public var data: Data? {
        if case .data(let data) = content { data } else { nil }
    }
}

/// Consecutive bytes of a file.
package struct HTTPFileRange: Sendable, Hashable {
    /// The path of a regular file.
    package var path: String
    /// Where the range begins, in bytes from the file's beginning.
    package var offset: Int
    /// The range's length in bytes.
    package var length: Int

    /// Creates a range.
    package init(path: String, offset: Int = 0, length: Int) {
        self.path = path
        self.offset = offset
        self.length = length
    }
}

/// Where the body of a reply goes.
package enum HTTPDestination: Sendable, Hashable {
    /// Into ``HTTPReply/body``.
    case memory
    /// Into the file at this path, as it arrives; ``HTTPReply/body`` stays empty.
    ///
    /// The file is created, or emptied first, with the permissions that the process's umask leaves. Only the body of a
    /// 2xx reply goes there; any other's goes into memory, up to 1 MiB, and the file isn't touched. What a failed call
    /// has written stays, for the caller to remove.
    case file(String)
    /// Into the file at this path, which has to exist, from an offset in bytes on; the rest of the file isn't touched.
    ///
    /// All else is as for ``file(_:)``.
    case fileAt(String, offset: Int)
    /// To a reader, as it arrives; ``HTTPReply/body`` stays empty.
    ///
    /// Only the body of a 2xx reply goes there; any other's goes into memory, up to 1 MiB.
    case reader(HTTPBodyReader)
}

/// Takes a reply's body piece by piece, so that nobody has to hold all of it.
package final class HTTPBodyReader: Sendable {
    private let read: @Sendable (Span<UInt8>) -> Void

    /// Creates a reader for one call.
    ///
    /// - Parameter read: Takes the next bytes, of which nothing is there afterwards. It is called on the thread that all
    ///   transfers share, so it must be quick.
    package init(_ read: @escaping @Sendable (Span<UInt8>) -> Void) {
        self.read = read
    }

    /// Takes the next bytes.
    package func take(_ bytes: Span<UInt8>) { read(bytes) }
}

extension HTTPBodyReader: Hashable {
    /// Whether both are the same reader.
    package static func == (left: HTTPBodyReader, right: HTTPBodyReader) -> Bool { left === right }

    /// Hashes which reader it is.
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
