import AWSLite
import Foundation
import TestSupport
import Testing

@testable import JobEngine
@testable import WorkerStatus

@Suite("The metrics", .timeLimit(.minutes(1)))
struct MetricsTests {
    private static let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"]

    /// Has a monitor see the lives of a few jobs, and some answers and troubles.
    private func registry() throws -> MetricsRegistry {
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
        return registry
    }

    @Test func `count what happens to jobs, polls and the lab`() throws {
        let lines = Set(
            PrometheusText.report(try registry(), version: "1.2\"3").split(separator: "\n").map(String.init)
        )
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
            "quali_worker_lab_requests_total{result=\"answered\"} 1",
            "quali_worker_build_info{version=\"1.2\\\"3\"} 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test(.enabled(if: python != nil, "CONFORMANCE_PYTHON names no Python with prometheus-client"))
    func `are what Prometheus' own parser reads`() async throws {
        let text = PrometheusText.report(try registry(), version: "a\\b\"c\nd")
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
        #expect(families.count == 16 && families.allSatisfy { ($0[2] as? String)?.isEmpty == false })
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
        try process.run()
        try #require(await endings.first { _ in true } == 0)
        return try String(contentsOf: output, encoding: .utf8)
    }
}
