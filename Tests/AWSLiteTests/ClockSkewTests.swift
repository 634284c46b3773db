import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

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

    @Test func `It is tried once in a call`() async {
        let later: HTTPFields = [.date: "Sun, 30 Aug 2015 14:06:00 GMT"]
        let stub = StubHTTPClient([
            .error("RequestExpired", fields: late), .error("RequestExpired", fields: later), .reply(200, ""),
        ])
        let error = await expectError("RequestExpired") {
            try await CodePipeline(.test(stub)).putJobSuccessResult(jobID: "j", result: .init())
        }
        #expect(error?.attempts == 2)
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
        configuration.retry.instant = { start + elapsed.withLock { $0 } }
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
