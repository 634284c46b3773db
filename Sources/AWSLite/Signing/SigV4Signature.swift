package import FoundationEssentials
package import HTTPTransport

/// What a signature is good for: one day, one region, one service.
package struct SigV4Scope: Sendable, Hashable {
    /// The day in UTC as `yyyyMMdd`.
    package let day: String
    /// The region, such as `eu-west-1`.
    package let region: String
    /// The service's signing name, such as `codepipeline`.
    package let service: String

    /// Creates a scope.
    package init(day: String, region: String, service: String) {
        self.day = day
        self.region = region
        self.service = service
    }

    /// The scope as the string to sign has it.
    package var text: String { "\(day)/\(region)/\(service)/aws4_request" }
}

/// The arithmetic of AWS Signature Version 4, after the canonical request.
package enum SigV4 {
    /// The name of the algorithm, as in the `Authorization` header.
    package static let algorithm = "AWS4-HMAC-SHA256"

    /// The digest of an empty body.
    package static let emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// A time in UTC as `yyyyMMddTHHmmssZ`, which is the form of `X-Amz-Date`.
    package static func timestamp(_ date: Date) -> String {
        // Howard Hinnant's civil-from-days; years before 0 or after 9999 can't be signed and are pinned.
        let seconds = Int64(min(max(date.timeIntervalSince1970.rounded(.down), -62_167_219_200), 253_402_300_799))
        let (days, second) = (floorDivide(seconds, 86_400), floorRemainder(seconds, 86_400))
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return String(capacity: 16) { text in
            func writeTwoDigits(_ number: Int64) {
                text.write(UInt8(ascii: "0") + UInt8(number / 10))
                text.write(UInt8(ascii: "0") + UInt8(number % 10))
            }
            writeTwoDigits(year / 100)
            writeTwoDigits(year % 100)
            writeTwoDigits(month)
            writeTwoDigits(day)
            text.write(UInt8(ascii: "T"))
            writeTwoDigits(second / 3_600)
            writeTwoDigits(second / 60 % 60)
            writeTwoDigits(second % 60)
            text.write(UInt8(ascii: "Z"))
        }
    }

    /// The hexadecimal SHA-256 digest of a body.
    ///
    /// - Throws: An ``AWSSigningError`` when libcrypto fails.
    package static func payloadHash(_ body: Data) throws -> String {
        do { return Digest.hex(try Digest.sha256(body.span)) } catch {
            throw AWSSigningError.cryptography
        }
    }

    /// The string to sign.
    ///
    /// - Throws: An ``AWSSigningError`` when libcrypto fails.
    package static func stringToSign(
        _ canonicalRequest: SigV4CanonicalRequest,
        timestamp: String,
        scope: SigV4Scope
    ) throws -> String {
        do {
            return try stringToSign(canonicalRequest, timestamp: timestamp, scope: scope.text)
        } catch {
            throw AWSSigningError.cryptography
        }
    }

    static func stringToSign(
        _ canonicalRequest: SigV4CanonicalRequest,
        timestamp: String,
        scope: String
    ) throws -> String {
        let digest = try Digest.sha256(canonicalRequest.text.utf8Span.span)
        let capacity = algorithm.utf8.count + timestamp.utf8.count + scope.utf8.count + digest.scalarCount * 2 + 3
        return String(capacity: capacity) { text in
            text.write(algorithm)
            text.write(.newline)
            text.write(timestamp)
            text.write(.newline)
            text.write(scope)
            text.write(.newline)
            text.writeHex(digest)
        }
    }

    /// The signature of a string to sign, in hexadecimal digits.
    ///
    /// - Throws: An ``AWSSigningError`` when libcrypto fails.
    package static func signature(of stringToSign: String, secretAccessKey: Secret, scope: SigV4Scope) throws -> String
    {
        do {
            return Digest.hex(try key(for: secretAccessKey, scope).code(of: stringToSign))
        } catch {
            throw AWSSigningError.cryptography
        }
    }

    /// The key of a scope's signatures.
    ///
    /// - Throws: ``Digest/Failure`` when libcrypto fails.
    static func key(for secretAccessKey: Secret, _ scope: SigV4Scope) throws -> HMACKey {
        let secret = Array("AWS4\(secretAccessKey.reveal())".utf8)
        var key = try HMACKey(secret.span)
        for part in [scope.day, scope.region, scope.service, "aws4_request"] {
            key = try HMACKey(key.code(of: part).bytes.span)
        }
        return key
    }

    /// Whether two signatures are the same, in a time that doesn't tell where they differ.
    package static func matches(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
    }

    private static func floorRemainder(_ number: Int64, _ divisor: Int64) -> Int64 {
        number - floorDivide(number, divisor) * divisor
    }
}

/// A request can't be signed.
public struct AWSSigningError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One line for a person.
    public let description: String

    /// The request has no host, or no path that starts with a slash.
    package static var incompleteRequest: Self { Self(description: "the request to sign has no host or no path") }
    /// libcrypto failed.
    package static var cryptography: Self { Self(description: "libcrypto failed to compute SHA-256") }
}

/// The parts of an `Authorization` header of Signature Version 4, as a server that verifies reads them.
package struct SigV4Authorization: Sendable, Hashable {
    /// The access key that the caller claims to hold.
    package let accessKeyID: String
    /// What the signature claims to be good for.
    package let scope: SigV4Scope
    /// The names of the header fields that took part, lower-case.
    package let signedHeaders: [String]
    /// The signature in hexadecimal digits.
    package let signature: String

    /// Reads a header's value, or returns `nil` where it isn't of this kind.
    package init?(_ header: String) {
        guard header.hasPrefix(SigV4.algorithm), let space = header.firstIndex(of: " ") else { return nil }
        guard header[..<space] == SigV4.algorithm else { return nil }
        var fields: [String: String] = [:]
        for part in header[space...].split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            fields[String(pair[0].drop { $0 == " " })] = String(pair[1])
        }
        guard let credential = fields["Credential"], let names = fields["SignedHeaders"],
            let signature = fields["Signature"]
        else { return nil }
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[4] == "aws4_request" else { return nil }
        accessKeyID = parts[0]
        scope = SigV4Scope(day: parts[1], region: parts[2], service: parts[3])
        signedHeaders = names.split(separator: ";").map(String.init)
        self.signature = signature
    }
}
