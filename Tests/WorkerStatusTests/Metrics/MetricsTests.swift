import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import AWSLite
@testable import JobEngine
@testable import WorkerStatus

@Suite("The metrics", .timeLimit(.minutes(1)))
struct MetricsTests {
    private static let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"]

    /// Has a monitor see the lives of a few jobs, and some answers and troubles.
    private func watched() -> (MetricsRegistry, WorkerMonitor) {
        let registry = MetricsRegistry()
        let monitor = WorkerMonitor(metrics: registry)
        let typeID = CodePipeline.ActionTypeID(category: .deploy, provider: "Quali-Start-Sandbox", version: "1")
        monitor.workerStarts([typeID], capacity: 7) { $0 }
        let jobs = (1...5).map { number in
            WorkerSnapshot.Job(
                id: "\(number)",
                actionExecutionID: "action-\(number)",
                action: typeID.provider,
                place: JobPlace(pipeline: "P\"\\\n", stage: "S", action: "A", pipelineExecutionID: "e"),
                claimedAt: Date(timeIntervalSinceNow: number == 1 ? -100 : -1e6),
                progress: JobProgress(""),
                progressSince: Date()
            )
        }
        for job in jobs.dropLast() { monitor.jobClaimed(job, as: .new) }
        monitor.jobClaimed(jobs[4], as: .resumed)
        for (job, ending) in zip(jobs, [WorkerSnapshot.Ending.succeeded, .failed]) {
            monitor.jobEnded(.init(job: job, endedAt: Date(), ending: ending, detail: ""))
        }
        monitor.jobRequeued(jobs[2])
        monitor.pollAnswered(typeID, jobs: 4)
        monitor.pollFailed(typeID, AWSError("ThrottlingException", "Rate exceeded"))
        monitor.pollFailed(typeID, AWSError("InternalFailure", "no"))
        monitor.labAnswered()
        monitor.journal(isTroubledBy: "full", isFailure: true)
        monitor.journal(isTroubledBy: nil, isFailure: false)
        let lab = monitor.labMetrics(operations: ["login", "sandboxes"])
        lab.requests.count("sandboxes", .answered, .milliseconds(300))
        lab.requests.count("sandboxes", .init(status: 429), .milliseconds(20))
        lab.requests.count("of a caller's choice", .answered, .zero)
        monitor.awsRequests.count("GetObject", .answered, .seconds(1))
        for _ in 1...3 { lab.sandboxStarted() }
        lab.sandboxEnded(.replaced)
        lab.endRefused()
        lab.sandboxes(kept: 2, left: 1)
        let waiting = (count: 2, oldest: Date(timeIntervalSinceNow: -3_600))
        let requeued = (count: 1, oldest: Date(timeIntervalSinceNow: 60))
        monitor.show({ [] }, { [.waiting: waiting, .requeued: requeued] })
        monitor.measure()
        return (registry, monitor)
    }

    private func report(_ registry: MetricsRegistry, version: String) -> String {
        PrometheusText.report(
            registry,
            .init(version: version, region: "eu-west-1", labHost: "lab.example.com", isReady: true)
        )
    }

    private func lines(_ registry: MetricsRegistry) -> Set<String> {
        Set(report(registry, version: "1.2\"3").split(separator: "\n").map(String.init))
    }

