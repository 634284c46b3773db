import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// What a service's reply says about its failure.
struct ErrorReply {
    private static let longestMessage = 2_000
    /// How much of a message is looked at, in bytes.
    private static let longestText = 16 << 10
    /// The longest JSON that is an error, in bytes.
    private static let longestJSON = 256 << 10

    var status: Int
    var code: AWSError.Code
    var message: String
    var requestID: String?
    var retryAfter: Duration?
    var bucketRegion: String?
    var extendedRequestID: String?
    var serverDate: Date?
    var isForeign: Bool
    var redirect: String?
    var signatureDate: Date?

    /// A reply, of success or not, in which nothing is the service's own.
    init(foreign reply: HTTPReply) {
        self.init(reply, saying: nil)
        beForeign(reply, saying: nil)
    }

    /// Reads any reply that isn't a success.
    ///
    /// AWS's own bears an error's code or the request's id. With an id alone it is named by its status, as a HEAD's is;
    /// with neither it is somebody else's.
    init(_ reply: HTTPReply, format: AWSOperation.ErrorFormat) {
        let said = format == .json ? Self.json(reply) : Self.xml(reply)
        let code = said.code.flatMap(Self.bareCode)
        self.init(reply, saying: code)
        if format == .xml {
            let region =
                reply.response.headerFields[.amz("x-amz-bucket-region")] ?? XMLErrorScanner.scan(reply.body).region
            bucketRegion = region.flatMap { AWSEndpointResolver.isRegion($0) ? $0 : nil }
            if [301, 302, 307, 308].contains(status) { redirect = reply.response.headerFields[.location] }
        }
        let isIdentified =
            requestID != nil || extendedRequestID != nil
            || reply.response.headerFields[.amz("x-amz-bucket-region")] != nil
        if !isIdentified, code.map({ !Self.isOfAWS($0) }) ?? true {
            beForeign(reply, saying: said.message)
        } else {
            message = said.message ?? (code == nil ? "the reply holds no error code" : "")
        }
        if self.code.mayBeSkew { signatureDate = SignatureRefusal.date(in: message, reply.body) }
    }

    /// What is in the head, with a code or else the one that the status stands for.
    private init(_ reply: HTTPReply, saying code: AWSError.Code?) {
        status = reply.response.status.code
        self.code = code ?? Self.code(forStatus: status)
        message = ""
        requestID = Self.requestID(of: reply)
        retryAfter = Self.retryAfter(of: reply)
        extendedRequestID = Self.identifier(reply.response.headerFields[.amz("x-amz-id-2")])
        serverDate = reply.response.headerFields[.amz("Date")].flatMap(HTTPDate.parse)
        isForeign = false
    }

    /// Takes the reply for somebody else's, and says whose as far as that can be told.
    private mutating func beForeign(_ reply: HTTPReply, saying words: String?) {
        isForeign = true
        code = .malformedReply
        let fields = reply.response.headerFields
        // What goes into a file, or is the answer to a HEAD, isn't here.
        let size = reply.body.isEmpty ? fields[.contentLength] ?? "0" : "\(reply.body.count)"
        let type = fields[.contentType].map { " of \(Limits.truncate($0, to: 100))" } ?? ""
        let server = fields[.server].map { ", sent by \(Limits.truncate($0, to: 100))" } ?? ""
        message = "the reply isn't AWS's (\(size) bytes\(type)\(server))" + (words.map { ": \($0)" } ?? "")
    }

    /// The error for one attempt.
    ///
    /// `credentials` are what the request was signed with. Services repeat the signed text, session token and all, when
    /// a signature is wrong.
    func error(hiding credentials: AWSCredentials?) -> AWSError {
        let redact = SecretRedactor([credentials?.sessionToken, credentials?.secretAccessKey].compactMap { $0 })
        let isThrottling = code.isThrottling || status == 429
        var error = AWSError(
            AWSError.Code(rawValue: redact(code.rawValue)),
            Limits.truncate(
                BoundedText.beginning(of: message, limit: Self.longestText) { redact($0) },
                to: Self.longestMessage
            ),
            httpStatus: status,
            requestID: requestID.map { redact($0) },
            // A filter may have read AWS's reply before it wrote its own.
            mayHaveBeenProcessed: !isThrottling && (isForeign || HTTPStatus.passesByItself(status)),
            isThrottling: isThrottling,
            retryAfter: retryAfter
        )
        error.bucketRegion = bucketRegion
        error.extendedRequestID = extendedRequestID.map { redact($0) }
        error.serverDate = serverDate
        error.isForeign = isForeign
        error.redirect = redirect
        error.signatureDate = signatureDate
        return error
    }

