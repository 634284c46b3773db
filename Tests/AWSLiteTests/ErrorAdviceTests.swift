import AWSLite
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct ErrorAdviceTests {
    @Test(
        arguments: [
            ("AccessDeniedException", "codepipeline:PollForJobs"), ("UnrecognizedClientException", "AWS_REGION"),
            ("InvalidClientTokenId", "access key"), ("ExpiredTokenException", "renew"), ("InvalidToken", "same source"),
            ("InvalidSignatureException", "AWS_SECRET_ACCESS_KEY"), ("RequestExpired", "clock"),
            ("ActionTypeNotFoundException", "register"), ("InvalidNonceException", "Another worker"),
            ("JobNotFoundException", "drop it"), ("InvalidJobStateException", "drop it"),
            ("LimitExceededException", "quota"), ("ThrottlingException", "poll less"),
            ("NoSuchBucket", "bucket's name"),
            ("MalformedReply", "HTTPS_PROXY"), ("HTTP407", "password"), ("AuthorizationHeaderMalformed", "region"),
        ] as [(AWSError.Code, String)]
    )
    func `A known code says what to try, in the description too`(_ code: AWSError.Code, _ advice: String) {
        let error = AWSError(code, "m", service: "codepipeline", operation: "PollForJobs")
        #expect(error.advice?.contains(advice) == true)
        #expect((error.advice?.utf8.count ?? 0) <= 220)
        #expect(error.description.hasSuffix(" - \(error.advice ?? "")"))
    }

    @Test(
        arguments: [
            (.nameNotResolved, "DNS"), (.connectionFailed, "firewall"), (.tlsFailed, "AWS_CA_BUNDLE"),
            (.proxyFailed, "NO_PROXY"), (.timedOut, "firewall"), (.connectionLost, "passes"),
        ] as [(HTTPClientError.Code, String)]
    )
    func `A failure of the network says what to try`(_ code: HTTPClientError.Code, _ advice: String) {
        let underlying = HTTPClientError(code, "m", mayHaveBeenProcessed: false)
        #expect(AWSError(.transport, "m", underlying: underlying).advice?.contains(advice) == true)
    }

    @Test func `S3 is asked for the rights that reading takes, and says its second id`() async throws {
        let fields: HTTPFields = [
            try #require(HTTPField.Name("x-amz-request-id")): "r", try #require(HTTPField.Name("x-amz-id-2")): "h",
        ]
        let s3 = S3(.test(StubHTTPClient([.reply(403, "", fields)])))
        let error = await expectError(.accessDenied) { _ = try await s3.headObject(bucket: "bucket", key: "k") }
        #expect(error?.description.contains("request r, host id h") == true)
        #expect(error?.advice?.contains("s3:GetObject") == true)
    }

    @Test func `An unknown code has no advice`() {
        #expect(AWSError("Brand.New", "m").advice == nil)
        #expect(AWSError("Brand.New", "m", httpStatus: 500).advice?.contains("passes") == true)
    }
}
