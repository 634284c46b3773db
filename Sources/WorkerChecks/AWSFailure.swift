import AWSLite

/// What a failed call of AWS means for a check.
struct AWSFailure: Sendable {
    /// What kind of failure it is.
    enum Kind: Sendable {
        /// The credentials are good, but lack the right.
        case denied
        /// AWS doesn't take the credentials at all.
        case credentials
        /// No reply came, or none that says anything.
        case other
    }

    /// What kind of failure it is.
    let kind: Kind
    /// What AWS said, in a line.
    let evidence: String
    /// What to do.
    let fix: String

    init(_ error: AWSError) {
        switch error.code.rawValue {
        case "AccessDenied", "AccessDeniedException": kind = .denied
        case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "ExpiredTokenException",
            "ExpiredToken", "InvalidToken", "InvalidSignatureException", "SignatureDoesNotMatch",
            "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
            "MissingAuthenticationTokenException", AWSError.Code.credentialsUnavailable.rawValue:
            kind = .credentials
        default: kind = .other
        }
        let said = error.message.isEmpty ? error.code.rawValue : "\(error.code): \(error.message)"
        evidence = CheckText.line(said)
        fix = error.advice ?? "try again; if it stays, look at AWS's health page"
    }
}
