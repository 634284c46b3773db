import HTTPTransport
import HTTPTypes

/// What all signatures of one day have in common: derived once, since deriving the key costs as much as a signature.
final class DailySigner: Sendable {
    /// What the signatures are good for, as text.
    let scope: String
    /// The `Authorization` header's value, up to the names of the signed fields.
    let authorization: String
    /// The header field of the session token, if there is one.
    let tokenFields: [HTTPField]

    private let credentials: AWSCredentials
    private let origin: SigV4Scope
    private let key: HMACKey

    private static let most = 32
    private static let kept = Locked<[DailySigner]>([])

    private init(_ credentials: AWSCredentials, _ scope: SigV4Scope) throws {
        self.credentials = credentials
        origin = scope
        self.scope = scope.text
        authorization = "\(SigV4.algorithm) Credential=\(credentials.accessKeyID)/\(scope.text), SignedHeaders="
        tokenFields = credentials.sessionToken.map { [HTTPField(name: .amzSecurityToken, value: $0.reveal())] } ?? []
        key = try SigV4.key(for: credentials.secretAccessKey, scope)
    }

    /// The one for a time as ``SigV4/timestamp(_:)`` writes it.
    ///
    /// - Throws: ``Digest/Failure`` when libcrypto fails.
    static func at(
        _ timestamp: String,
        credentials: AWSCredentials,
        region: String,
        service: String
    ) throws -> DailySigner {
        let found = kept.withLock { kept in
            kept.last {
                timestamp.hasPrefix($0.origin.day) && $0.origin.service == service && $0.origin.region == region
                    && $0.credentials == credentials
            }
        }
        if let found { return found }
        let day = String(timestamp.prefix { $0 != "T" })
        let signer = try DailySigner(credentials, SigV4Scope(day: day, region: region, service: service))
        kept.withLock { kept in
            // Those of earlier days and of replaced credentials are of no use any more.
            if kept.count >= most { kept.removeFirst() }
            kept.append(signer)
        }
        return signer
    }

    /// The signature of a string to sign.
    ///
    /// - Throws: ``Digest/Failure`` when libcrypto fails.
    func signature(of stringToSign: String) throws -> SIMD32<UInt8> { try key.code(of: stringToSign) }
}
