import AWSLite
import HTTPTransport
import TestSupport
import Testing

/// Compares decisions, waits and the retry quota with botocore's standard mode.
@Suite(Oracle.condition) struct RetryOracleTests {
    struct Attempt: Encodable {
        var status = 0
        var code = ""
        var exception: String?

        var step: StubHTTPClient.Step {
            switch exception {
            case "timeout": .timedOut
            case nil where status < 300: .reply(status, "")
            case nil: .error(code, status: status)
            default: .refused
            }
        }

        /// The differences that ``AWSRetryPolicy`` documents.
        var differs: Bool {
            guard exception == nil, status >= 300 else { return false }
            return code == "LimitExceededException" || status == 429
                || ["InternalFailure", "InternalError", "ServiceUnavailable"].contains(code)
        }
    }

    /// The waits of each call, in seconds, where all share one configuration.
    private func ours(_ series: [[Attempt]]) async -> [[Double]] {
        let waits = Waits()
        let stub = StubHTTPClient([])
        let pipeline = CodePipeline(.test(stub, waits: waits))
        var result: [[Double]] = []
        for call in series {
            await stub.script(call.map(\.step))
            let before = waits.all.count
            _ = try? await pipeline.putJobSuccessResult(jobID: "j", result: .init())
            result.append(waits.all.dropFirst(before).map { $0 / .seconds(1) })
        }
        return result
    }

    @Test func `Each status with each code is retried as botocore does, and with its waits`() async throws {
        let codes = [
            "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
            "RequestThrottled", "TooManyRequestsException", "ProvisionedThroughputExceededException",
            "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown",
            "EC2ThrottledException", "LimitExceededException", "RequestTimeout", "RequestTimeoutException",
            "PriorRequestNotComplete", "ValidationException", "AccessDeniedException", "ExpiredTokenException",
            "InternalFailure", "InternalError", "ServiceUnavailable", "InvalidJobStateException", "Brand.New",
        ]
        var attempts = [Attempt(exception: "timeout"), Attempt(exception: "connection")]
        for status in [400, 403, 404, 408, 409, 413, 429, 500, 501, 502, 503, 504, 505, 509] {
            for code in codes { attempts.append(Attempt(status: status, code: code)) }
        }
        attempts.removeAll(where: \.differs)
        let cases = attempts.map { [[$0, $0, $0, $0]] }
        let answers = try await Oracle.run("retries.py", cases, as: [[Double]].self)
        try #require(answers.count == cases.count && cases.count > 250)
        for (series, answer) in zip(cases, answers) {
            #expect(await ours(series) == answer, "\(series[0][0])")
        }
    }

    @Test func `The quota runs dry and fills up as botocore's does`() async throws {
        var generator = SeededGenerator(usual: 8)
        let failures = [
            Attempt(exception: "timeout"), Attempt(exception: "connection"), Attempt(status: 503, code: "SlowDown"),
        ]
        let cases = (0..<40).map { _ in
            (0..<200).map { _ -> [Attempt] in
                let failed = Int.random(in: 0...3, using: &generator)
                let failing = (0..<failed).map { _ in failures[Int.random(in: 0..<3, using: &generator)] }
                return failing + [Attempt(status: 200)]
            }
        }
        let answers = try await Oracle.run("retries.py", cases, as: [[Double]].self)
        try #require(answers.count == cases.count)
        var refused = 0
        for (series, answer) in zip(cases, answers) {
            #expect(await ours(series) == answer)
            refused += zip(series, answer).count { $0.count - 1 > $1.count && $1.count < 2 }
        }
        // Or the quota was never empty and nothing was tested.
        #expect(refused > 100)
    }
}
