import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct RetryTests {
    private let type = CodePipeline.ActionTypeID(category: .deploy, provider: "P", version: "1")
    private let definition = CodePipeline.CustomActionType(category: .deploy, provider: "P", version: "1")

    private func attempts(
        _ steps: [StubHTTPClient.Step],
        _ body: (CodePipeline) async throws -> Void
    ) async -> (Int, AWSError?) {
        let stub = StubHTTPClient(steps)
        var failure: AWSError?
        do { try await body(CodePipeline(.test(stub))) } catch { failure = error as? AWSError }
        return (await stub.calls.count, failure)
    }

    @Test func `Waits double up to the cap, jittered, and never undercut the server's wish`() {
        let policy = AWSRetryPolicy(random: { 0.5 })
        let waits = [1, 2, 3, 5, 6, 7, 60].map { policy.delay(afterAttempt: $0) }
        #expect(
            waits == [
                .milliseconds(500), .seconds(1), .seconds(2), .seconds(8), .seconds(10), .seconds(10), .seconds(10),
            ]
        )
        #expect(policy.delay(afterAttempt: 1, retryAfter: .seconds(7)) == .seconds(7))
        #expect(AWSRetryPolicy(random: { 0 }).delay(afterAttempt: 3) == .zero)
    }

    @Test(arguments: [
        StubHTTPClient.Step.throttled, .refused, .lost, .timedOut, .reply(500, ""), .reply(502, "<html>"),
        .reply(503, ""), .reply(504, ""), .reply(429, ""), .error("SlowDown", status: 503),
        .error("RequestTimeout"), .reply(200, "<html>hotel portal</html>"),
        .page(200), .page(200, "{}"), .page(200, #"{"status":"blocked"}"#), .page(302), .page(403, "<html>"),
        .page(404, "{}"), .page(429), .page(503),
    ])
    func `A result is reported again after whatever may pass`(_ step: StubHTTPClient.Step) async throws {
        let (count, failure) = await attempts([step, step, .reply(200, "")]) {
            try await $0.putJobSuccessResult(jobID: "j", result: .init())
        }
        #expect(count == 3)
        #expect(failure == nil)
    }

    @Test func `Attempts are limited, the error counts them, and waits lie between them`() async throws {
        let stub = StubHTTPClient([.throttled, .throttled, .throttled, .reply(200, "")])
        let waits = Waits()
        let error = await expectError(.throttling) {
            _ = try await CodePipeline(.test(stub, waits: waits)).getJobDetails(id: "j")
        }
        #expect(error?.attempts == 3)
        #expect(error?.isThrottling == true)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(waits.all == [.milliseconds(500), .seconds(1)])
    }

    @Test func `Each attempt is told to who watches, with its operation and error`() async throws {
        let stub = StubHTTPClient([.throttled, .lost, .page(200), .error("JobNotFoundException"), .reply(200, "")])
        var configuration = AWSClientConfiguration.test(stub, attempts: 4)
        let told = Locked<[AWSRequestReport]>([])
        configuration.onRequest = { report in told.withLock { $0.append(report) } }
        await expectError(.jobNotFound) {
            try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        }
        let reports = told.withLock { $0 }
        #expect(reports.allSatisfy { $0.operation == "PutJobSuccessResult" && $0.duration >= .zero })
        #expect(reports.map { $0.error?.code } == [.throttling, .transport, .malformedReply, .jobNotFound])
        #expect(reports.map { $0.error?.isForeign } == [false, false, true, false])
        try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        #expect(told.withLock { $0.count == 5 && $0[4].error == nil })
    }

    @Test(arguments: [
        "ValidationException", "AccessDeniedException", "InvalidJobStateException", "LimitExceededException",
        "Brand.New",
    ])
    func `A refusal is final`(_ code: String) async {
        let (count, failure) = await attempts([.error(code)]) {
            try await $0.putJobFailureResult(jobID: "j", failure: .init(type: .jobFailed, message: "m"))
        }
        #expect(count == 1)
        #expect(failure?.code.rawValue == code)
        #expect(failure?.mayHaveBeenProcessed == false)
    }

    @Test(arguments: [
        StubHTTPClient.Step.lost, .timedOut, .reply(500, ""), .reply(503, ""), .reply(200, "<html>"), .reply(200, ""),
        .page(200), .page(403, "<html>"), .page(404), .page(502, "<html>"),
    ])
    func `An acknowledgement that may have been processed is left to the caller`(_ step: StubHTTPClient.Step) async {
        let (count, failure) = await attempts([step]) { _ = try await $0.acknowledgeJob(id: "j", nonce: "3") }
        #expect(count == 1)
        #expect(failure?.mayHaveBeenProcessed == true)
        #expect(failure?.earlierAttemptMayHaveBeenProcessed == false)
    }

    @Test(arguments: [StubHTTPClient.Step.throttled, .refused])
    func `An acknowledgement that can't have been processed is repeated`(_ step: StubHTTPClient.Step) async {
        let (count, failure) = await attempts([step, .reply(200, #"{"status":"InProgress"}"#)]) {
            let status = try await $0.acknowledgeJob(id: "j", nonce: "3")
            #expect(status == .inProgress)
        }
        #expect(count == 2)
        #expect(failure == nil)
    }

    @Test(arguments: [
        (StubHTTPClient.Step.throttled, 2), (.refused, 2), (.reply(500, ""), 2), (.page(502), 2), (.page(403), 1),
        (.page(200), 1), (.reply(501, ""), 1), (.reply(505, ""), 1),
        (.error("ConcurrentModificationException"), 2),
        (.lost, 1), (.timedOut, 1), (.error("LimitExceededException"), 1),
    ])
    func `A type is registered again except after a lost reply`(_ step: StubHTTPClient.Step, _ expected: Int) async {
        let (count, _) = await attempts([step, .error("ValidationException")]) {
            _ = try await $0.createCustomActionType(definition)
        }
        #expect(count == expected)
    }

    @Test(arguments: [501, 505])
    func `What a server can't do doesn't pass by itself, whatever it calls that`(_ status: Int) async {
        for step in [
            StubHTTPClient.Step.reply(status, ""), .error("NotImplemented", status: status),
            .error("InternalFailure", status: status),
        ] {
            let (count, failure) = await attempts([step]) {
                try await $0.putJobSuccessResult(jobID: "j", result: .init())
            }
            #expect(count == 1)
            #expect(failure?.mayHaveBeenProcessed == false)
            #expect(failure?.passesByItself == false)
        }
    }

    @Test func `An error after an own attempt that may have been taken says so`() async {
        let (count, failure) = await attempts([.lost, .error("InvalidJobStateException")]) {
            try await $0.putJobSuccessResult(jobID: "j", result: .init())
        }
        #expect(count == 2)
        #expect(failure?.code == .invalidJobState)
        #expect(failure?.earlierAttemptMayHaveBeenProcessed == true)
        #expect(failure?.mayHaveBeenProcessed == true)
        #expect(failure?.attempts == 2)
    }

    @Test func `A throttled attempt before a refusal processed nothing`() async {
        let (_, failure) = await attempts([.throttled, .refused, .error("InvalidJobStateException")]) {
            try await $0.putJobSuccessResult(jobID: "j", result: .init())
        }
        #expect(failure?.earlierAttemptMayHaveBeenProcessed == false)
        #expect(failure?.attempts == 3)
    }

    @Test func `Retry-After is obeyed, and a long one ends the call with the wish in the error`() async throws {
        let retryAfter = try #require(HTTPField.Name("Retry-After"))
        let waits = Waits()
        let patient = StubHTTPClient([
            .error("ThrottlingException", fields: [retryAfter: "17"]), .reply(200, #"{"jobs":[]}"#),
        ])
        _ = try await CodePipeline(.test(patient, waits: waits)).pollForJobs(actionTypeID: type, maxBatchSize: 1)
        #expect(waits.all == [.seconds(17)])

        let stub = StubHTTPClient([.error("ThrottlingException", fields: [retryAfter: "3600"])])
        let error = await expectError(.throttling) {
            _ = try await CodePipeline(.test(stub, waits: waits)).pollForJobs(actionTypeID: type, maxBatchSize: 1)
        }
        #expect(error?.retryAfter == .seconds(3600))
        #expect(waits.all.count == 1)
    }

    @Test func `Each attempt asks for credentials and signs with the time that it is`() async throws {
        struct Rotating: AWSCredentialProvider {
            let asked = Locked(0)
            func credentials() async throws -> AWSCredentials {
                let number = asked.withLock {
                    $0 += 1
                    return $0
                }
                return AWSCredentials(accessKeyID: "KEY\(number)", secretAccessKey: Secret("s"))
            }
        }
        let stub = StubHTTPClient([.throttled, .reply(200, "")])
        let clock = Locked(1_440_938_220.0)
        var configuration = AWSClientConfiguration.test(stub, credentials: Rotating())
        configuration.clock = AWSClock(now: { Date(timeIntervalSince1970: clock.withLock { $0 }) })
        configuration.retry.sleep = { _ in clock.withLock { $0 += 60 } }
        try await CodePipeline(configuration).putJobSuccessResult(jobID: "j", result: .init())
        let first = try #require(SigV4Authorization(await stub.field("Authorization", 0) ?? ""))
        let second = try #require(SigV4Authorization(await stub.field("Authorization", 1) ?? ""))
        #expect([first.accessKeyID, second.accessKeyID] == ["KEY1", "KEY2"])
        #expect(await stub.field("X-Amz-Date", 0) == "20150830T123700Z")
        #expect(await stub.field("X-Amz-Date", 1) == "20150830T123800Z")
    }

    @Test func `One place may go without retries`() async {
        let stub = StubHTTPClient([.throttled, .reply(200, "{}")])
        var poller = CodePipeline(.test(stub))
        poller.configuration.retry = .none
        await expectError(.throttling) { _ = try await poller.pollForJobs(actionTypeID: type, maxBatchSize: 1) }
        #expect(await stub.calls.count == 1)
    }

    @Test func `A request that can't be sent isn't sent again`() async {
        let broken = StubHTTPClient.Step.failure(.init(.invalidRequest, "malformed", mayHaveBeenProcessed: false))
        let (count, failure) = await attempts([broken]) { _ = try await $0.getJobDetails(id: "j") }
        #expect(count == 1)
        #expect(failure?.code == .transport)
        #expect(failure?.underlying?.code == .invalidRequest)
    }

    @Test func `A cancelled wait ends the call`() async {
        let stub = StubHTTPClient([.throttled, .reply(200, "")])
        var configuration = AWSClientConfiguration.test(stub)
        configuration.retry.sleep = { _ in throw CancellationError() }
        let pipeline = CodePipeline(configuration)
        await #expect(throws: CancellationError.self) { try await pipeline.getJobDetails(id: "j") }
        #expect(await stub.calls.count == 1)
    }

    @Test func `Without credentials nothing is sent`() async {
        let stub = StubHTTPClient([])
        let chain = CredentialProviderChain([EnvironmentCredentialProvider(environment: [:])])
        let pipeline = CodePipeline(.test(stub, credentials: chain))
        let error = await expectError(.credentialsUnavailable) { _ = try await pipeline.getJobDetails(id: "j") }
        #expect(error?.message.contains("AWS_ACCESS_KEY_ID isn't set") == true)
        #expect(await stub.calls.isEmpty)
    }
}
