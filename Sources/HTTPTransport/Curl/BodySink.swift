import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Takes in a reply's body, within its limit: into memory, or into a file where the reply is a success.
struct BodySink {
    /// The largest body of an error beside a file.
    private static let errorLimit = 1 << 20

    private let destination: HTTPDestination
    private let limit: Int
    private var received = Data()
    private var descriptor: Int32 = -1
    private var written = 0

    init(_ destination: HTTPDestination, limit: Int) {
        self.destination = destination
        self.limit = limit
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer, status: Int) throws(HTTPClientError) {
        guard let path = path(status) else {
            let limit = destination == .memory ? limit : Self.errorLimit
            try check(received.count + bytes.count, limit)
            received.append(contentsOf: bytes)
            return
        }
        try check(written + bytes.count, limit)
        do {
            if descriptor < 0 { descriptor = try FileAccess.openForWriting(path) }
            try FileAccess.write(descriptor, path, bytes)
        } catch {
            throw HTTPClientError(.fileFailed, error.description, mayHaveBeenProcessed: true)
        }
        written += bytes.count
    }

    /// Ends the body, an empty one's file included, and returns what is in memory.
    mutating func finish(status: Int) throws(HTTPClientError) -> Data {
        if descriptor < 0, path(status) != nil {
            try write(UnsafeRawBufferPointer(start: nil, count: 0), status: status)
        }
        return received
    }

    mutating func close() {
        if descriptor >= 0 { closeFile(descriptor) }
        descriptor = -1
    }

    private func path(_ status: Int) -> String? {
        guard case .file(let path) = destination, (200..<300).contains(status) else { return nil }
        return path
    }

    private func check(_ count: Int, _ limit: Int) throws(HTTPClientError) {
        guard count > limit else { return }
        throw HTTPClientError(
            .responseTooLarge,
            "the reply is larger than \(limit) bytes",
            mayHaveBeenProcessed: true
        )
    }
}

/// The system's `close`, which the name of the method hides.
private func closeFile(_ descriptor: Int32) {
    close(descriptor)
}
