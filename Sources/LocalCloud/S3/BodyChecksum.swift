import COpenSSL
import Foundation

/// The checksums that S3 takes along with a body, each computed here anew.
enum BodyChecksum: String, CaseIterable {
    case crc32, crc32c, crc64nvme, sha1, sha256, sha512, md5, xxhash64, xxhash3, xxhash128

    /// The field that a checksum comes in.
    var field: String { "x-amz-checksum-\(rawValue)" }

    /// The checksum of a body, in base64 as it is sent.
    func text(of body: Data) -> String { Data(bytes(of: body)).base64EncodedString() }

    private func bytes(of body: Data) -> [UInt8] {
        switch self {
        case .crc32: Self.crc(body, 0xEDB8_8320, width: 32)
        case .crc32c: Self.crc(body, 0x82F6_3B78, width: 32)
        case .crc64nvme: Self.crc(body, 0x9A6C_9329_AC4B_C9B5, width: 64)
        // The sizes are those of the two.
        case .sha1: unsafe Digest.digest(body, EVP_sha1(), size: 20)
        case .sha256: Digest.sha256(body)
        case .sha512: unsafe Digest.digest(body, EVP_sha512(), size: 64)
        case .md5: Digest.md5(body)
        case .xxhash64: XXHash(body).xxh64
        case .xxhash3: XXHash(body).xxh3
        case .xxhash128: XXHash(body).xxh128
        }
    }

    /// A cyclic redundancy check with reflected bits, most significant byte first.
    private static func crc(_ body: Data, _ polynomial: UInt64, width: Int) -> [UInt8] {
        let table = (0..<256).map { byte in
            (0..<8).reduce(UInt64(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
        }
        let ones = UInt64.max >> UInt64(64 - width)
        let value = body.reduce(ones) { table[Int(($0 ^ UInt64($1)) & 0xFF)] ^ $0 >> 8 } ^ ones
        return stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
    }

    /// Checks what a client has sent along with a body, as S3 does: one checksum at most, and the right one.
    static func check(_ request: LocalRequest) throws(S3Failure) {
        let known = Set(allCases.map(\.field) + ["x-amz-checksum-algorithm", "x-amz-checksum-type"])
        let sent = Set(request.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("x-amz-checksum-") })
        if let other = sent.subtracting(known).min() {
            throw S3Failure(
                status: 400,
                code: "InvalidRequest",
                message: "The value of \(other) is of no known algorithm"
            )
        }
        let fields = allCases.filter { sent.contains($0.field) }
        guard fields.count < 2 else {
            throw S3Failure(
                status: 400,
                code: "InvalidRequest",
                message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )
        }
        for checksum in fields {
            let right = checksum.text(of: request.body)
            let claimed = request[checksum.field] ?? ""
            guard Data(base64Encoded: claimed)?.count == Data(base64Encoded: right)?.count else {
                throw S3Failure(
                    status: 400,
                    code: "InvalidRequest",
                    message: "Value for \(checksum.field) header is invalid."
                )
            }
            guard claimed == right else {
                throw S3Failure(
                    status: 400,
                    code: "BadDigest",
                    message:
                        "The \(checksum.rawValue.uppercased()) you specified did not match the calculated checksum."
                )
            }
        }
        guard let claimed = request["Content-MD5"], claimed != BodyChecksum.md5.text(of: request.body) else { return }
        throw S3Failure(status: 400, code: "BadDigest", message: "The Content-MD5 you specified did not match")
    }
}
