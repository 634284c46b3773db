import Foundation

/// An error as S3 answers it.
struct S3Failure: Error {
    var status: Int
    var code: String
    var message: String
    /// What else the document says.
    var elements = ""

    static func accessDenied(_ why: String) -> S3Failure {
        S3Failure(status: 403, code: "AccessDenied", message: "Access Denied: \(why)")
    }
    static func noSuchBucket(_ name: String) -> S3Failure {
        S3Failure(status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist: \(name)")
    }
    static func noSuchKey(_ key: String) -> S3Failure {
        S3Failure(status: 404, code: "NoSuchKey", message: "The specified key does not exist: \(key)")
    }
    static var notImplemented: S3Failure {
        S3Failure(status: 501, code: "NotImplemented", message: "The stand-in does not implement this")
    }

    init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    init(_ refusal: SignatureVerifier.Refusal) {
        message = refusal.message
        switch refusal.reason {
        case .missing: (status, code) = (403, "AccessDenied")
        case .incomplete: (status, code) = (400, "AuthorizationHeaderMalformed")
        case .unknownKey: (status, code) = (403, "InvalidAccessKeyId")
        case .invalidToken: (status, code) = (400, "InvalidToken")
        case .mismatch: (status, code) = (403, "SignatureDoesNotMatch")
        case .skewed:
            (status, code) = (403, "RequestTimeTooSkewed")
            message = "The difference between the request time and the current time is too large."
            elements =
                refusal.time.map {
                    "<ServerTime>\(HTTPDate.iso8601(from: $0).replacingOccurrences(of: ".000Z", with: "Z"))</ServerTime>"
                } ?? ""
        case .expired: (status, code) = (400, "ExpiredToken")
        case .bodyMismatch: (status, code) = (400, "XAmzContentSHA256Mismatch")
        }
    }
}

/// Text for XML.
func xmlEscaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
}
