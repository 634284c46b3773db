import AWSLite
import CoreMetrics
import Foundation
import QualiTesting
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobEngine
@testable import WorkerStatus

/// AWS's specification of the embedded metric format, July 2025, says what `check(_:)` looks for.
@Suite("Metrics in the log", .timeLimit(.minutes(1)))
struct EmbeddedMetricsTests {
    /// The units of CloudWatch that are used here.
    private static let units: Set = ["Seconds", "Count"]

    private let registry = MetricsRegistry()
    private let facts = WorkerFacts(version: "1", region: "eu-west-1", labHost: "lab.example.com", isReady: true)

    private func watched() -> (WorkerMonitor, LabMetrics) {
        let monitor = WorkerMonitor(metrics: registry)
        let type = CodePipeline.ActionTypeID(category: .deploy, provider: "Quali-Start-Sandbox", version: "1")
        monitor.workerStarts([type], capacity: 7) { $0 }
        return (monitor, monitor.labMetrics(operations: ["login", "sandboxes"]))
    }

    /// The metrics of a line that AWS takes.
    private func check(_ line: String) throws -> [String: Double] {
        // The root is one object, and nothing is before or after it. An event of a log has at most 256 KiB, or 1 MiB since 2025.
        #expect(
            line.hasPrefix("{") && line.hasSuffix("}\n") && line.count { $0 == "\n" } == 1
                && line.utf8.count < 256 << 10
        )
        let root = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let metadata = try #require(root["_aws"] as? [String: Any])
        // A number of milliseconds since 1970.
        #expect(Set(metadata.keys) == ["Timestamp", "CloudWatchMetrics"])
        #expect(try #require(metadata["Timestamp"] as? Int) > 1_500_000_000_000)
        let directives = try #require(metadata["CloudWatchMetrics"] as? [[String: Any]])
        var values: [String: Double] = [:]
        for directive in directives {
            #expect(Set(directive.keys) == ["Namespace", "Dimensions", "Metrics"])
            let namespace = try #require(directive["Namespace"] as? String)
            #expect((1...1_024).contains(namespace.count))
            // At least one set, of at most 30 names of at most 250 characters; each names a text of the root, which has at
            // most 1024.
            let sets = try #require(directive["Dimensions"] as? [[String]])
            #expect(!sets.isEmpty && sets.allSatisfy { $0.count <= 30 })
            for name in sets.joined() {
                #expect((1...250).contains(name.count))
                #expect((1...1_024).contains(try #require(root[name] as? String).count), "\(name)")
            }
            // At most 100 metrics, whose names have at most 1024 characters; each names a number of the root.
            let metrics = try #require(directive["Metrics"] as? [[String: String]])
            #expect((1...100).contains(metrics.count))
            for metric in metrics {
                let name = try #require(metric["Name"])
                #expect(Set(metric.keys) == ["Name", "Unit"] && (1...1_024).contains(name.count))
                #expect(Self.units.contains(metric["Unit"] ?? ""))
                #expect(metric["Unit"] == (name.contains("_seconds") ? "Seconds" : "Count"))
                #expect(values[name] == nil, "\(name) is there twice")
                values[name] = try #require(root[name] as? Double, "\(name)")
            }
        }
        return values
    }

    @Test func `are what CloudWatch takes, and few`() throws {
        let (monitor, lab) = watched()
        monitor.awsRequests.count("PollForJobs", .throttled, .seconds(1))
        monitor.awsRequests.count("GetObject", .throttled, .seconds(1))
        lab.sandboxEnded(.pipeline)
        monitor.credentialsEnd.set(1_785_503_600)
        let waiting = (count: 3, oldest: Date(timeIntervalSinceNow: -7_200))
        monitor.show({ [] }, { [.waiting: waiting] })
        monitor.measure()
        var metrics = EmbeddedMetrics()
        let now = Date(timeIntervalSince1970: 1_785_500_000)
        let line = try metrics.line(registry, facts, host: "worker \"7\"\n", at: now)
        let values = try check(line)
        #expect(values["ready"] == 1 && values["slots"] == 7)
        #expect(values["waiting_jobs"] == 3 && values["jobs_claimed"] == 0)
        #expect(values["aws_requests_throttled"] == 2 && values["aws_requests_answered"] == 0)
        #expect(values["sandboxes_ended_pipeline"] == 1 && values["sandboxes_ended_undone"] == 0)
        #expect((7_200..<7_260).contains(values["waiting_oldest_job_age_seconds"] ?? 0))
        #expect(values["credentials_left_seconds"] == 3_600)
        #expect(values.count == 41, "Each one costs something: \(values.keys.sorted())")
        #expect(line.contains("\"Timestamp\":1785500000000") && line.contains("\"Dimensions\":[[\"lab\",\"region\"]]"))
        #expect(line.contains("\"time\":\"2026-07-31T") && line.contains("\"host\":\"worker \\\"7\\\"\\n\""))
    }

    @Test func `count since the line before, and have no lab where there is none`() throws {
        let (monitor, lab) = watched()
        var metrics = EmbeddedMetrics()
        var facts = facts
        (facts.labHost, facts.isReady) = (nil, false)
        func next() throws -> [String: Double] {
            try check(try metrics.line(registry, facts, host: "h", at: Date(timeIntervalSince1970: 1_785_500_000)))
        }
        for _ in 1...3 { lab.sandboxStarted() }
        lab.sandboxes(kept: 5, left: 0)
        #expect(try next()["sandboxes_started"] == 3)
        lab.sandboxStarted()
        monitor.journal(isTroubledBy: "full", isFailure: true)
        let second = try next()
        #expect(second["sandboxes_started"] == 1 && second["sandboxes_kept"] == 5 && second["journal_errors"] == 1)
        #expect(second["ready"] == 0 && second["credentials_left_seconds"] == nil)
        #expect(try next()["sandboxes_started"] == 0)
    }

    @Test func `are written regularly, and a last time at the end`() async throws {
        let (monitor, lab) = watched()
        let lines = Watched<[String]>([])
        let log = MetricsLog(
            every: .milliseconds(20),
            monitor: monitor,
            metrics: registry,
            facts: StatusFacts(region: "eu-west-1")
        ) { line in lines.withLock { $0.append(line) } }
        let group = ServiceGroup(services: [log], logger: .silent)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            await lines.wait { $0.count >= 2 }
            lab.sandboxStarted()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let started = try lines.withLock { $0 }.map { try check($0)["sandboxes_started"] ?? -1 }
        #expect(started.reduce(0, +) == 1)
    }
}
