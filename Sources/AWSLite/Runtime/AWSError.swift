package import FoundationEssentials
public import HTTPTransport

/// A call to AWS failed.
public struct AWSError: Error, Sendable, Hashable {
    /// The service's own name for what went wrong, or one of ours where no service was involved.
    ///
    /// Any text is a code, so those that this library doesn't know survive.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
        /// The code as the service writes it, without a namespace.
        public let rawValue: String

        /// Creates a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Creates a code from a literal.
        public init(stringLiteral value: String) { rawValue = value }

        /// The code's text.
        public var description: String { rawValue }
    }

    /// What went wrong.
    public var code: Code
    /// The service's words, or ours; without secrets and of bounded length.
    public var message: String
    /// The id that AWS's support asks for.
    public var requestID: String?
    /// S3's second id (`x-amz-id-2`), which AWS's support asks for as well.
    package var extendedRequestID: String?
    /// The reply's HTTP status; `nil` when no reply came.
    public var httpStatus: Int?
    /// The service's id, such as `codepipeline`.
    public var service: String
    /// The operation, such as `PollForJobs`.
    public var operation: String
    /// Why no reply came.
    public var underlying: HTTPClientError?
    /// Whether the service may have done what was asked, on any attempt: a reply was lost, was unreadable or
    /// was a 5xx.
    public var mayHaveBeenProcessed: Bool
    /// Whether that holds for an attempt before the last one.
    ///
    /// An `InvalidJobStateException` for a result is then most likely the echo of one's own earlier attempt.
    public var earlierAttemptMayHaveBeenProcessed: Bool
    /// How many times the request was sent, the last one included.
    package var attempts: Int
    /// Whether the service refused because it is asked too often; then nothing was processed.
    public var isThrottling: Bool
    /// How long the service wants to be left alone.
    public var retryAfter: Duration?
    /// The region that a bucket is in, where S3 was asked in another one.
    public var bucketRegion: String?
    /// What time it was for the service, by its reply's `Date`.
    package var serverDate: Date?
    /// Whether the reply has nothing of the service's own: somebody in between has answered.
    ///
    /// The code is ``Code/malformedReply`` then.
    package var isForeign = false
    /// Where a redirect leads.
    var redirect: String?
    /// What time it was where the signature was refused, by the service's own word.
    var signatureDate: Date?

    /// Creates an error, as a stand-in for a service does.
    package init(
        _ code: Code,
        _ message: String,
        service: String = "",
        operation: String = "",
        httpStatus: Int? = nil,
        requestID: String? = nil,
        underlying: HTTPClientError? = nil,
        mayHaveBeenProcessed: Bool = false,
        earlierAttemptMayHaveBeenProcessed: Bool = false,
        attempts: Int = 1,
        isThrottling: Bool? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.service = service
        self.operation = operation
        self.httpStatus = httpStatus
        self.requestID = requestID
        self.underlying = underlying
        self.mayHaveBeenProcessed = mayHaveBeenProcessed
        self.earlierAttemptMayHaveBeenProcessed = earlierAttemptMayHaveBeenProcessed
        self.attempts = attempts
        self.isThrottling = isThrottling ?? code.isThrottling
        self.retryAfter = retryAfter
    }
}

extension AWSError: CustomStringConvertible {
    /// Operation, code, message, status and request ids in one line, then ``advice`` where there is any.
    public var description: String {
        var details: [String] = []
        if let httpStatus { details.append("HTTP \(httpStatus)") }
        if let requestID { details.append("request \(requestID)") }
        if let extendedRequestID { details.append("host id \(extendedRequestID)") }
        if attempts > 1 { details.append("\(attempts) attempts") }
        let name = [service, operation].filter { !$0.isEmpty }.joined(separator: " ")
        let what = message.isEmpty ? code.rawValue : "\(code): \(message)"
        return (name.isEmpty ? "" : "\(name): ") + what
            + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
            + (advice.map { " - \($0)" } ?? "")
    }
}

extension AWSError.Code {
    // Ours: no service was asked, or its reply couldn't be read.

    /// No complete reply came; ``AWSError/underlying`` says why.
    public static let transport: Self = "TransportError"
    /// A reply came that isn't what the service sends: a web filter's or a proxy's page, whatever its status; an empty
    /// success of a server that doesn't know the host; a truncated body.
    public static let malformedReply: Self = "MalformedReply"
    /// No credentials, for the reason in the message.
    public static let credentialsUnavailable: Self = "CredentialsUnavailable"
    /// The region or the endpoint can't be used.
    public static let invalidConfiguration: Self = "InvalidConfiguration"
    /// An argument can't be sent.
    public static let invalidRequest: Self = "InvalidRequest"
    /// The object is larger than the caller's limit.
    public static let objectTooLarge: Self = "ObjectTooLarge"
    /// What was read isn't what was written: its checksum is wrong.
    public static let checksumMismatch: Self = "ChecksumMismatch"
    /// A local file can't be read or written.
    public static let fileFailed: Self = "FileFailed"
    /// A local file changed while it was sent.
    public static let fileChanged: Self = "FileChanged"

    // CodePipeline's.

