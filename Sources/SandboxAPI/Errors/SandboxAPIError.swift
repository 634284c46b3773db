public import HTTPTransport

/// A call to the lab that didn't do what was asked.
///
/// No text in it holds the session's token or password.
public struct SandboxAPIError: Error, Hashable, Sendable {
    /// What went wrong, as far as a caller may want to act on it; more may come.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// A short text, fit for a metric's label.
        public let rawValue: String

        /// Wraps a code's text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The lab's address, as configured, makes no sense or isn't that of a Sandbox API.
        public static let configuration = Code(rawValue: "configuration")
        /// The lab doesn't accept the user, the password, the domain or the token.
        public static let authentication = Code(rawValue: "authentication")
        /// The user may not do or see this.
        public static let forbidden = Code(rawValue: "forbidden")
        /// There is no such thing, or it isn't public.
        public static let notFound = Code(rawValue: "notFound")
        /// The lab's release doesn't know the call.
        public static let unsupported = Code(rawValue: "unsupported")
        /// Resources of the blueprint are taken.
        public static let conflict = Code(rawValue: "conflict")
        /// Too many requests.
        public static let rateQuota = Code(rawValue: "rateQuota")
        /// Inputs of a blueprint or parameters of a command are missing or wrong.
        public static let invalidInputs = Code(rawValue: "invalidInputs")
        /// Something else in the request is missing or wrong.
        public static let badRequest = Code(rawValue: "badRequest")
        /// The lab took the request and says that it didn't succeed.
        public static let rejected = Code(rawValue: "rejected")
        /// The lab, or the gateway before it, is in trouble.
        public static let server = Code(rawValue: "server")
        /// No complete reply came; ``SandboxAPIError/underlying`` says why.
        public static let transport = Code(rawValue: "transport")
        /// The reply isn't what the API promises: empty, or not JSON, or without an essential member.
        public static let malformedReply = Code(rawValue: "malformedReply")

        /// The same as ``rawValue``.
        public var description: String { rawValue }
    }

    /// The kind of failure.
    public var code: Code
    /// What the lab says, or what happened, in words for a person: without HTML, cut to a thousand characters.
    public var message: String
    /// The call that failed, such as `startSandbox`.
    public var operation: String
    /// What the call was about, such as `blueprint “Web”`.
    package var subject: String?
    /// The reply's status; `nil` where none came.
    public var httpStatus: Int?
    /// Whether the lab may have done what was asked all the same: a lost reply, a 5xx, a reply that can't be read.
    public var mayHaveBeenProcessed: Bool
    /// Whether the same call may succeed a little later, so that a read is worth repeating.
    public var isTransient: Bool
    /// How often the call was sent, by this client's own repeats.
    package var attempts: Int
    /// Why no reply came.
    public var underlying: HTTPClientError?
    /// Whether the lab has refused the session's token, so that a new login helps.
    var refusesToken = false
    /// Whether the words are the API's own, and not those of a web server or a gateway before it.
    package internal(set) var isOwnWord = false
    /// Whether the words are known, so that the code is sure.
    package internal(set) var isKnownWord = false
    /// Whether something before the lab has answered in its place, or has changed what was asked.
    package internal(set) var isForeign = false
    /// Whether the reply went well and had nothing in it.
    package internal(set) var isEmptyReply = false
    /// How long the lab asks to wait.
    var retryAfter: Duration?

    /// Describes a failure, as a test does.
    package init(
        _ code: Code,
        _ message: String,
        operation: String,
        subject: String? = nil,
        httpStatus: Int? = nil,
        mayHaveBeenProcessed: Bool = false,
        isTransient: Bool = false,
        attempts: Int = 1,
        underlying: HTTPClientError? = nil
    ) {
        self.code = code
        self.message = message
        self.operation = operation
        self.subject = subject
        self.httpStatus = httpStatus
        self.mayHaveBeenProcessed = mayHaveBeenProcessed
        self.isTransient = isTransient
        self.attempts = attempts
        self.underlying = underlying
    }
}

extension SandboxAPIError {
    /// Whether the lab refuses the user or the password, which only its operator can mend.
    package var isRefusedLogin: Bool { code == .authentication && operation == SandboxOperation.login.rawValue }

    /// Whether the lab refuses what was asked for a reason that may pass by itself, such as resources that are taken.
    ///
    /// Why a start is refused has many reasons (licences, a user's number of sandboxes, no solution, a lead time), whose
    /// words and statuses aren't published and may be in any language. So it is each refusal that isn't known to be
    /// lasting: wrong inputs, duration or name, something that isn't there or not permitted, a refused login.
    package var mayBeMetLater: Bool {
        if code == .conflict { return true }
        guard let httpStatus, !isKnownWord, !isForeign, ![.authentication, .notFound, .configuration].contains(code)
        else {
            return false
        }
        return isOwnWord || (400..<500).contains(httpStatus)
    }
}

extension SandboxAPIError: CustomStringConvertible {
    /// The call, what it was about, the message and the status in one line.
    public var description: String {
        var text = operation
        if let subject { text += " (\(subject))" }
        text += ": \(message)"
        if let httpStatus { text += " [HTTP \(httpStatus)]" }
        return text
    }
}
