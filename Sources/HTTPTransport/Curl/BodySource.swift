import FoundationEssentials

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Hands out a request's body piece by piece.
final class BodySource {
    private let body: HTTPBody
    private let descriptor: Int32
    /// How many bytes were handed out.
    private(set) var sent = 0

    /// - Throws: ``HTTPClientError`` with the code ``HTTPClientError/Code/fileFailed``.
    init(_ body: HTTPBody) throws {
        self.body = body
        guard case .file(let range) = body.content else {
            descriptor = -1
            return
        }
        do {
            descriptor = try FileAccess.openForReading(range)
        } catch {
            throw HTTPClientError(error, mayHaveBeenProcessed: false)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Copies the next bytes, no more than the buffer has room for, and returns their number: 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileAccess.Failure) -> Int {
        let wanted = min(buffer.count, body.count - sent)
        guard wanted > 0 else { return 0 }
        switch body.content {
        case .data(let data):
            let start = data.startIndex + sent
            unsafe data.copyBytes(to: buffer, from: start..<start + wanted)
            sent += wanted
            return wanted
        case .file(let range):
            let count = try unsafe FileAccess.read(
                descriptor,
                range.path,
                at: range.offset + sent,
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            )
            sent += count
            return count
        }
    }
}

extension HTTPClientError {
    /// A file that can't be used: for good, or for want of room for one more open file.
    init(_ failure: FileAccess.Failure, mayHaveBeenProcessed: Bool) {
        self.init(
            failure.isForLackOfFiles ? .other : .fileFailed,
            failure.description,
            mayHaveBeenProcessed: mayHaveBeenProcessed
        )
    }
}
