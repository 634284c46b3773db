import FoundationEssentials
import HTTPTransport
import HTTPTypes

extension SandboxAPIError {
    /// How much of an error's page or message is looked at, in bytes; a person gets to see much less.
    private static let longestPage = 16 << 10

    /// No complete reply came.
    static func transport(_ error: HTTPClientError, _ call: APICall, _ redact: Redactor) -> SandboxAPIError {
        var error = error
        error.message = redact(error.message)
        let lasting: [HTTPClientError.Code] = [.invalidRequest, .tlsFailed, .responseTooLarge]
        return SandboxAPIError(
            .transport,
            LabText.line("\(error.code): \(error.message)"),
            operation: call.operation.rawValue,
            subject: call.subject,
            mayHaveBeenProcessed: error.mayHaveBeenProcessed,
            isTransient: !lasting.contains(error.code),
            underlying: error
        )
    }

    /// The reply says that the call failed.
    ///
    /// - Returns: `nil` where the reply says nothing of the kind.
    static func reported(by reply: HTTPReply, _ call: APICall, _ redact: Redactor) -> SandboxAPIError? {
        let status = reply.response.status
        // Older releases may answer 200 with an error in the body; its category gives it away. Other replies aren't read
        // twice.
        if status.kind == .successful, !ErrorBody.mayBeIn(reply.body) { return nil }
        let body = ErrorBody(reply.body)
        guard status.kind != .successful || body?.isError == true else { return nil }
        let code = status.kind == .successful ? body?.statusCode ?? 400 : status.code
        let raw = text(of: reply, body)
        // Before redaction, for a password may be a word of the message.
        let known = ErrorCatalogue.find(message: LabText.line(raw.beginning(longestPage), limit: .max))
        let said = message(raw, status, redact)
        let author = ReplyAuthor(of: reply, body, isKnownWord: known != nil)
        let finding = (author == .lab ? known : nil) ?? ErrorCatalogue.find(status: code, by: author)
        var error = SandboxAPIError(
            finding.code,
            said,
            operation: call.operation.rawValue,
            subject: call.subject,
            httpStatus: code,
            mayHaveBeenProcessed: finding.code == .server,
            isTransient: finding.code == .server || finding.code == .rateQuota
        )
        error.refusesToken = finding.refusesToken
        error.isKnownWord = author == .lab && known != nil
        error.isOwnWord = author == .lab
        // Of a gateway that is in trouble it's no news that it isn't the lab.
        error.isForeign = author == .somebodyElse && code < 500
        error.retryAfter = reply.response.headerFields[.retryAfter].flatMap { Int($0) }
            .map { .seconds(min(max($0, 0), 300)) }
        if (300..<400).contains(code) {
            let target = reply.response.headerFields[.location] ?? "nowhere"
            if call.leadsToItself(target) {
                error.code = .configuration
                error.mayHaveBeenProcessed = false
                error.isTransient = false
                error.message = LabText.line(
                    redact("The lab answers with a redirect to “\(target)”; give the address that it leads to.")
                )
            } else {
                error.message = LabText.line(
                    redact("Something before the lab answered in its place, with a redirect to “\(target)”.")
                )
            }
        } else if code == 404, error.isForeign {
            error.message = "There is no Sandbox API at the lab's address, or no way to it for now: \(said)"
        } else if error.isForeign {
            error.message = LabText.line("Something before the lab answered in its place: \(said)")
        } else if finding.code == .unsupported, let part = call.path.first(where: APICall.isFragile) {
            error.isForeign = true
            error.message = LabText.line(
                redact(
                    "\(said) Something before the lab may change the paths of requests: “\(part)” needs escapes in one."
                )
            )
        }
        return error
    }

