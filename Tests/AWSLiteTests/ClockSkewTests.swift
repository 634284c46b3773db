import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@testable import AWSLite

@Suite struct ClockSkewTests {
    // The configuration's clock says 2015-08-30 12:36:00.
    private let late: HTTPFields = [.date: "Sun, 30 Aug 2015 13:06:00 GMT"]
    private let near: HTTPFields = [.date: "Sun, 30 Aug 2015 12:39:59 GMT"]

    @Test(arguments: ["RequestExpired", "InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch"])
    func `A wrong clock is corrected by the server's, for all copies, with one warning`(_ code: String) async throws {
        let stub = StubHTTPClient([
            .error(code, status: 403, fields: late), .reply(200, ""), .reply(200, ""),
        ])
        let warnings = Locked<[String]>([])
        var configuration = AWSClientConfiguration.test(stub, attempts: 1)
        configuration.warn = { text in warnings.withLock { $0.append(text) } }
        try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        #expect(await stub.field("X-Amz-Date", 0) == "20150830T123600Z")
        #expect(await stub.field("X-Amz-Date", 1) == "20150830T130600Z")
        #expect(await stub.field("X-Amz-Date", 2) == "20150830T130600Z")
        #expect(warnings.withLock { $0 }.count == 1)
        #expect(warnings.withLock { $0.first }?.contains("30 minutes behind") == true)
    }

    @Test func `What is refused again isn't kept, so that the next call begins anew`() async throws {
        let stub = StubHTTPClient([
            .error("RequestExpired", fields: late), .error("RequestExpired", fields: late), .reply(200, ""),
        ])
        let pipeline = CodePipeline(.test(stub))
        let error = await expectError("RequestExpired") {
            try await pipeline.putJobSuccessResult(jobID: "j", result: .init())
        }
        #expect(error?.attempts == 2)
        try await pipeline.putJobSuccessResult(jobID: "j", result: .init())
        #expect(await stub.dates == ["20150830T123600Z", "20150830T130600Z", "20150830T123600Z"])
        #expect(pipeline.configuration.clock.offset.map { abs($0) < 1 } == true)
    }

    @Test func `A call tries each time that replies name, but not for ever`() async throws {
        let refusals = (1...9).map { hour in
            StubHTTPClient.Step.error("RequestExpired", fields: [.date: "Sun, 30 Aug 2015 0\(hour):06:00 GMT"])
        }
        let stub = StubHTTPClient(refusals)
        let error = await expectError("RequestExpired") {
            try await CodePipeline(.test(stub)).putJobSuccessResult(jobID: "j", result: .init())
        }
        #expect(error?.attempts == 4)
        let second = StubHTTPClient(Array(refusals.prefix(2)) + [.reply(200, "")])
        let pipeline = CodePipeline(.test(second, attempts: 1))
        try await pipeline.putJobSuccessResult(jobID: "j", result: .init())
        #expect(await second.dates == ["20150830T123600Z", "20150830T010600Z", "20150830T020600Z"])
    }

    @Test(arguments: [
        "Signature expired: 20150830T123600Z is now earlier than 20150830T130100Z (20150830T130600Z - 5 min.)",
        "Signature not yet current: 20150830T123600Z is still later than 20150830T120500Z (20150830T130600Z + 5 min.)",
    ])
    func `AWS's own word comes before the date of a box, which counts no more for it`(_ message: String) async throws {
        let box: HTTPFields = [.date: "Mon, 01 Jan 2001 00:00:00 GMT"]
        let refusal = #"{"__type":"InvalidSignatureException","message":"\#(message)"}"#
        let stub = StubHTTPClient([.reply(400, refusal, box), .reply(200, "", box), .reply(200, "", box)])
        let pipeline = CodePipeline(.test(stub, attempts: 1))
        for _ in 0..<2 { try await pipeline.putJobSuccessResult(jobID: "j", result: .init()) }
        #expect(await stub.dates == ["20150830T123600Z", "20150830T130600Z", "20150830T130600Z"])
        #expect(pipeline.configuration.clock.offset == 1_800)
    }

