import FoundationEssentials
import HTTPTransport

/// A request's body with the digest that is signed for it: computed once, since every attempt sends the same bytes.
struct AWSPayload: Sendable {
    var body: HTTPBody?
    var hash: SigV4PayloadHash

    /// - Throws: ``AWSSigningError`` when libcrypto fails.
    init(_ data: Data?) throws {
        body = data.map(HTTPBody.data)
        hash = .digest(
            try data.map { $0.isEmpty ? SigV4.emptyPayloadHash : try SigV4.payloadHash($0) } ?? SigV4.emptyPayloadHash
        )
    }

    /// Bytes whose SHA-256 digest is known.
    init(_ data: Data, sha256: [UInt8]) {
        body = .data(data)
        hash = .digest(Digest.hex(sha256))
    }

    /// A range of a file whose SHA-256 digest is known.
    init(_ range: HTTPFileRange, sha256: [UInt8]) {
        body = .file(range)
        hash = .digest(Digest.hex(sha256))
    }
}
