import Foundation
import LocalCloud
import Measure

/// One thing to measure of a worker.
struct Scenario: Sendable {
    /// What the worker has to do.
    enum Kind: String, CaseIterable {
        case commands, waiting, running, idle, latency, endless, burst, starts
    }

    let kind: Kind
    let site: Site
    let count: Int
    /// How long the lab takes for each call of a burst.
    var labDelay: Duration = .zero
    let command: [String]
    let folder: URL

    /// Starts a worker, measures it, and ends it.
    func figures() async throws -> [Double] {
        let environment = site.cloud.environment.merging(settings) { $1 }
        let begin = Date()
        let subject = try Subject(command, environment: environment, folder: folder)
        let figures: [Double]
        do {
            figures =
                switch kind {
                case .commands: try await commands(subject)
                case .waiting: try await waiting(subject)
                case .running: try await running(subject)
                case .idle: try await idle(subject, startedAt: begin)
                case .latency: try await latency()
                case .endless: try await endless(subject)
                case .burst: try await burst(subject)
                case .starts: try await starts(subject)
                }
        } catch {
            await subject.stop()
            throw error
        }
        await subject.stop()
        return figures
    }

    private var settings: [String: String] {
        switch kind {
        case .commands, .endless:
            ["QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.5", "QUALI_MAX_JOBS": "120"]
        case .waiting, .running:
            ["QUALI_MAX_JOBS": "\(count * 10 / 9 + 50)", "QUALI_PROGRESS_SECONDS": "0"]
        case .burst, .starts:
            [
                "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.5",
                "QUALI_MAX_JOBS": "\(count * 10 / 9 + 50)",
            ]
        case .idle, .latency: [:]
        }
    }

    /// Jobs that run commands, as many as there is room for: jobs a second, CPU milliseconds a job, AWS calls and lab
    /// calls a job, the peak of memory in MiB.
    private func commands(_ subject: Subject) async throws -> [Double] {
        let pipelines = (count + Site.components - 1) / Site.components
        let artifacts = try await site.startSandboxes(pipelines)
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
        let jobs = Double(count)
        return [
            jobs / seconds, (after.cpu - before.cpu) * 1_000 / jobs, Double(requests.aws) / jobs,
            Double(requests.lab) / jobs, after.peak,
        ]
    }

    /// Short commands on the components of one sandbox, all queued at once, where the lab takes its time for each call: as
    /// ``figures(of:_:)``.
    private func burst(_ subject: Subject) async throws -> [Double] {
        slowLab()
        guard let artifact = try await site.startSandboxes(1, of: "Wide").first else { return [] }
        return try await figures(of: subject) {
            try stride(from: 0, to: count, by: Site.manyComponents).map { first in
                let actions = min(Site.manyComponents, count - first)
                return try site.beginCommands(first, count: actions, command: "short", artifact: artifact)
            }
        }
    }

    /// Sandboxes with a setup of a second, all started at once, where the lab takes its time for each call: as
    /// ``figures(of:_:)``.
    private func starts(_ subject: Subject) async throws -> [Double] {
        slowLab()
        _ = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        return try await figures(of: subject) { try (1...count).map { try site.beginStart($0, of: "Brief") } }
    }

    private func slowLab() {
        if labDelay > .zero { site.cloud.faults.inject(.delay(labDelay), service: "lab", times: .max) }
    }

    /// Jobs a second, CPU milliseconds a job, lab calls a job, and the peak of memory in MiB.
    private func figures(of subject: Subject, _ begin: () throws -> [String]) async throws -> [Double] {
        let before = try await subject.usage()
        let asked = site.cloud.journal.count
        let time = ContinuousClock.now
        try await site.end(begin())
        let seconds = (ContinuousClock.now - time) / .seconds(1)
        let after = try await subject.usage()
        let jobs = Double(count)
        return [
            jobs / seconds, (after.cpu - before.cpu) * 1_000 / jobs, Double(site.requests(after: asked).lab) / jobs,
            after.peak,
        ]
    }

