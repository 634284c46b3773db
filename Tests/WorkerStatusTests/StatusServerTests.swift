import AWSLite
import CoreMetrics
import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import JobEngine
@testable import WorkerStatus

@Suite("A status server beside a worker", .timeLimit(.minutes(1)))
struct StatusServerTests {
    private static let facts: StatusFacts = {
        var facts = StatusFacts(region: "eu-west-1", lab: .init(address: "https://lab.example.com"))
        facts.version = "7"
        return facts
    }()

    /// A worker in this process with a page of its own, as a service embeds it.
    private struct Embedded {
        let monitor: WorkerMonitor
        let queue = InMemoryJobQueue()
        let worker: JobWorker
        let status: StatusServer

        init(_ facts: StatusFacts = facts) throws {
            let metrics = MetricsRegistry()
            monitor = WorkerMonitor(metrics: metrics)
            worker = JobWorker(
                queue: queue,
                actions: [JobAction(.start, handler: ClosureHandler { _ in JobResult(summary: "done") })],
                artifactStore: InMemoryArtifactStore(),
                monitor: monitor,
                logger: .silent
            )
            status = try StatusServer(
                address: StatusAddress(port: 0),
                monitor: monitor,
                metrics: metrics,
                facts: facts,
                logger: .silent
            )
        }

        func ask(_ path: String) async throws -> RawReply {
            try await TestSupport.ask(port(of: status.address), path)
        }

        /// The value of a series.
        func metric(_ series: String) async throws -> String? {
            let lines = try await ask("/metrics").body.split(separator: "\n")
            return lines.first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
        }
    }

    private func run(_ services: [any Service], _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: services, logger: .silent)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `shows each of two workers in a process by itself, with metrics of its own`() async throws {
        let (well, away) = (try Embedded(), try Embedded())
        try await run([well.status, away.status, well.worker, away.worker]) {
            await well.queue.offer(.job("1"), .job("2"))
            _ = await well.queue.report(of: "1")
            _ = await well.queue.report(of: "2")
            well.monitor.labAnswered()
            away.monitor.labFailed(JobFailure(.jobFailed, "no route to the lab"))
            // CodePipeline has the result a little before the worker knows that it has.
            let ended = "quali_worker_jobs_ended_total{action=\"Quali-Start-Sandbox\",ending=\"succeeded\"}"
            while try await well.metric(ended) != "2" { await Task.yield() }
            let build = "quali_worker_build_info{version=\"7\",region=\"eu-west-1\",lab=\"lab.example.com\"}"
            for (worker, jobs, ready) in [(well, "2", "1"), (away, "0", "0")] {
                #expect(try await worker.metric(ended) == jobs)
                #expect(try await worker.metric("quali_worker_ready") == ready)
                #expect(try await worker.metric(build) == "1")
            }
            #expect(try await away.metric("quali_worker_lab_last_answer_timestamp_seconds") == "0")
            #expect(try await well.ask("/readyz").status == 200)
            let reply = try await away.ask("/readyz")
            #expect(reply.status == 503 && reply.body.contains("The lab hasn't answered yet"))
            #expect(try await away.ask("/").body.contains("no route to the lab"))
        }
    }

    @Test func `needs no lab where the actions use none`() async throws {
        let embedded = try Embedded(StatusFacts(region: "eu-west-1"))
        try await run([embedded.status, embedded.worker]) {
            while try await embedded.ask("/readyz").status != 200 { await Task.yield() }
            let page = try await embedded.ask("/").body
            #expect(page.contains("Nothing to do") && !page.contains("Lab"))
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(try await embedded.ask("/status.json").body.utf8))
                    as? [String: Any]
            )
            #expect(document["ready"] as? Bool == true)
            for name in ["lab", "lab_health", "version"] { #expect(document[name] == nil, "\(name)") }
            #expect(try await embedded.metric("quali_worker_build_info{region=\"eu-west-1\"}") == "1")
        }
    }

    @Test func `says which address can't be had, and gives one back that nobody uses any more`() throws {
        let embedded = try Embedded()
        let address = try #require(StatusAddress(embedded.status.address))
        func listen() throws -> StatusServer {
            try StatusServer(
                address: address,
                monitor: embedded.monitor,
                metrics: nil,
                facts: Self.facts,
                logger: .silent
            )
        }
        let error = #expect(throws: StatusAddressError.self) { _ = try listen() }
        #expect(error?.address == address && error?.reason == "Address already in use")
        var first: StatusServer? = try StatusServer(
            address: StatusAddress(port: 0),
            monitor: embedded.monitor,
            metrics: nil,
            facts: Self.facts,
            logger: .silent
        )
        let given = try #require(first.flatMap { StatusAddress($0.address) })
        first = nil
        _ = try StatusListener(given)
    }
}