    static func requestID(of reply: HTTPReply) -> String? {
        identifier(
            reply.response.headerFields[.amz("x-amzn-RequestId")]
                ?? reply.response.headerFields[.amz("x-amz-request-id")]
        )
    }

    /// An id of bounded length, for one line.
    private static func identifier(_ text: String?) -> String? { Limits.optional(text, to: 200) }

    /// Seconds of `Retry-After` (a date is ignored), or milliseconds of `x-amz-retry-after`.
    private static func retryAfter(of reply: HTTPReply) -> Duration? {
        let fields = reply.response.headerFields
        if let text = fields[.amz("x-amz-retry-after")], let milliseconds = UInt32(text) {
            return .milliseconds(milliseconds)
        }
        if let text = fields[.amz("Retry-After")], let seconds = UInt32(text) { return .seconds(seconds) }
        return nil
    }

    /// In the order of Smithy's `awsJson1_1` tests: header, then `code`, then `__type`; only at the top level.
    private static func json(_ reply: HTTPReply) -> (code: String?, message: String?) {
        struct Body: Decodable {
            var code: LenientText?
            var type: LenientText?
            var message: LenientText?
            var capitalMessage: LenientText?

            enum CodingKeys: String, CodingKey {
                case code
                case type = "__type"
                case message
                case capitalMessage = "Message"
            }
        }
        let body =
            reply.body.count <= longestJSON ? try? PlainJSON.decode(Body.self, from: reply.body) : nil
        let header = reply.response.headerFields[.amz("X-Amzn-Errortype")]
        let code = [header, body?.code?.text, body?.type?.text].lazy.compactMap { $0 }.first { bareCode($0) != nil }
        guard body == nil else { return (code, body?.message?.text ?? body?.capitalMessage?.text) }
        // Some front doors answer a JSON call with XML.
        let document = xml(reply)
        return (code ?? document.code, document.message)
    }

    private static func xml(_ reply: HTTPReply) -> (code: String?, message: String?) {
        let error = XMLErrorScanner.scan(reply.body)
        return (error.code, error.message)
    }

    /// The text after `#` and before `:`, or `nil` where nothing that looks like a code is left.
    private static func bareCode(_ text: String) -> AWSError.Code? {
        let head = text.prefix { $0 != ":" }
        let bare = (head.lastIndex(of: "#").map { head[head.index(after: $0)...] } ?? head).filter { $0 != " " }
        let isCode =
            !bare.isEmpty && bare.utf8.count <= 128
            && bare.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "<") }
        return isCode ? AWSError.Code(rawValue: String(bare)) : nil
    }

    /// Whether a code is written as AWS's are: a capital letter, then letters, digits and a few marks.
    private static func isOfAWS(_ code: AWSError.Code) -> Bool {
        let text = code.rawValue
        return text.first?.isUppercase == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }

    /// A code for a reply of AWS's without one: what a HEAD gets.
    private static func code(forStatus status: Int) -> AWSError.Code {
        switch status {
        case 400: "BadRequest"
        case 401, 403: .accessDenied
        case 404: .notFound
        case 429: .throttling
        case 500: .internalFailure
        case 503: .serviceUnavailable
        default: AWSError.Code(rawValue: "HTTP\(status)")
        }
    }
}

/// A JSON text; anything else counts as absent.
private struct LenientText: Decodable {
    var text: String?

    init(from decoder: any Decoder) throws {
        text = try? decoder.singleValueContainer().decode(String.self)
    }
}