    /// Jobs that run commands, one after the other for long, with a line of figures for each fortieth of them: jobs so far,
    /// jobs a second, memory in MiB, open files, threads, MiB of the state folder, bytes of log a job.
    ///
    /// - Returns: By how many percent memory, files, threads, state and log in the last quarter differ from the second's.
    private func endless(_ subject: Subject) async throws -> [Double] {
        let lanes = 12
        let chunk = count / 40
        guard chunk >= lanes * Site.components else { throw Mistake("endless takes 4,800 jobs or more") }
        var rows: [[Double]] = []
        for row in 1...40 {
            // New ones, since nobody runs a thousand commands in one sandbox.
            let artifacts = try await site.startSandboxes(lanes, after: row * lanes)
            let begin = ContinuousClock.now
            let log = folder.size(of: "log")
            try await withThrowingTaskGroup { group in
                for lane in 0..<lanes {
                    group.addTask {
                        for round in 0..<(chunk / lanes / Site.components) {
                            let number = (row * lanes + lane) * chunk + round
                            let run = try site.beginCommands(number, count: Site.components, artifact: artifacts[lane])
                            try await site.end([run])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let jobs = Double(chunk / lanes / Site.components * lanes * Site.components)
            let usage = try await subject.usage()
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            let figures = [
                Double(row) * jobs, jobs / seconds, usage.memory, Double(usage.descriptors), Double(usage.threads),
                folder.size(of: "state") / 1_048_576, (folder.size(of: "log") - log) / jobs,
            ]
            rows.append(figures)
            print(figures.map { String(format: "%.2f", $0) }.joined(separator: " "))
            fflush(nil)
        }
        return (2...6).map { column in
            let (second, last) = (rows[10..<20].map { $0[column] }.sum, rows[30..<40].map { $0[column] }.sum)
            return (last / second - 1) * 100
        }
    }

    /// Jobs that wait for a setup that never ends: memory in MiB, KiB a job, threads, percent of a core, lab calls a minute
    /// and a job, and how many milliseconds after its readiness a sandbox among them is reported (the median, and the longest).
    private func waiting(_ subject: Subject) async throws -> [Double] {
        _ = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        // A worker gives back what its start has left.
        try await Task.sleep(for: .seconds(15))
        let idle = try await subject.usage()
        for number in 1...count { _ = try site.beginStart(number, of: "Endless") }
        try await begin("startSandbox", count)
        let costs = try await costOfWaiting(subject, since: idle)
        let slow = try (1...10).map { try site.beginStart($0, of: "Slow") }
        let delays = try await site.end(slow).map { report -> Double in
            guard let action = report.action("Start"), let end = action.jobs.last?.ended,
                let sandbox = site.cloud.lab.sandboxes.first(where: { $0.id == action.externalExecutionID })
            else { throw Mistake("a start names no sandbox") }
            return end.timeIntervalSince(sandbox.startTime.addingTimeInterval(10)) * 1_000
        }
        return costs + [delays.percentile(0.5), delays.percentile(1)]
    }

    /// Jobs that wait for commands that run for days: memory in MiB, KiB a job, threads, percent of a core, lab calls a
    /// minute and a job.
    private func running(_ subject: Subject) async throws -> [Double] {
        let pipelines = (count + Site.components - 1) / Site.components
        let artifacts = try await site.startSandboxes(pipelines)
        try await Task.sleep(for: .seconds(70))
        let idle = try await subject.usage()
        for (index, artifact) in artifacts.enumerated() {
            let actions = min(Site.components, count - index * Site.components)
            _ = try site.beginCommands(index, count: actions, command: "run-on", artifact: artifact)
        }
        try await begin("startComponentCommand", count)
        return try await costOfWaiting(subject, since: idle)
    }

    /// What jobs cost that have begun and wait: memory in MiB, KiB a job, threads, percent of a core, lab calls a minute and
    /// a job.
    private func costOfWaiting(_ subject: Subject, since idle: ProcessUsage) async throws -> [Double] {
        // Until the last of them waits, and what their begin has left is given back: once a minute.
        try await Task.sleep(for: .seconds(70))
        let before = try await subject.usage()
        let asked = site.cloud.journal.count
        try await Task.sleep(for: .seconds(30))
        let after = try await subject.usage()
        let lab = site.requests(after: asked).lab
        return [
            after.memory, (after.memory - idle.memory) * 1_024 / Double(count), Double(after.threads),
            (after.cpu - before.cpu) / 30 * 100, Double(lab) * 2 / Double(count),
        ]
    }

    /// Waits until so many jobs have begun, with a request for each.
    ///
    /// - Throws: ``Mistake`` when a worker takes over five minutes for that.
    private func begin(_ operation: String, _ count: Int) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await site.cloud.journal.finished(operation, times: count) }
            group.addTask {
                try await Task.sleep(for: .seconds(300))
                throw Mistake("the worker didn't begin \(count) jobs in five minutes")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// A worker without jobs: milliseconds to its first poll, memory in MiB, percent of a core, AWS calls a minute.
    private func idle(_ subject: Subject, startedAt begin: Date) async throws -> [Double] {
        let poll = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        try await Task.sleep(for: .seconds(15))
        let before = try await subject.usage()
        let asked = site.cloud.journal.count
        try await Task.sleep(for: .seconds(Double(count)))
        let after = try await subject.usage()
        let requests = site.requests(after: asked).aws
        return [
            poll.arrived.timeIntervalSince(begin) * 1_000, after.memory, (after.cpu - before.cpu) / Double(count) * 100,
            Double(requests) * 60 / Double(count),
        ]
    }

    /// Jobs that come one by one at the usual pace: milliseconds from the queue to the acknowledgement, the median, the
    /// 95th percentile and the longest.
    private func latency() async throws -> [Double] {
        _ = try await site.cloud.journal.first { $0.operation == "PollForJobs" }
        var starts: [String] = []
        for number in 1...count {
            starts.append(try site.beginStart(number, of: "Quick"))
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<4_000)))
        }
        let delays = try await site.end(starts).flatMap(\.actions).flatMap(\.jobs).compactMap { job in
            job.acknowledged.map { $0.timeIntervalSince(job.created) * 1_000 }
        }
        return [delays.percentile(0.5), delays.percentile(0.95), delays.percentile(1)]
    }
}

extension URL {
    /// The bytes of a file, or of all files in a folder, under this one.
    fileprivate func size(of name: String) -> Double {
        let manager = FileManager.default
        let place = appendingPathComponent(name).path
        let files = (try? manager.contentsOfDirectory(atPath: place)).map { $0.map { "\(place)/\($0)" } } ?? [place]
        return files.reduce(0) { sum, file in
            sum + (((try? manager.attributesOfItem(atPath: file))?[.size] as? NSNumber)?.doubleValue ?? 0)
        }
    }
}

extension Array where Element == Double {
    fileprivate var sum: Double { reduce(0, +) }
}
