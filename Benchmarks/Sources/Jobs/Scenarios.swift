import Foundation
import LocalCloud
import Measure

/// One thing to measure of a worker; it prints its figures in one line.
struct Scenario: Sendable {
    let site: Site
    let count: Int
    let command: [String]
    let folder: URL

    private func subject(_ settings: [String: String]) throws -> Subject {
        try Subject(command, environment: site.cloud.environment.merging(settings) { $1 }, folder: folder)
    }

    /// Jobs that run commands, as many as there is room for: jobs a second, CPU milliseconds a job, AWS calls and lab
    /// calls a job, the peak of memory in MiB.
    func commands() async throws -> [Double] {
        let subject = try subject([
            "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.5", "QUALI_MAX_JOBS": "120",
            "LOG_LEVEL": "info",
        ])
        let pipelines = (count + Site.components - 1) / Site.components
        let starts = try (1...pipelines).map { try site.beginStart($0, of: "Quick") }
        let artifacts = try await site.end(starts).map { report in
            guard let action = report.action("Start"), let data = site.cloud.artifact("Sandbox", of: action) else {
                throw Mistake("a start has stored no artifact")
            }
            return data
        }
        let before = try await subject.usage()
        let asked = site.cloud.journal.count
        let begin = ContinuousClock.now
        let runs = try artifacts.enumerated().map { index, artifact in
            let actions = min(Site.components, count - index * Site.components)
            return try site.beginCommands(index, count: actions, artifact: artifact)
        }
        try await site.end(runs)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let after = try await subject.usage()
        let requests = site.requests(after: asked)
        await subject.stop()
        let jobs = Double(count)
        return [
            jobs / seconds, (after.cpu - before.cpu) * 1_000 / jobs, Double(requests.aws) / jobs,
            Double(requests.lab) / jobs, after.peak,
        ]
    }

    /// Jobs that wait for a setup that never ends: KiB a job, threads, percent of a core, lab calls a minute and a job,
    /// and how many milliseconds after its readiness a sandbox among them is reported (the median, and the longest).
    func waiting() async throws -> [Double] {
        let subject = try subject([
            "QUALI_MAX_JOBS": "\(count * 10 / 9 + 50)", "LOG_LEVEL": "error", "QUALI_PROGRESS_SECONDS": "0",
        ])
        _ = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        try await Task.sleep(for: .seconds(3))
        let idle = try await subject.usage()
        for number in 1...count { _ = try site.beginStart(number, of: "Endless") }
        try await site.cloud.journal.finished("startSandbox", times: count)
        // Until the last of them waits.
        try await Task.sleep(for: .seconds(12))
        let before = try await subject.usage()
        let asked = site.cloud.journal.count
        try await Task.sleep(for: .seconds(30))
        let after = try await subject.usage()
        let lab = site.requests(after: asked).lab
        let slow = try (1...10).map { try site.beginStart($0, of: "Slow") }
        let delays = try await site.end(slow).map { report -> Double in
            guard let action = report.action("Start"), let end = action.jobs.last?.ended,
                let sandbox = site.cloud.lab.sandboxes.first(where: { $0.id == action.externalExecutionID })
            else { throw Mistake("a start names no sandbox") }
            return end.timeIntervalSince(sandbox.startTime.addingTimeInterval(10)) * 1_000
        }
        await subject.stop()
        return [
            after.memory, (after.memory - idle.memory) * 1_024 / Double(count), Double(after.threads),
            (after.cpu - before.cpu) / 30 * 100, Double(lab) * 2 / Double(count), delays.percentile(0.5),
            delays.percentile(1),
        ]
    }

    /// A worker without jobs: milliseconds to its first poll, memory in MiB, percent of a core, AWS calls a minute.
    func idle() async throws -> [Double] {
        let begin = Date()
        let subject = try subject(["LOG_LEVEL": "error"])
        let poll = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        try await Task.sleep(for: .seconds(5))
        let before = try await subject.usage()
        let asked = site.cloud.journal.count
        try await Task.sleep(for: .seconds(Double(count)))
        let after = try await subject.usage()
        let requests = site.requests(after: asked).aws
        await subject.stop()
        return [
            poll.arrived.timeIntervalSince(begin) * 1_000, after.memory, (after.cpu - before.cpu) / Double(count) * 100,
            Double(requests) * 60 / Double(count),
        ]
    }

    /// Jobs that come one by one at the usual pace: milliseconds from the queue to the acknowledgement, the median and
    /// the 95th and 99th percentile.
    func latency() async throws -> [Double] {
        let subject = try subject(["LOG_LEVEL": "error"])
        _ = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        var starts: [String] = []
        for number in 1...count {
            starts.append(try site.beginStart(number, of: "Quick"))
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<4_000)))
        }
        let delays = try await site.end(starts).flatMap(\.actions).flatMap(\.jobs).compactMap { job in
            job.acknowledged.map { $0.timeIntervalSince(job.created) * 1_000 }
        }
        await subject.stop()
        return [delays.percentile(0.5), delays.percentile(0.95), delays.percentile(0.99)]
    }
}
