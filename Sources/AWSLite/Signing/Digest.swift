import COpenSSL
import FoundationEssentials

/// SHA-256 and its keyed form, by the system's libcrypto.
enum Digest {
    /// libcrypto refused to compute a digest: out of memory, or SHA-256 disabled by the system's policy.
    struct Failure: Error {}

    /// SHA-256 fetched once and kept for the life of the process: `EVP_sha256()` is fetched anew by each digest.
    // A fetched method never changes, so threads may share it.
    nonisolated(unsafe) fileprivate static let sha256Method = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    /// The SHA-256 digest of some bytes.
    static func sha256(_ data: Data) throws -> [UInt8] {
        try sha256(data.span).bytes
    }

    /// The SHA-256 digest of some bytes, in a vector since that needs no storage of its own.
    static func sha256(_ bytes: Span<UInt8>) throws -> SIMD32<UInt8> {
        var digest = SIMD32<UInt8>()
        // It has the 32 bytes that SHA-256 makes.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe withUnsafeMutableBytes(of: &digest) {
                unsafe EVP_Digest(bytes.baseAddress, bytes.count, $0.baseAddress, nil, sha256Method, nil)
            }
        }
        guard result == 1 else { throw Failure() }
        return digest
    }

    /// Bytes as lower-case hexadecimal digits.
    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// A digest as lower-case hexadecimal digits.
    static func hex(_ digest: SIMD32<UInt8>) -> String {
        String(capacity: digest.scalarCount * 2) { $0.writeHex(digest) }
    }
}

/// A key of HMAC-SHA-256.
///
/// RFC 2104 hashes the key, padded to a block of SHA-256, before the message, and before the digest of both. The states
/// after either block are kept and copied, so that a code hashes nothing but its message and a digest.
final class HMACKey: @unchecked Sendable {
    // Changed by `init` only, so threads may copy them at the same time.
    private let inner: RunningDigest
    private let outer: RunningDigest

    /// - Throws: ``Digest/Failure`` when libcrypto fails.
    init(_ key: Span<UInt8>) throws {
        var padded = SIMD64<UInt8>()
        if key.count > padded.scalarCount {
            padded.lowHalf = try Digest.sha256(key)
        } else {
            for index in key.indices { padded[index] = key[index] }
        }
        inner = try RunningDigest(.sha256)
        outer = try RunningDigest(.sha256)
        try inner.update((padded ^ 0x36).bytes.span)
        try outer.update((padded ^ 0x5C).bytes.span)
    }

    /// The code of a message.
    ///
    /// - Throws: ``Digest/Failure`` when libcrypto fails.
    func code(of message: String) throws -> SIMD32<UInt8> {
        // The code has the 32 bytes that SHA-256 makes, and the context is this function's own.
        guard let context = unsafe EVP_MD_CTX_new() else { throw Digest.Failure() }
        defer { unsafe EVP_MD_CTX_free(context) }
        var code = SIMD32<UInt8>()
        let isComputed = unsafe message.utf8Span.span.withUnsafeBytes { message in
            unsafe withUnsafeMutableBytes(of: &code) { code in
                unsafe EVP_MD_CTX_copy_ex(context, inner.context) == 1
                    && EVP_DigestUpdate(context, message.baseAddress, message.count) == 1
                    && EVP_DigestFinal_ex(context, code.baseAddress, nil) == 1
                    && EVP_MD_CTX_copy_ex(context, outer.context) == 1
                    && EVP_DigestUpdate(context, code.baseAddress, code.count) == 1
                    && EVP_DigestFinal_ex(context, code.baseAddress, nil) == 1
            }
        }
        guard isComputed else { throw Digest.Failure() }
        return code
    }
}

/// A digest of bytes that come in pieces, by the system's libcrypto.
@safe final class RunningDigest {
    enum Algorithm {
        case md5, sha1, sha256

        // They stay for the life of the process.
        @unsafe fileprivate var method: OpaquePointer? {
            switch self {
            case .md5: unsafe EVP_md5()
            case .sha1: unsafe EVP_sha1()
            case .sha256: unsafe Digest.sha256Method
            }
        }
    }

    // Made and freed with this object.
    fileprivate let context: OpaquePointer

    /// - Throws: ``Digest/Failure`` where the system's policy disables the algorithm.
    init(_ algorithm: Algorithm) throws {
        guard let context = unsafe EVP_MD_CTX_new() else { throw Digest.Failure() }
        unsafe self.context = context
        guard unsafe EVP_DigestInit_ex(context, algorithm.method, nil) == 1 else { throw Digest.Failure() }
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    func update(_ bytes: Span<UInt8>) throws {
        let isAdded = unsafe bytes.withUnsafeBytes { bytes in
            unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
        }
        guard isAdded else { throw Digest.Failure() }
    }

    /// The digest; nothing can be added after it.
    func finish() throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard unsafe EVP_DigestFinal_ex(context, &digest, &length) == 1 else { throw Digest.Failure() }
        return Array(digest.prefix(Int(length)))
    }
}

extension SIMD where Scalar == UInt8 {
    /// Its bytes, from the first to the last.
    var bytes: [UInt8] { indices.map { self[$0] } }
}
