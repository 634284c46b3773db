import HTTPTransport

/// Derives the keys of signatures, and keeps the last few: one is good for a whole day, region and service.
enum SigningKeys {
    private struct Origin: Hashable {
        var secret: Secret
        var scope: SigV4Scope
    }

    private static let most = 32
    private static let keys = Locked<[Origin: [UInt8]]>([:])

    /// The key for a secret and a scope.
    ///
    /// - Throws: ``Digest/Failure`` when libcrypto fails.
    static func key(for secret: Secret, _ scope: SigV4Scope) throws -> [UInt8] {
        let origin = Origin(secret: secret, scope: scope)
        if let key = keys.withLock({ $0[origin] }) { return key }
        var key = Array("AWS4\(secret.reveal())".utf8)
        for part in [scope.day, scope.region, scope.service, "aws4_request"] {
            key = try Digest.hmac(key: key, Array(part.utf8))
        }
        keys.withLock { keys in
            // A new day or new credentials: the old keys are of no use any more.
            if keys.count >= most { keys = [:] }
            keys[origin] = key
        }
        return key
    }
}
