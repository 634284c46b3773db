import FoundationEssentials

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Takes in a reply's body, within its limit: into memory, or into a file or a reader where the reply is a success.
struct BodySink {
    /// The largest body of an error beside a file.
    private static let errorLimit = 1 << 20

    private let destination: HTTPDestination
    private let limit: Int
    private let acceptsBeginning: Bool
    private var received = Data()
    private var descriptor: Int32 = -1
    private var written = 0
    /// Whether bytes beyond the limit came, and the beginning will do.
    private(set) var isCutOff = false

    init(_ call: HTTPCall) {
        destination = call.destination
        limit = call.responseLimit
        acceptsBeginning = call.acceptsBeginning
    }

    /// Returns how many bytes are taken: fewer than there are where the rest isn't wanted.
    mutating func write(_ bytes: Span<UInt8>, status: Int) throws(HTTPClientError) -> Int {
        let isSuccess = (200..<300).contains(status)
        let passesOn = isSuccess && destination != .memory
        let limit = destination == .memory || isSuccess ? limit : Self.errorLimit
        let room = limit - (passesOn ? written : received.count)
        if bytes.count > room {
            guard acceptsBeginning, isSuccess else { throw Self.tooLarge(limit) }
            isCutOff = true
        }
        let taken = bytes.extracting(first: max(room, 0))
        if passesOn {
            try passOn(taken)
        } else {
            // It copies them.
            unsafe taken.withUnsafeBufferPointer { unsafe received.append($0) }
        }
        return taken.count
    }

    private mutating func passOn(_ bytes: Span<UInt8>) throws(HTTPClientError) {
        let (path, offset): (String, Int?)
        switch destination {
        case .memory: return
        case .reader(let reader):
            reader.take(bytes)
            written += bytes.count
            return
        case .file(let name): (path, offset) = (name, nil)
        case .fileAt(let name, let start): (path, offset) = (name, start)
        }
        do {
            if descriptor < 0 { descriptor = try FileAccess.openForWriting(path, at: offset) }
            try FileAccess.write(descriptor, path, bytes)
        } catch {
            throw HTTPClientError(error, mayHaveBeenProcessed: true)
        }
        written += bytes.count
    }

    /// Ends the body, an empty one's file included, and returns what is in memory.
    mutating func finish(status: Int) throws(HTTPClientError) -> Data {
        if descriptor < 0, (200..<300).contains(status) {
            try passOn(Span())
        }
        return received
    }

    mutating func close() {
        if descriptor >= 0 { closeFile(descriptor) }
        descriptor = -1
    }

    private static func tooLarge(_ limit: Int) -> HTTPClientError {
        HTTPClientError(.responseTooLarge, "the reply is larger than \(limit) bytes", mayHaveBeenProcessed: true)
    }
}

/// The system's `close`, which the name of the method hides.
private func closeFile(_ descriptor: Int32) {
    close(descriptor)
}
