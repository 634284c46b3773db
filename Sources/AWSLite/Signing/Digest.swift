import COpenSSL
import FoundationEssentials

/// SHA-256 and its keyed form, by the system's libcrypto.
enum Digest {
    /// libcrypto refused to compute a digest: out of memory, or SHA-256 disabled by the system's policy.
    struct Failure: Error {}

    /// SHA-256 fetched once and kept for the life of the process: `EVP_sha256()` is fetched anew by each digest.
    private struct Method: @unchecked Sendable {
        // A fetched method never changes, so threads may share it.
        let pointer: OpaquePointer?
    }

    private static let sha256Method = Method(pointer: EVP_MD_fetch(nil, "SHA256", nil))
    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// The SHA-256 digest of some bytes.
    static func sha256(_ data: Data) throws -> [UInt8] {
        try data.withUnsafeBytes { try sha256($0) }
    }

    /// The SHA-256 digest of some bytes.
    static func sha256(_ bytes: [UInt8]) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try sha256($0) }
    }

    private static func sha256(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let result = EVP_Digest(bytes.baseAddress, bytes.count, &digest, &length, sha256Method.pointer, nil)
        guard result == 1, length == 32 else { throw Failure() }
        return digest
    }

    /// The HMAC-SHA-256 of some bytes under a key.
    static func hmac(key: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
        guard let keyLength = Int32(exactly: key.count) else { throw Failure() }
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard HMAC(sha256Method.pointer, key, keyLength, data, data.count, &code, &length) != nil, length == 32 else {
            throw Failure()
        }
        return code
    }

    /// Bytes as lower-case hexadecimal digits.
    static func hex(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(hexDigits[Int(byte >> 4)])
            text.append(hexDigits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A digest of bytes that come in pieces, by the system's libcrypto.
final class RunningDigest {
    enum Algorithm {
        case md5, sha1, sha256

        fileprivate var method: OpaquePointer? {
            switch self {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            }
        }
    }

    private let context: OpaquePointer

    /// - Throws: ``Digest/Failure`` where the system's policy disables the algorithm.
    init(_ algorithm: Algorithm) throws {
        guard let context = EVP_MD_CTX_new() else { throw Digest.Failure() }
        self.context = context
        guard EVP_DigestInit_ex(context, algorithm.method, nil) == 1 else { throw Digest.Failure() }
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) throws {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else { throw Digest.Failure() }
    }

    /// The digest; nothing can be added after it.
    func finish() throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &digest, &length) == 1 else { throw Digest.Failure() }
        return Array(digest.prefix(Int(length)))
    }
}
