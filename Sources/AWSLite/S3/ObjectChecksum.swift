import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// What the head of an object's reply says about the bytes of its body, and the check of it.
///
/// Only checksums over the whole object count. A multipart object's may be one over the parts' checksums, written with
/// the number of parts (`…-3`); that can't be checked without the parts' sizes. The ETag is an MD5 digest only for an
/// object written at once and not encrypted under a KMS key or a customer's.
struct ObjectChecksum {
    private enum Work {
        case digest(RunningDigest)
        case crc(CRC)
    }

    let name: String
    private let expected: [UInt8]
    private var work: Work

    /// The strongest check that the head allows; `nil` where it allows none.
    ///
    /// - Throws: ``Digest/Failure``
    init?(_ fields: HTTPFields) throws {
        guard fields[.amz("x-amz-checksum-type")] != "COMPOSITE" else { return nil }
        if let (name, expected, work) = try Self.sent(fields) ?? Self.md5(fields) {
            (self.name, self.expected, self.work) = (name, expected, work)
        } else {
            return nil
        }
    }

    private static func sent(_ fields: HTTPFields) throws -> (String, [UInt8], Work)? {
        func value(_ name: HTTPField.Name, _ length: Int) -> [UInt8]? {
            fields[name].flatMap { Data(base64Encoded: $0) }.map(Array.init).flatMap { $0.count == length ? $0 : nil }
        }
        if let sum = value(.amz("x-amz-checksum-sha256"), 32) {
            return ("SHA-256", sum, .digest(try RunningDigest(.sha256)))
        }
        if let sum = value(.amz("x-amz-checksum-sha1"), 20) {
            return ("SHA-1", sum, .digest(try RunningDigest(.sha1)))
        }
        if let sum = value(.amz("x-amz-checksum-crc64nvme"), 8) { return ("CRC-64/NVME", sum, .crc(CRC(.crc64NVME))) }
        if let sum = value(.amz("x-amz-checksum-crc32c"), 4) { return ("CRC-32C", sum, .crc(CRC(.crc32c))) }
        if let sum = value(.amz("x-amz-checksum-crc32"), 4) { return ("CRC-32", sum, .crc(CRC(.crc32))) }
        return nil
    }

    private static func md5(_ fields: HTTPFields) throws -> (String, [UInt8], Work)? {
        let encryption = fields[.amz("x-amz-server-side-encryption")]
        guard encryption == nil || encryption == "AES256",
            fields[.amz("x-amz-server-side-encryption-customer-algorithm")] == nil,
            let expected = fields[.eTag].flatMap(md5(inTag:)),
            // A system under FIPS rules has no MD5; then there is no check, as there is none in botocore.
            let digest = try? RunningDigest(.md5)
        else { return nil }
        return ("MD5", expected, .digest(digest))
    }

    /// The digest that an entity tag in quotation marks is made of; `nil` where it is none.
    static func md5(inTag text: String) -> [UInt8]? {
        guard text.utf8.count == 34, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        return bytes(hexadecimal: text.dropFirst().dropLast())
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }

    mutating func update(_ bytes: Span<UInt8>) throws {
        switch work {
        case .digest(let digest): try digest.update(bytes)
        case .crc(var crc):
            crc.update(bytes)
            work = .crc(crc)
        }
    }

    /// The checksum's algorithm where that of the whole follows from those of its parts.
    var algorithmOfParts: CRC.Algorithm? {
        if case .crc(let crc) = work { crc.algorithm } else { nil }
    }

    /// - Throws: ``AWSError`` with the code ``AWSError/Code/checksumMismatch``.
    func verify() throws {
        switch work {
        case .digest(let digest): try verify(digest.finish())
        case .crc(let crc): try verify(crc.bytes)
        }
    }

    /// Verifies what was computed elsewhere.
    ///
    /// - Throws: ``AWSError`` with the code ``AWSError/Code/checksumMismatch``.
    func verify(_ actual: [UInt8]) throws {
        guard actual == expected else {
            throw AWSError(.checksumMismatch, "the body that came hasn't the \(name) checksum that S3 sent with it")
        }
    }
}