    @Test func `S3's own word is an element, and STS's is in the message`() {
        let s3 =
            "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference (too large)</Message>"
            + "<RequestTime>20150830T123600Z</RequestTime><ServerTime>2015-08-30T13:06:00Z</ServerTime></Error>"
        let sts =
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: 20150830T123600Z "
            + "is now earlier than 20150830T130100Z (20150830T130600Z - 5 min.)</Message></Error></ErrorResponse>"
        for body in [s3, sts] {
            let reply = HTTPReply(HTTPResponse(status: .forbidden), body: Data(body.utf8))
            let error = ErrorReply(reply, format: .xml).error(hiding: nil)
            #expect(error.signatureDate == Date(timeIntervalSince1970: 1_440_939_960), "\(body)")
        }
        for message in ["", "(", "(20150830T130600)", "(2015083ÖT130600Z)", "(20159930T130600Z)"] {
            #expect(SignatureRefusal.date(in: message, Data()) == nil)
        }
    }

    @Test func `A box with a wrong clock poisons nothing, however many calls go on side by side`() async throws {
        let aws = TimedAWS(time: Date(timeIntervalSince1970: 1_440_939_960), box: "Mon, 01 Jan 2001 00:00:00 GMT")
        let pipeline = CodePipeline(.test(aws, attempts: 1))
        // Its words are lost on the way now and then.
        await withTaskGroup { calls in
            for number in 0..<50 {
                calls.addTask {
                    await aws.tellTime(number % 5 != 0)
                    try? await pipeline.putJobSuccessResult(jobID: "j", result: .init())
                }
            }
        }
        await aws.tellTime(true)
        for _ in 0..<3 { try await pipeline.putJobSuccessResult(jobID: "j", result: .init()) }
        let refused = await aws.refused
        for _ in 0..<3 { try await pipeline.putJobSuccessResult(jobID: "j", result: .init()) }
        #expect(await aws.refused == refused)
        #expect(pipeline.configuration.clock.offset == 1_800)
    }

    @Test func `A host's clock that has been set right since is tried before the date of a box`() async throws {
        let aws = TimedAWS(time: Date(timeIntervalSince1970: 1_440_945_360), box: "Mon, 01 Jan 2001 00:00:00 GMT")
        await aws.tellTime(false)
        var configuration = AWSClientConfiguration.test(aws, attempts: 1)
        let start = Date(timeIntervalSince1970: 1_440_938_160)
        configuration.clock = AWSClock(now: { start }, timeOfDay: { start.addingTimeInterval(7_200) })
        let warnings = Locked<[String]>([])
        configuration.warn = { text in warnings.withLock { $0.append(text) } }
        try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        #expect(configuration.clock.offset == 7_200)
        #expect(await aws.refused == 1)
        // There is nothing to be set.
        #expect(warnings.withLock { $0 } == [])
    }

    @Test func `AWS's time is what signed calls have proven, told to the second by a date that can be true`()
        async throws
    {
        for (field, offset) in [
            ("Sun, 30 Aug 2015 12:39:00 GMT", 180.5), ("Sun, 30 Aug 2015 13:06:00 GMT", 0), ("yesterday", 0),
        ] {
            let stub = StubHTTPClient([.reply(200, "", [.date: field]), .reply(200, "", near)])
            let pipeline = CodePipeline(.test(stub))
            #expect(pipeline.configuration.clock.offset == nil)
            try await pipeline.putJobSuccessResult(jobID: "j", result: .init())
            #expect(pipeline.configuration.clock.offset == offset, "\(field)")
            // Once it is known it stays, so that it passes evenly.
            try await pipeline.putJobSuccessResult(jobID: "j", result: .init())
            #expect(pipeline.configuration.clock.offset == offset)
            #expect(await stub.dates.last == "20150830T123600Z")
        }
    }

    @Test func `A refusal of a job is an answer to a good signature, an error page is none`() async throws {
        let page = StubHTTPClient([.reply(502, "<html/>", near), .error("AccessDeniedException", fields: near)])
        let refusal = StubHTTPClient([.error("InvalidNonceException", fields: near)])
        for (stub, isKnown) in [(page, false), (page, false), (refusal, true)] {
            let pipeline = CodePipeline(.test(stub, attempts: 1))
            _ = try? await pipeline.acknowledgeJob(id: "j", nonce: "1")
            #expect((pipeline.configuration.clock.offset != nil) == isKnown)
        }
    }

