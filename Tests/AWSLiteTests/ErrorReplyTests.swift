import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

@Suite struct ErrorReplyTests {
    private func failure(_ step: StubHTTPClient.Step, credentials: AWSCredentials = .example) async -> AWSError? {
        let stub = StubHTTPClient([step])
        let provider = StaticCredentialProvider(credentials)
        let pipeline = CodePipeline(.test(stub, credentials: provider, attempts: 1))
        return await #expect(throws: AWSError.self) { try await pipeline.getJobDetails(id: "j") }
    }

    private func s3Failure(_ step: StubHTTPClient.Step) async -> AWSError? {
        let s3 = S3(.test(StubHTTPClient([step]), attempts: 1))
        return await #expect(throws: AWSError.self) { try await s3.getObject(bucket: "bucket", key: "k", limit: 1) }
    }

    @Test(arguments: [
        (#"{"__type":"JobNotFoundException","message":"m"}"#, "JobNotFoundException", "m"),
        (#"{"__type":"com.amazonaws.codepipeline#JobNotFoundException","Message":"m"}"#, "JobNotFoundException", "m"),
        (
            #"{"__type":"ns#JobNotFoundException:http://internal.amazon.com/x","message":"m"}"#, "JobNotFoundException",
            "m"
        ),
        (#"{"code":"Coded","__type":"Typed","message":"m","Message":"n"}"#, "Coded", "m"),
        (#"{"message":"m","inner":{"__type":"Nested","code":"Nested"}}"#, "BadRequest", "m"),
        (#"{"__type":null,"code":7,"message":["x"]}"#, "BadRequest", "the reply holds no error code"),
        (#"{}"#, "BadRequest", "the reply holds no error code"),
        ("", "BadRequest", "the reply holds no error code"),
        ("<html><body>Bad</body></html>", "BadRequest", "the reply holds no error code"),
        (
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error></ErrorResponse>",
            "SignatureDoesNotMatch", "m"
        ),
        ("{\"__type\":\"Trunc", "BadRequest", "the reply holds no error code"),
        (#"{"__type":"Brand.New_Thing2","message":"m"}"#, "Brand.New_Thing2", "m"),
    ])
    func `A JSON error is read in the documented order`(_ body: String, _ code: String, _ message: String) async {
        let error = await failure(.reply(400, body))
        #expect(error?.code.rawValue == code)
        #expect(error?.message == message)
        #expect(error?.httpStatus == 400)
        #expect(error?.operation == "GetJobDetails")
    }

    @Test func `The header's code comes first, and the request's id is kept`() async throws {
        let type = try #require(HTTPField.Name("X-Amzn-Errortype"))
        let id = try #require(HTTPField.Name("x-amzn-RequestId"))
        let fields: HTTPFields = [type: "a.b#HeaderException:http://x/", id: "r-1"]
        let error = await failure(.reply(400, #"{"code":"Coded","__type":"Typed","message":"m"}"#, fields))
        #expect(error?.code == "HeaderException")
        #expect(error?.requestID == "r-1")
        #expect(error?.description == "codepipeline GetJobDetails: HeaderException: m (HTTP 400, request r-1)")
    }

    @Test(arguments: [
        (403, "AccessDenied"), (404, "NotFound"), (429, "ThrottlingException"), (500, "InternalFailure"),
        (503, "ServiceUnavailable"), (302, "HTTP302"), (418, "HTTP418"),
    ])
    func `A reply without a code is named by its status`(_ status: Int, _ code: String) async {
        #expect(await failure(.reply(status, "<html>"))?.code.rawValue == code)
        #expect(await s3Failure(.reply(status, ""))?.code.rawValue == code)
    }

    private static let box: HTTPFields = [.contentType: "text/html", .server: "squid/6.1"]

    @Test(arguments: [302, 400, 401, 403, 404, 407, 418, 429, 500, 501, 502, 503, 505, 511])
    func `A page of any status is nobody's word but its own`(_ status: Int) async {
        for error in [
            await failure(.page(status, "<html>", Self.box)), await s3Failure(.page(status, "<html>", Self.box)),
        ] {
            #expect(error?.code == .malformedReply)
            #expect(error?.message == "the reply isn't AWS's (6 bytes of text/html, sent by squid/6.1)")
            #expect(error?.httpStatus == status)
            // A filter may have read AWS's reply first; one that is asked too often has sent nothing on.
            #expect(error?.mayHaveBeenProcessed == (status != 429))
            #expect(error?.advice?.contains(status == 407 ? "user and a password" : "a web filter") == true)
        }
    }

    @Test(arguments: [
        (#"{"code":"blocked","message":"by policy"}"#, false), (#"{"error":"Forbidden","status":403}"#, false),
        ("<Error><Code>blocked by policy</Code></Error>", false), ("upstream connect error", false), ("", false),
        (#"{"__type":"AccessDeniedException"}"#, true), ("<Error><Code>AccessDenied</Code></Error>", true),
        ("<Error><Code>KMS.DisabledException</Code></Error>", true),
    ])
    func `A code in AWS's spelling shows whose an error is`(_ body: String, _ isAWS: Bool) async {
        #expect((await failure(.page(403, body))?.code != .malformedReply) == isAWS)
    }

    @Test(arguments: ["x-amzn-RequestId", "x-amz-request-id", "x-amz-id-2"])
    func `So does an id`(_ name: String) async throws {
        let fields: HTTPFields = [try #require(HTTPField.Name(name)): "1"]
        #expect(await failure(.page(403, "", fields))?.code == .accessDenied)
        #expect(await s3Failure(.page(403, "", fields))?.code == .accessDenied)
    }

    @Test func `Neither token nor secret key survives in an error's text`() async {
        let body =
            #"{"__type":"InvalidSignatureException","message":"The Canonical String was 'x-amz-security-token:temporary-token' \#(String(repeating: "x", count: 9000)) temporary-secret"}"#
        let error = await failure(.reply(403, body), credentials: .temporary)
        #expect(error?.code == .invalidSignature)
        #expect(error?.message.contains("x-amz-security-token:<redacted>") == true)
        var text = ""
        dump(error, to: &text)
        text += "\(String(describing: error)) \(String(reflecting: error))"
        #expect(!text.contains("temporary-token"))
        #expect(!text.contains("temporary-secret"))
        #expect((error?.message.utf16.count ?? 0) <= 2000)
    }

    @Test(arguments: [
        (
            "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>a &lt;b&gt; &amp;amp; &#233;&#xe9; &x; &</Message></Error>",
            "NoSuchKey", "a <b> &amp; éé &x; &"
        ),
        ("<Error xmlns=\"x\"><Code>AccessDenied</Code></Error>", "AccessDenied", ""),
        ("<Error><Message>m</Message></Error>", "NotFound", "m"),
        ("<Error><Code/><Message>m</Message></Error>", "NotFound", "m"),
        ("<Error><Code>Cut", "NotFound", "the reply holds no error code"),
        ("<Code>Outside</Code>", "NotFound", "the reply holds no error code"),
        ("<Error><Code><b>x</b></Code></Error>", "NotFound", "the reply holds no error code"),
        ("\u{0}\u{1}<<<>>>&&&;;;</Error>", "NotFound", "the reply holds no error code"),
        ("", "NotFound", "the reply holds no error code"),
    ])
    func `An S3 error is read from whatever came`(_ body: String, _ code: String, _ message: String) async {
        let error = await s3Failure(.reply(404, body))
        #expect(error?.code.rawValue == code)
        #expect(error?.message == message)
    }

    @Test func `Bytes that are no text are no error of ours`() async {
        var generator = SeededGenerator(usual: 1)
        for _ in 0..<200 {
            let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let body = "<Error><Code>" + String(decoding: bytes, as: UTF8.self) + "</Code>"
            #expect(await s3Failure(.reply(404, body)) != nil)
        }
    }

    @Test func `A reply of success that isn't JSON says so without its content`() async throws {
        let fields: HTTPFields = [.contentType: "text/html"]
        let error = await failure(.reply(200, "<html>please log in: secret</html>", fields))
        #expect(error?.code == .malformedReply)
        #expect(error?.message == "the reply isn't JSON (34 bytes of text/html)")
        #expect(error?.mayHaveBeenProcessed == true)
        let other = await failure(.reply(200, #"{"jobDetails":{"id":7}}"#))
        #expect(other?.message == "the reply can't be understood: jobDetails.id is of another type")
    }

    @Test func `Throttling is told apart from a quota`() {
        #expect(AWSError.Code.throttling.isThrottling)
        #expect(AWSError.Code.slowDown.isThrottling)
        #expect(!AWSError.Code.limitExceeded.isThrottling)
    }
}