    @Test func `count what happens to jobs, polls and the lab`() throws {
        let begin = Date()
        let (registry, _) = watched()
        let lines = lines(registry)
        let start = "action=\"Quali-Start-Sandbox\""
        for line in [
            "quali_worker_jobs_claimed_total{\(start)} 4",
            "quali_worker_jobs_ended_total{\(start),ending=\"succeeded\"} 1",
            "quali_worker_jobs_ended_total{\(start),ending=\"failed\"} 1",
            "quali_worker_jobs_ended_total{\(start),ending=\"abandoned\"} 0",
            // One of the five is put back.
            "quali_worker_jobs_in_progress{\(start)} 2", "quali_worker_slots 7",
            "quali_worker_job_duration_seconds_bucket{\(start),le=\"60\"} 0",
            "quali_worker_job_duration_seconds_bucket{\(start),le=\"120\"} 1",
            "quali_worker_job_duration_seconds_bucket{\(start),le=\"28800\"} 1",
            "quali_worker_job_duration_seconds_bucket{\(start),le=\"+Inf\"} 2",
            "quali_worker_job_duration_seconds_count{\(start)} 2",
            "quali_worker_polls_total{\(start),result=\"answered\"} 1",
            "quali_worker_polls_total{\(start),result=\"failed\"} 1",
            "quali_worker_polls_total{\(start),result=\"throttled\"} 1",
            "quali_worker_lab_requests_total{operation=\"sandboxes\",result=\"answered\"} 1",
            "quali_worker_lab_requests_total{operation=\"sandboxes\",result=\"throttled\"} 1",
            "quali_worker_lab_requests_total{operation=\"login\",result=\"refused\"} 0",
            "quali_worker_lab_request_duration_seconds_bucket{operation=\"sandboxes\",le=\"0.1\"} 1",
            "quali_worker_lab_request_duration_seconds_bucket{operation=\"sandboxes\",le=\"1\"} 2",
            "quali_worker_lab_request_duration_seconds_sum{operation=\"sandboxes\"} 0.32",
            "quali_worker_journal_errors_total 1", "quali_worker_sandboxes_started_total 3",
            "quali_worker_sandboxes_ended_total{reason=\"replaced\"} 1",
            "quali_worker_sandboxes_ended_total{reason=\"pipeline\"} 0", "quali_worker_sandbox_ends_refused_total 1",
            "quali_worker_sandboxes_kept 2", "quali_worker_sandboxes_left 1",
            "quali_worker_jobs{state=\"waiting\"} 2", "quali_worker_jobs{state=\"requeued\"} 1",
            "quali_worker_jobs{state=\"running\"} 0",
            "quali_worker_oldest_job_age_seconds{state=\"requeued\"} 0",
            "quali_worker_oldest_job_age_seconds{state=\"running\"} 0",
            "quali_worker_build_info{version=\"1.2\\\"3\",region=\"eu-west-1\",lab=\"lab.example.com\"} 1",
            "quali_worker_ready 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        // An hour, by two clocks, and what this has taken.
        let name = "quali_worker_oldest_job_age_seconds{state=\"waiting\"} "
        let age = try #require(lines.first { $0.hasPrefix(name) }.flatMap { Double($0.dropFirst(name.count)) })
        #expect(age > 3_599 && age < 3_601 + Date().timeIntervalSince(begin))
        #expect(!lines.contains { $0.contains("choice") }, "No label comes from outside.")
        #expect(
            !lines.contains { $0.hasPrefix("quali_worker_lab_request_duration_seconds_count{operation=\"login\"}") }
        )
    }

    @Test(arguments: [
        (nil, "answered"), (AWSError("ThrottlingException", "Rate exceeded", httpStatus: 400), "throttled"),
        (AWSError("InvalidNonceException", "no", httpStatus: 400), "refused"),
        (AWSError("InternalFailure", "no", httpStatus: 500), "failed"),
        (AWSError(.transport, "no reply"), "failed"),
    ])
    func `tell results of requests to AWS apart, and when credentials end`(error: AWSError?, result: String)
        async throws
    {
        let registry = MetricsRegistry()
        let monitor = WorkerMonitor(metrics: registry)
        let credentials = AWSCredentials(
            accessKeyID: "id",
            secretAccessKey: Secret("secret"),
            expiration: Date(timeIntervalSince1970: 1_785_500_000)
        )
        let configuration = monitor.watched(
            AWSClientConfiguration(
                region: "eu-west-1",
                credentials: StaticCredentialProvider(credentials),
                httpClient: NoHTTPClient()
            )
        )
        #expect(lines(registry).contains("quali_worker_credentials_end_timestamp_seconds 0"))
        #expect(try await configuration.credentials.credentials() == credentials)
        #expect(lines(registry).contains("quali_worker_credentials_end_timestamp_seconds 1785500000"))
        configuration.onRequest?(AWSRequestReport(operation: "PollForJobs", error: error, duration: .seconds(2)))
        let lines = lines(registry)
        #expect(lines.contains("quali_worker_aws_requests_total{operation=\"PollForJobs\",result=\"\(result)\"} 1"))
        #expect(lines.count { $0.hasPrefix("quali_worker_aws_requests_total{") && $0.hasSuffix(" 1") } == 1)
        let buckets = "quali_worker_aws_request_duration_seconds_bucket{operation=\"PollForJobs\",le="
        #expect(lines.contains("\(buckets)\"1\"} 0") && lines.contains("\(buckets)\"2.5\"} 1"))
    }