    @Test func `A host that stood still is told by the next correction; AWS's time never goes back`() async throws {
        let aws = TimedAWS(time: Date(timeIntervalSince1970: 1_440_938_160), box: "yesterday")
        let pipeline = CodePipeline(.test(aws, attempts: 1))
        for (time, offset) in [(1_440_938_160.0, 0.0), (1_440_945_360, 7_200), (1_440_938_160, 7_200)] {
            await aws.set(Date(timeIntervalSince1970: time))
            try await pipeline.putJobSuccessResult(jobID: "j", result: .init())
            #expect(pipeline.configuration.clock.offset == offset)
        }
    }

    @Test func `A clock that is right, or a server without a usable date, changes nothing`() async {
        for fields in [near, [:], [.date: "yesterday"], [.date: "Sun, 30 Aug 2015 25:06:00 GMT"]] as [HTTPFields] {
            let stub = StubHTTPClient([.error("InvalidSignatureException", status: 403, fields: fields)])
            await expectError(.invalidSignature) {
                try await CodePipeline(.test(stub)).putJobSuccessResult(jobID: "j", result: .init())
            }
            #expect(await stub.calls.count == 1)
        }
        let stub = StubHTTPClient([.error("ValidationException", fields: late)])
        await expectError(.validation) {
            try await CodePipeline(.test(stub)).putJobSuccessResult(jobID: "j", result: .init())
        }
    }

    @Test func `The deadline of a call bounds its attempts and its waits`() async throws {
        let stub = StubHTTPClient([.refused, .refused, .refused, .reply(200, "")])
        let start = ContinuousClock().now
        let elapsed = Locked(Duration.zero)
        var configuration = AWSClientConfiguration.test(stub, attempts: 9)
        configuration.callTimeout = .seconds(2)
        configuration.retry.now = { start + elapsed.withLock { $0 } }
        configuration.retry.sleep = { wait in elapsed.withLock { $0 += wait } }
        let error = await expectError(.transport) {
            try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        }
        // Waits of 0.5 s and 1 s fit; the third, of 2 s, doesn't.
        #expect(error?.attempts == 3)
        #expect(elapsed.withLock { $0 } == .milliseconds(1500))
        #expect(await stub.calls.map(\.timeout) == [.seconds(2), .milliseconds(1500), .milliseconds(500)])
    }
}

extension StubHTTPClient {
    /// The time that each call was signed with.
    var dates: [String] { calls.indices.map { field("X-Amz-Date", $0) ?? "" } }
}

/// A service that takes signatures of its own time, behind a box that puts another date into replies.
private actor TimedAWS: HTTPClient {
    private var time: Date
    private let box: String
    private var tellsTime = true
    private(set) var refused = 0

    init(time: Date, box: String) {
        (self.time, self.box) = (time, box)
    }

    func set(_ time: Date) { self.time = time }

    /// Whether refusals say what time it is.
    func tellTime(_ tells: Bool) { tellsTime = tells }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        var fields: HTTPFields = [.date: box]
        if let id = HTTPField.Name("x-amzn-RequestId") { fields[id] = "r" }
        let stamp = HTTPField.Name("X-Amz-Date").flatMap { call.request.headerFields[$0] } ?? ""
        let signed = SignatureRefusal.date(in: "(\(stamp)", Data()) ?? .distantPast
        if abs(signed.timeIntervalSince(time)) <= 300 {
            return HTTPReply(HTTPResponse(status: .ok, headerFields: fields), body: Data())
        }
        refused += 1
        let now = time.formatted(.iso8601).replacing("-", with: "").replacing(":", with: "")
        let words = tellsTime ? "Signature expired: (\(now) - 5 min.)" : "Signature expired"
        let body = #"{"__type":"InvalidSignatureException","message":"\#(words)"}"#
        return HTTPReply(HTTPResponse(status: .badRequest, headerFields: fields), body: Data(body.utf8))
    }
}