    /// The reply can't be read.
    static func malformed(
        _ error: any Error,
        _ reply: HTTPReply,
        _ call: APICall,
        _ redact: Redactor
    ) -> SandboxAPIError {
        let status = reply.response.status.code
        if let other = error as? Reply.OtherThing {
            var error = SandboxAPIError(
                .malformedReply,
                LabText.line(
                    redact(
                        "The reply is about “\(other.found)” and not about “\(other.asked)”: something before the lab changes "
                            + "the paths of requests."
                    )
                ),
                operation: call.operation.rawValue,
                subject: call.subject,
                httpStatus: status
            )
            error.isForeign = true
            return error
        }
        if let rejected = error as? Reply.RejectedResult {
            return SandboxAPIError(
                .rejected,
                "The lab's result is “\(LabText.line(redact(rejected.result), limit: 100))”, not “success”.",
                operation: call.operation.rawValue,
                subject: call.subject,
                httpStatus: status,
                mayHaveBeenProcessed: true
            )
        }
        // What is too long now won't be shorter in a moment.
        let isTooLong = error is JSONSize.TooManyValues
        var malformed = SandboxAPIError(
            .malformedReply,
            "The lab's reply can't be read: \(reply.isPage ? "it is a web page" : reason(error)).",
            operation: call.operation.rawValue,
            subject: call.subject,
            httpStatus: status,
            mayHaveBeenProcessed: true,
            isTransient: !isTooLong
        )
        malformed.isForeign = !isTooLong
        malformed.isEmptyReply = Reply.isBlank(reply.body)
        return malformed
    }

    /// Why a reply can't be read, without a word of the reply.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let malformed as MalformedReply: malformed.reason
        case let tooMany as JSONSize.TooManyValues: tooMany.description
        case DecodingError.keyNotFound(let key, _): "it has no “\(key.stringValue)”"
        case DecodingError.dataCorrupted: "it isn't JSON"
        default: "it is JSON of another shape"
        }
    }

    /// What the reply says, as it came.
    private static func text(of reply: HTTPReply, _ body: ErrorBody?) -> String {
        body?.text ?? String(decoding: reply.body.prefix(ErrorBody.longest), as: UTF8.self)
    }

    private static func message(_ raw: String, _ status: HTTPResponse.Status, _ redact: Redactor) -> String {
        // Twice: cleaning may break a secret up, and HTML's entities may hide one. Cut only then, lest half of one
        // remain.
        let page = BoundedText.beginning(of: raw, limit: longestPage) { redact($0) }
        let line = LabText.line(redact(LabText.line(page, limit: .max)))
        guard line.isEmpty else { return line }
        let reason = status.reasonPhrase
        return "The lab says no more than status \(status.code)\(reason.isEmpty ? "" : " (\(reason))")."
    }
}

/// The body of the lab's errors: `{"statusCode": 400, "errorCategory": "WebApi", "message": "…"}`.
struct ErrorBody: Decodable {
    var statusCode: Int?
    var errorCategory: String?
    var text: String?

    /// An error is short, in bytes; a longer reply isn't read twice.
    static let longest = 256 << 10

    init?(_ data: Data) {
        guard data.count <= Self.longest, data.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
            let body = try? JSON.decode(ErrorBody.self, from: data)
        else { return nil }
        self = body
    }

    init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        statusCode = object.int("statusCode")
        errorCategory = object.filledString("errorCategory")
        text = object.filledString("message") ?? object.filledString("error")
    }

    /// Whether a body has the end of the word that gives an error away, however that is spelled.
    static func mayBeIn(_ data: Data) -> Bool {
        let end = Array("ategory".utf8)
        var matched = 0
        // Not byte by byte from `Data`, which takes ten times as long, since lists may be long.
        return data.lend { bytes in
            for byte in bytes {
                let letter = byte | 0x20
                // No letter occurs twice, so a mismatch begins anew with this very byte.
                matched = letter == end[matched] ? matched + 1 : letter == end[0] ? 1 : 0
                if matched == end.count { return true }
            }
            return false
        }
    }

    /// Whether the lab itself says that this is an error, whatever the reply's status says.
    var isError: Bool { errorCategory != nil }
}
