import COpenSSL
import Foundation

/// Digests by libcrypto, apart from those of `AWSLite`, so that a client's mistake can't hide in shared code.
enum Digest {
    static func sha256(_ data: Data) -> [UInt8] { unsafe digest(data, EVP_sha256(), size: 32) }
    static func md5(_ data: Data) -> [UInt8] { unsafe digest(data, EVP_md5(), size: 16) }

    static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        let message = Array(text.utf8)
        var result = [UInt8](repeating: 0, count: 32)
        var size: UInt32 = 32
        _ = unsafe HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &result, &size)
        return result
    }

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// `size` is how many bytes libcrypto writes for this kind of digest.
    @unsafe static func digest(_ data: Data, _ kind: OpaquePointer?, size: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: size)
        unsafe data.withUnsafeBytes { bytes in
            _ = unsafe EVP_Digest(bytes.baseAddress, bytes.count, &result, nil, kind, nil)
        }
        return result
    }
}