    @Test func `are in the status page's documentation, with their labels`() throws {
        let (registry, _) = watched()
        var wanted: [String: Set<String>] = [:]
        for line in report(registry, version: "1").split(separator: "\n") where line.hasPrefix("quali_worker_") {
            let name = String(line.prefix { $0 != "{" && $0 != " " }).replacing(#/_(bucket|sum|count)$/#, with: "")
            wanted[name, default: []].formUnion(
                line.matches(of: #/(\w+)="([^"]*)"/#).flatMap { label -> [String] in
                    if label.1 == "le" { return [] }
                    let hasFewValues = ["ending", "result", "state", "reason"].contains(String(label.1))
                    return hasFewValues ? [String(label.1), String(label.2)] : [String(label.1)]
                }
            )
        }
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
        let page = try String(contentsOf: root.appending(path: "Docs/status-page.md"), encoding: .utf8)
        var told: [String: Set<String>] = [:]
        for row in page.matches(of: #/(?m)^\| `(quali_worker_\w+)`[^|]*\| ([^|]*)\|/#) {
            told[String(row.1)] = Set(row.2.matches(of: #/`(\w+)`/#).map { String($0.1) })
        }
        #expect(told == wanted)
    }

    @Test(.enabled(if: python != nil, "CONFORMANCE_PYTHON names no Python with prometheus-client"))
    func `are what Prometheus' own parser reads`() async throws {
        let text = report(watched().0, version: "a\\b\"c\nd")
        let script = """
            import json, sys
            from prometheus_client.parser import text_string_to_metric_families as read
            families = list(read(open(sys.argv[1]).read()))
            print(json.dumps([[f.name, f.type, f.documentation, len(f.samples),
                               [s.labels.get("version", "") for s in f.samples][0]] for f in families]))
            """
        let output = try await withTemporaryFolder { folder in
            try await run(
                try #require(Self.python),
                [try folder.write("read.py", script), try folder.write("metrics", text)],
                in: folder
            )
        }
        let families = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[Any]])
        let types = Dictionary(uniqueKeysWithValues: families.map { ("\($0[0])", "\($0[1])") })
        #expect(families.count == 30 && families.allSatisfy { ($0[2] as? String)?.isEmpty == false })
        #expect(types["quali_worker_job_duration_seconds"] == "histogram")
        #expect(types["quali_worker_polls"] == "counter" && types["process_resident_memory_bytes"] == "gauge")
        #expect(families.contains { $0[4] as? String == "a\\b\"c\nd" })
    }

    @Test(arguments: [
        ("a\r\nb", #"a\\r\nb"#), ("\"\u{301}", "\\\"\u{301}"), ("\\\u{301}", "\\\\\u{301}"),
        ("\n\u{301}", "\\n\u{301}"),
        ("a\u{85}b", #"a\\u{85}b"#), ("a\u{2028}b", #"a\\u{2028}b"#), ("a\u{202E}b", #"a\\u{202e}b"#), ("é🙂", "é🙂"),
    ])
    func `labels are escaped scalar by scalar`(value: String, escaped: String) {
        var text = PrometheusText()
        text.write("m", .gauge, help: value, labels: [.init(name: "l", value: value)], 1)
        let lines = text.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.count == 4 && lines[2].utf8.elementsEqual("m{l=\"\(escaped)\"} 1".utf8), "\(lines)")
        #expect(
            !text.text.unicodeScalars.contains { $0 == "\r" || $0 == "\u{85}" || $0 == "\u{2028}" || $0 == "\u{202E}" }
        )
    }

    /// Sends nothing.
    private struct NoHTTPClient: HTTPClient {
        func send(_ call: HTTPCall) async throws -> HTTPReply { throw CancellationError() }
    }

    private func run(_ program: String, _ arguments: [String], in folder: URL) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = URL(fileURLWithPath: try folder.write("output", ""))
        let handle = try FileHandle(forWritingTo: output)
        defer { try? handle.close() }
        process.standardOutput = handle
        let (endings, ended) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { ended.yield($0.terminationStatus) }
        try process.spawn()
        try #require(await endings.first { _ in true } == 0)
        return try String(contentsOf: output, encoding: .utf8)
    }
}