    /// The action type isn't registered in this account, region and version, or was deleted.
    public static let actionTypeNotFound: Self = "ActionTypeNotFoundException"
    /// The action type exists with another definition.
    public static let actionTypeAlreadyExists: Self = "ActionTypeAlreadyExistsException"
    /// A member is missing, malformed or too long.
    public static let validation: Self = "ValidationException"
    /// Another worker has the job, or it was offered anew since.
    public static let invalidNonce: Self = "InvalidNonceException"
    /// No such job.
    public static let jobNotFound: Self = "JobNotFoundException"
    /// The job isn't in progress any more.
    public static let invalidJobState: Self = "InvalidJobStateException"
    /// The output variables are larger than 122,880 bytes in all.
    public static let outputVariablesSizeExceeded: Self = "OutputVariablesSizeExceededException"
    /// A quota is used up, such as 50 custom action types; not throttling.
    public static let limitExceeded: Self = "LimitExceededException"
    /// Somebody else changes the same thing.
    public static let concurrentModification: Self = "ConcurrentModificationException"
    /// No such pipeline.
    public static let pipelineNotFound: Self = "PipelineNotFoundException"
    /// The pipeline has no such execution, or none any more.
    public static let pipelineExecutionNotFound: Self = "PipelineExecutionNotFoundException"
    /// The page's token is no good.
    public static let invalidNextToken: Self = "InvalidNextTokenException"

    // Common to services.

    /// Too many requests.
    public static let throttling: Self = "ThrottlingException"
    /// The credentials don't allow it.
    public static let accessDeniedException: Self = "AccessDeniedException"
    /// The service knows no such access key.
    public static let unrecognizedClient: Self = "UnrecognizedClientException"
    /// The session token has expired; JSON services.
    public static let expiredTokenException: Self = "ExpiredTokenException"
    /// The signature is wrong; JSON services.
    public static let invalidSignature: Self = "InvalidSignatureException"
    /// The service failed.
    public static let internalFailure: Self = "InternalFailure"
    /// The service is down for the moment.
    public static let serviceUnavailable: Self = "ServiceUnavailable"

    // S3's.

    /// The credentials, or the bucket's policy, don't allow it; S3.
    public static let accessDenied: Self = "AccessDenied"
    /// The session token has expired; S3.
    public static let expiredToken: Self = "ExpiredToken"
    /// The session token is malformed or not the key's.
    public static let invalidToken: Self = "InvalidToken"
    /// No such object.
    public static let noSuchKey: Self = "NoSuchKey"
    /// No such bucket.
    public static let noSuchBucket: Self = "NoSuchBucket"
    /// No such object or bucket: all that a HEAD says.
    public static let notFound: Self = "NotFound"
    /// The object isn't the one that a condition of the request names.
    public static let preconditionFailed: Self = "PreconditionFailed"
    /// The signature is wrong; S3.
    public static let signatureDoesNotMatch: Self = "SignatureDoesNotMatch"
    /// The clock is wrong by more than 15 minutes.
    public static let requestTimeTooSkewed: Self = "RequestTimeTooSkewed"
    /// Too many requests; S3.
    public static let slowDown: Self = "SlowDown"

    /// Whether the code means that the service is asked too often.
    ///
    /// botocore's list without `LimitExceededException`, which for CodePipeline is a quota.
    package var isThrottling: Bool {
        switch rawValue {
        case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
            "RequestThrottled", "TooManyRequestsException", "ProvisionedThroughputExceededException",
            "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown",
            "EC2ThrottledException":
            true
        default: false
        }
    }

    /// Whether the credentials have expired, in either spelling.
    public var isExpiredToken: Bool { self == .expiredToken || self == .expiredTokenException }

    /// Whether the caller isn't allowed to do it, in either spelling.
    public var isAccessDenied: Bool { self == .accessDenied || self == .accessDeniedException }

    /// Whether a clock that is off would be answered with this code.
    var mayBeSkew: Bool {
        switch rawValue {
        case "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch",
            "AuthFailure", "RequestInTheFuture":
            true
        default: false
        }
    }

    /// Whether the service says this only of a request whose signature it has taken.
    var provesSignature: Bool {
        [
            .invalidNonce, .jobNotFound, .invalidJobState, .actionTypeNotFound, .pipelineNotFound,
            .pipelineExecutionNotFound,
        ].contains(self)
    }

    /// Whether the service gave up on this one request, which it had too little time for.
    fileprivate var isTimeout: Bool {
        switch rawValue {
        case "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete": true
        default: false
        }
    }

    /// Whether the code means that the service is in trouble for a while.
    fileprivate var isTrouble: Bool {
        switch rawValue {
        case "InternalFailure", "InternalError", "ServiceUnavailable", "ServiceUnavailableException": true
        default: false
        }
    }
}

extension AWSError {
    /// Whether the service's trouble passes by itself, by its own word or else by the status.
    ///
    /// What a 501 or 505 says of the service stays as it is, whatever the code.
    package var passesByItself: Bool {
        if code.isTimeout { return true }
        guard let httpStatus, httpStatus >= 500 else { return code.isTrouble }
        return HTTPStatus.passesByItself(httpStatus)
    }
}
