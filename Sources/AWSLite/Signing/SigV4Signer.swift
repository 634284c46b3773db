public import FoundationEssentials
import HTTPTransport
public import HTTPTypes

/// What a signature says about the body.
public struct SigV4PayloadHash: Sendable, Hashable {
    /// The text that enters the canonical request.
    package let text: String

    /// The hexadecimal SHA-256 digest of the body.
    public static func digest(_ digest: String) -> Self { Self(text: digest) }
    /// The body is left out of the signature; S3 over TLS only.
    public static var unsigned: Self { Self(text: "UNSIGNED-PAYLOAD") }
}

/// Signs requests with AWS Signature Version 4, as a pure function of the request, the credentials and the time.
public struct SigV4Signer: Sendable, Hashable {
    /// The service's signing name, such as `codepipeline` or `s3`.
    package let service: String
    /// The region, such as `eu-west-1`.
    package let region: String
    /// How the path enters the signature.
    package let pathStyle: SigV4CanonicalRequest.PathStyle
    /// Whether the body's digest is sent, and signed, as `x-amz-content-sha256`.
    package let sendsPayloadHash: Bool

    /// Creates a signer: with S3's rules for the service `s3`, with the ordinary ones for any other.
    public init(service: String, region: String) {
        let isS3 = service == "s3"
        self.init(service: service, region: region, pathStyle: isS3 ? .verbatim : .normalized, sendsPayloadHash: isS3)
    }

    /// Creates a signer with rules of one's own.
    package init(
        service: String,
        region: String,
        pathStyle: SigV4CanonicalRequest.PathStyle,
        sendsPayloadHash: Bool
    ) {
        self.service = service
        self.region = region
        self.pathStyle = pathStyle
        self.sendsPayloadHash = sendsPayloadHash
    }

    /// Signs a request with its whole body.
    ///
    /// Adds `X-Amz-Date`, `Authorization` and, where they apply, `X-Amz-Security-Token` and
    /// `X-Amz-Content-Sha256`, in place of any that are there. Drops a default port from the authority,
    /// since clients leave it out of `Host`.
    ///
    /// - Throws: An ``AWSSigningError`` when the request lacks a host or a path, or libcrypto fails.
    public func sign(
        _ request: HTTPRequest,
        body: Data,
        credentials: AWSCredentials,
        date: Date
    ) throws -> HTTPRequest {
        let hash = body.isEmpty ? SigV4.emptyPayloadHash : try SigV4.payloadHash(body)
        return try sign(request, payload: .digest(hash), credentials: credentials, date: date)
    }

    /// Signs a request whose body's digest is known, or left out.
    ///
    /// Adds the same fields as ``sign(_:body:credentials:date:)``, and `X-Amz-Content-Sha256` where it's left out.
    ///
    /// - Throws: An ``AWSSigningError`` when the request lacks a host or a path, or libcrypto fails.
    public func sign(
        _ request: HTTPRequest,
        payload: SigV4PayloadHash,
        credentials: AWSCredentials,
        date: Date
    ) throws -> HTTPRequest {
        let timestamp = SigV4.timestamp(date)
        do {
            let daily = try DailySigner.at(timestamp, credentials: credentials, region: region, service: service)
            var signed = prepare(request, payload: payload, tokenFields: daily.tokenFields, timestamp: timestamp)
            let canonical = try canonicalRequest(of: signed, payload: payload)
            let signature = try daily.signature(
                of: SigV4.stringToSign(canonical, timestamp: timestamp, scope: daily.scope)
            )
            signed.headerFields[.authorization] = authorization(daily, canonical, signature)
            return signed
        } catch is Digest.Failure {
            throw AWSSigningError.cryptography
        }
    }

    private func authorization(
        _ daily: DailySigner,
        _ canonical: SigV4CanonicalRequest,
        _ signature: SIMD32<UInt8>
    ) -> String {
        let names = canonical.signedHeaderNames
        let label = ", Signature="
        let capacity =
            daily.authorization.utf8.count + names.utf8.count + label.utf8.count + signature.scalarCount * 2
        return String(capacity: capacity) { text in
            text.write(daily.authorization)
            text.write(names)
            text.write(label)
            text.writeHex(signature)
        }
    }

    /// The canonical request of a request that has all its fields but `Authorization`.
    ///
    /// - Throws: ``AWSSigningError`` when the request lacks a host or a path.
    public func canonicalRequest(of request: HTTPRequest, payload: SigV4PayloadHash) throws -> SigV4CanonicalRequest {
        guard let target = request.path, target.utf8.first == UInt8(ascii: "/"), let host = request.authority,
            !host.isEmpty
        else { throw AWSSigningError.incompleteRequest }
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        var fields = SignedFields(capacity: request.headerFields.count + 1)
        fields.add("host", host)
        for field in request.headerFields {
            let name = field.name.canonicalName
            if !Self.isUnsigned(name) { fields.add(name, field.value) }
        }
        return SigV4CanonicalRequest(
            method: request.method.rawValue,
            path: mark.map { String(target[..<$0]) } ?? target,
            query: mark.map { String(target[target.utf8.index(after: $0)...]) } ?? "",
            fields: fields,
            payloadHash: payload.text,
            pathStyle: pathStyle
        )
    }

    /// Whether a field never takes part: those that proxies and tracers may touch (the
    /// `SIGNED_HEADERS_BLACKLIST` of botocore 1.44), and
    /// `Host`, since the authority is signed in its place.
    private static func isUnsigned(_ name: String) -> Bool {
        // By length first, for no name of a typical request is compared then.
        switch name.utf8.count {
        case 2: name == "te"
        case 4: name == "host"
        case 6: name == "expect"
        case 7: name == "baggage" || name == "trailer" || name == "upgrade"
        case 10: name == "connection" || name == "keep-alive" || name == "user-agent" || name == "tracestate"
        case 11: name == "traceparent"
        case 13: name == "authorization"
        case 15: name == "x-amzn-trace-id"
        case 17: name == "transfer-encoding"
        case 18: name == "proxy-authenticate"
        case 19: name == "proxy-authorization"
        default: false
        }
    }

    /// Sets the fields that take part in the signature.
    private func prepare(
        _ request: HTTPRequest,
        payload: SigV4PayloadHash,
        tokenFields: [HTTPField],
        timestamp: String
    ) -> HTTPRequest {
        var request = request
        let defaultPort = request.scheme?.lowercased() == "http" ? ":80" : ":443"
        if let authority = request.authority, authority.hasSuffix(defaultPort) {
            request.authority = String(authority.dropLast(defaultPort.count))
        }
        request.headerFields.reserveCapacity(request.headerFields.count + 4)
        request.headerFields[.amzDate] = timestamp
        request.headerFields[fields: .amzSecurityToken] = tokenFields
        // An unsigned payload is named even where a digest isn't sent, as botocore does.
        if sendsPayloadHash || payload == .unsigned {
            request.headerFields[.amzContentSHA256] = payload.text
        }
        return request
    }
}

extension HTTPField.Name {
    fileprivate static let amzDate = amz("X-Amz-Date")
    static let amzSecurityToken = amz("X-Amz-Security-Token")
    fileprivate static let amzContentSHA256 = amz("X-Amz-Content-Sha256")

    /// A name known to be valid; for the literals of this module.
    static func amz(_ name: StaticString) -> HTTPField.Name {
        // The initialiser fails only for characters that no literal here has.
        HTTPField.Name("\(name)") ?? .accept
    }
}
