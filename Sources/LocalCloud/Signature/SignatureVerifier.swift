import Foundation

/// Checks AWS Signature Version 4 on requests as they came over the wire.
///
/// It's written against AWS's description of the algorithm and shares no code with the signer of `AWSLite`.
struct SignatureVerifier: Sendable {
    /// Why a request isn't taken, in the code that JSON services and S3 have for it.
    struct Refusal: Error {
        enum Reason { case missing, incomplete, unknownKey, invalidToken, mismatch, skewed, expired, bodyMismatch }
        var reason: Reason
        var message: String
        /// The service's time, where that is what is wrong.
        var time: Date?
    }

    /// Who sent a request.
    struct Caller: Sendable {
        var accessKeyID: String
        var scope: ArtifactScope?
    }

    var service: String
    var region: String
    var registry: CredentialRegistry
    /// How far the time of a signature may be from the real one.
    var tolerance: Duration
    /// The real time, which signatures are checked against.
    var signingTime: @Sendable () -> Date
    /// The time by which temporary credentials end.
    var clock: LocalClock

    func caller(of request: LocalRequest) -> Result<Caller, Refusal> {
        do {
            return .success(try verify(request))
        } catch {
            return .failure(error)
        }
    }

    private func verify(_ request: LocalRequest) throws(Refusal) -> Caller {
        guard let header = request["Authorization"] else {
            throw Refusal(reason: .missing, message: "Missing Authentication Token")
        }
        guard let parts = AuthorizationHeader(header) else {
            throw Refusal(reason: .incomplete, message: "Authorization header is not of the AWS4-HMAC-SHA256 form")
        }
        guard let session = registry[parts.accessKeyID] else {
            throw Refusal(
                reason: .unknownKey,
                message: "The AWS Access Key Id you provided does not exist in our records."
            )
        }
        guard request["X-Amz-Security-Token"] == session.token else {
            throw Refusal(reason: .invalidToken, message: "The provided token is malformed or otherwise invalid.")
        }
        guard let stamp = request["X-Amz-Date"], let date = HTTPDate.amzDate(stamp) else {
            throw Refusal(reason: .incomplete, message: "Authorization header requires existence of 'X-Amz-Date'.")
        }
        guard parts.service == service, parts.region == region, stamp.hasPrefix(parts.day) else {
            throw Refusal(
                reason: .mismatch,
                message: "Credential should be scoped to a valid region and service: \(region)/\(service)"
            )
        }
        let signed = Set(parts.signedHeaders)
        // What AWS insists on: the host and every x-amz- header (the token may be left out of neither).
        let required = ["host"] + request.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("x-amz-") }
        for name in required where !signed.contains(name) {
            throw Refusal(reason: .mismatch, message: "The header '\(name)' must be signed")
        }
        let payloadHash = try payloadHash(of: request)
        let canonical = canonicalRequest(request, signedHeaders: parts.signedHeaders, payloadHash: payloadHash)
        let scope = "\(parts.day)/\(parts.region)/\(parts.service)/aws4_request"
        let toSign = [
            "AWS4-HMAC-SHA256", stamp, scope, Digest.hex(Digest.sha256(Data(canonical.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(session.secretAccessKey)".utf8)
        for part in [parts.day, parts.region, parts.service, "aws4_request"] { key = Digest.hmac(key, part) }
        guard Digest.hex(Digest.hmac(key, toSign)) == parts.signature else {
            throw Refusal(
                reason: .mismatch,
                message: "The request signature we calculated does not match the signature you provided. "
                    + "The Canonical String for this request should have been\n'\(canonical)'"
            )
        }
        let now = signingTime()
        let ahead = date.timeIntervalSince(now)
        guard abs(ahead) <= tolerance / .seconds(1) else { throw skewed(stamp, isAhead: ahead > 0, now) }
        if let expires = session.expires, clock.now >= expires {
            throw Refusal(reason: .expired, message: "The provided token has expired.")
        }
        return Caller(accessKeyID: parts.accessKeyID, scope: session.scope)
    }

    /// The words of AWS's JSON and query services.
    private func skewed(_ stamp: String, isAhead: Bool, _ now: Date) -> Refusal {
        let (words, sign) = isAhead ? ("not yet current", "+") : ("expired", "-")
        let limit = now.addingTimeInterval((isAhead ? 1 : -1) * (tolerance / .seconds(1)))
        return Refusal(
            reason: .skewed,
            message: "Signature \(words): \(stamp) is \(isAhead ? "still later" : "now earlier") than "
                + "\(HTTPDate.amzDate(from: limit)) (\(HTTPDate.amzDate(from: now)) \(sign) "
                + "\(Int(tolerance / .seconds(60))) min.)",
            time: now
        )
    }

    private func payloadHash(of request: LocalRequest) throws(Refusal) -> String {
        let actual = Digest.hex(Digest.sha256(request.body))
        guard let claimed = request["X-Amz-Content-Sha256"] else {
            guard service != "s3" else {
                throw Refusal(
                    reason: .incomplete,
                    message: "Missing required header for this request: x-amz-content-sha256"
                )
            }
            return actual
        }
        // The streaming forms are for TLS, or carry a signature per chunk; clients on plain HTTP hash the whole body.
        guard claimed == actual || (service == "s3" && claimed == "UNSIGNED-PAYLOAD") else {
            throw Refusal(
                reason: .bodyMismatch,
                message: "The provided 'x-amz-content-sha256' header does not match what was computed."
            )
        }
        return claimed
    }

    private func canonicalRequest(_ request: LocalRequest, signedHeaders: [String], payloadHash: String) -> String {
        // A field that isn't there counts as empty, so that the signature doesn't match.
        let headers = signedHeaders.map { "\($0):\(Self.trimmed(request[$0] ?? ""))\n" }.joined()
        return [
            request.method, canonicalPath(request.path), canonicalQuery(request.query), headers,
            signedHeaders.joined(separator: ";"), payloadHash,
        ].joined(separator: "\n")
    }

    private func canonicalPath(_ path: String) -> String {
        // S3 signs the path as it's on the request line; the others normalise it and encode it once more.
        guard service != "s3" else { return path }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let normalized = "/" + segments.joined(separator: "/") + (path.hasSuffix("/") && !segments.isEmpty ? "/" : "")
        return normalized.split(separator: "/", omittingEmptySubsequences: false).map { Self.encoded(String($0)) }
            .joined(separator: "/")
    }

    private func canonicalQuery(_ query: String) -> String {
        let items = query.split(separator: "&").map { item -> (String, String) in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                Self.encoded($0.removingPercentEncoding ?? String($0))
            }
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
        return items.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default:
                "%" + Digest.hex([byte]).uppercased()
            }
        }.joined()
    }
}

private struct AuthorizationHeader {
    var accessKeyID = ""
    var day = ""
    var region = ""
    var service = ""
    var signedHeaders: [String] = []
    var signature = ""

    init?(_ header: String) {
        let prefix = "AWS4-HMAC-SHA256 "
        guard header.hasPrefix(prefix) else { return nil }
        var fields: [String: String] = [:]
        for field in header.dropFirst(prefix.count).split(separator: ",") {
            let pair = field.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            fields[pair[0].trimmingCharacters(in: .whitespaces)] = pair[1].trimmingCharacters(in: .whitespaces)
        }
        guard let credential = fields["Credential"]?.split(separator: "/"), credential.count == 5,
            let names = fields["SignedHeaders"], let signature = fields["Signature"]
        else { return nil }
        accessKeyID = String(credential[0])
        day = String(credential[1])
        region = String(credential[2])
        service = String(credential[3])
        signedHeaders = names.split(separator: ";").map(String.init)
        self.signature = signature
    }
}
