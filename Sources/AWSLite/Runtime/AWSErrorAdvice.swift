import HTTPTransport

extension AWSError {
    /// What the error usually means for a worker, and the next thing to try; `nil` where nobody can say.
    ///
    /// One or two short sentences without a secret; the last part of ``description``.
    public var advice: String? {
        if let underlying { return Self.advice(for: underlying.code) }
        if let redirect, bucketRegion == nil {
            return
                "It redirects to \(Limits.truncate(redirect.prefix { $0 != "?" }.description, to: 100)); only S3's own hosts, or those "
                + "beside the configured endpoint, are followed, and once: check AWS_ENDPOINT_URL_S3 and "
                + "HTTPS_PROXY."
        }
        switch code.rawValue {
        case "AccessDenied", "AccessDeniedException":
            return "The credentials work but lack a right: allow \(permission)\(accessHint)."
        case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId":
            return "AWS doesn't know the access key in this partition: look for a typing error, a deleted key, "
                + "a missing session token or the wrong AWS_REGION."
        case "ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired":
            return
                "The temporary credentials have expired: renew them, or use a source that does so by itself (a role)."
        case "InvalidToken":
            return "The session token isn't this key's: set key, secret and token from the same source."
        case "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature",
            "IncompleteSignatureException":
            return "The secret key doesn't fit the access key, or a proxy changed the request: check "
                + "AWS_SECRET_ACCESS_KEY (whole, without blanks), then the host's clock."
        case "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture":
            return "The host's clock is off: synchronise it (NTP)."
        case "ActionTypeNotFoundException":
            return "The action type isn't registered in this account and region: check AWS_REGION and the version, "
                + "or register it."
        case "ActionTypeAlreadyExistsException":
            return "It exists with another definition: register a new version."
        case "InvalidNonceException": return "Another worker has the job; leave it to that one."
        case "JobNotFoundException":
            return "The job is gone, or belongs to another account or region; drop it."
        case "InvalidJobStateException":
            return "The job has a result already, timed out or was stopped; drop it."
        case "LimitExceededException":
            return "A quota is used up (such as 50 custom action types), and waiting won't help: remove unused types "
                + "or ask AWS for more."
        case "ConcurrentModificationException": return "Somebody else is changing the same thing: try again."
        case "NoSuchBucket":
            return "No such bucket in this partition: check the bucket's name, AWS_REGION and a custom endpoint."
        case "NoSuchKey": return "The object isn't there: an earlier action didn't upload it, or it has been removed."
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "HTTP301", "TemporaryRedirect":
            return "The bucket is in \(bucketRegion.map { "region \($0)" } ?? "another region"): set AWS_REGION to it, "
                + "or the endpoint to that region's."
        case AWSError.Code.malformedReply.rawValue:
            if httpStatus == 407 { return Self.proxyLogin }
            return "Something between here and AWS answered in its place (a proxy, a web filter, a portal that wants a "
                + "login): have it let AWS's hosts pass, and check HTTPS_PROXY and AWS_ENDPOINT_URL."
        case "HTTP407": return Self.proxyLogin
        case "KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException":
            return "The artifact's KMS key is disabled or gone: restore it, or change the pipeline's key."
        default:
            if isThrottling { return "AWS is asked too often: poll less, or run fewer workers." }
            return passesByItself
                ? "AWS has a problem of its own: it usually passes; see its health page." : nil
        }
    }

    private static let proxyLogin = "The proxy wants a user and a password: put them into HTTPS_PROXY."

    /// The IAM action that the operation needs.
    private var permission: String {
        guard !service.isEmpty, !operation.isEmpty else { return "the operation" }
        return "\(service):\(operation == "HeadObject" ? "GetObject" : operation)"
    }

    private var accessHint: String {
        switch service {
        case "s3": " on the object and the use of its KMS key, or look at the bucket's policy"
        case "codepipeline": " in the worker's policy"
        case "sts": " and look at the role's trust policy"
        default: ""
        }
    }

    private static func advice(for code: HTTPClientError.Code) -> String? {
        switch code {
        case .nameNotResolved:
            "The name is unknown to DNS: check AWS_REGION and AWS_ENDPOINT_URL, or set HTTPS_PROXY where only a proxy "
                + "resolves names."
        case .connectionFailed: "Nobody answers: check the firewall, or set HTTPS_PROXY."
        case .tlsFailed:
            "The certificate isn't trusted: where a proxy inspects TLS, set AWS_CA_BUNDLE to its CA; else check the "
                + "endpoint and the clock."
        case .proxyFailed: "The proxy refused: check HTTPS_PROXY, its user and password, and NO_PROXY."
        case .timedOut: "The network is slow or swallows packets: check the firewall and HTTPS_PROXY."
        case .connectionLost: "The network or a proxy cut the connection: it usually passes."
        default: nil
        }
    }
}
