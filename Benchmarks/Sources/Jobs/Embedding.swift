import Foundation
import LocalCloud
import Measure

/// An HTTP service with and without a worker in its process, and what each costs the other.
///
/// The service has one core to itself; the stand-ins and the load's program share the others.
struct Embedding: Sendable {
    /// The service's programs, which take a port.
    let plain: String
    let embedded: String
    /// How long each measurement takes.
    let seconds: Int

    /// What is done while one row's figures are taken.
    private struct Row: Sendable {
        let name: String
        let hasWorker: Bool
        let hasRequests: Bool
        let hasJobs: Bool
    }

    private static let rows = [
        Row(name: "service alone", hasWorker: false, hasRequests: true, hasJobs: false),
        Row(name: "with a worker, no jobs", hasWorker: true, hasRequests: true, hasJobs: false),
        Row(name: "with a worker and jobs", hasWorker: true, hasRequests: true, hasJobs: true),
        Row(name: "with a worker and jobs, no requests", hasWorker: true, hasRequests: false, hasJobs: true),
    ]
    private static let noFigure = "–"

    /// Prints both tables.
    ///
    /// Each row is measured `rounds` times; the medians are printed.
    func tables(rounds: Int) async throws {
        var figures = Array(repeating: [[Double]](), count: Self.rows.count)
        for _ in 0..<rounds {
            // In turns, so that what else this machine does meets all alike.
            for (index, row) in Self.rows.enumerated() { figures[index].append(try await measure(row)) }
        }
        print("| | Requests/s | 99 %, ms | CPU µs each | Jobs/s | CPU ms each | Private MiB, at rest | at the end |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for (row, runs) in zip(Self.rows, figures) {
            let cells = (0..<7).map { column -> String in
                let median = runs.map { $0[column] }.percentile(0.5)
                return median.isNaN ? Self.noFigure : String(format: median < 100 ? "%.1f" : "%.0f", median)
            }
            print("| \(row.name) | \(cells.joined(separator: " | ")) |")
        }
        print("\n| Stopped with | ms to the worker's end | to the page's | to the HTTP server's | to the process' |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for waiting in [0, 100] {
            var runs: [[Double]] = []
            for _ in 0..<rounds { runs.append(try await stop(waiting: waiting)) }
            let cells = (0..<4).map { column in String(format: "%.0f", runs.map { $0[column] }.percentile(0.5)) }
            print("| \(waiting) waiting jobs, a request that takes 2 s | \(cells.joined(separator: " | ")) |")
        }
    }

    // MARK: Throughput

    /// Requests a second, the milliseconds within which 99 of 100 are answered, microseconds of the processor a request, jobs
    /// a second, milliseconds of the processor a job, and private MiB before and after.
    ///
    /// Where there are both, nobody knows whose time it was.
    private func measure(_ row: Row) async throws -> [Double] {
        try await running(row.hasWorker ? embedded : plain, awaitsWorker: row.hasWorker) { site, subject, port, _ in
            try await Task.sleep(for: .seconds(5))
            let rest = try await subject.usage()
            return try await withThrowingTaskGroup { group in
                if row.hasJobs {
                    let artifacts = try await site.startSandboxes(12)
                    for (lane, artifact) in artifacts.enumerated() {
                        group.addTask { try await site.runCommands(lane: lane, artifact) }
                    }
                    // Until all of them are at it.
                    try await site.cloud.journal.finished("startComponentCommand", times: 240)
                }
                let begin = ContinuousClock.now
                let before = try await subject.usage()
                let ended = site.results
                var load: [Double] = [.nan, .nan]
                if row.hasRequests {
                    load = try await requests(port)
                } else {
                    try await Task.sleep(for: .seconds(seconds))
                }
                let jobs = site.results - ended
                let after = try await subject.usage()
                let time = (ContinuousClock.now - begin) / .seconds(1)
                group.cancelAll()
                let cpu = after.cpu - before.cpu
                return load + [
                    row.hasJobs ? .nan : cpu * 1e6 / (load[0] * Double(seconds)),
                    row.hasJobs ? Double(jobs) / time : .nan,
                    row.hasJobs && !row.hasRequests ? cpu * 1_000 / Double(jobs) : .nan, rest.memory, after.memory,
                ]
            }
        }
    }

    /// Requests a second over 32 connections, and the milliseconds within which 99 of 100 are answered.
    private func requests(_ port: UInt16) async throws -> [Double] {
        let report = try await output([
            "wrk", "-t", "1", "-c", "32", "-d", "\(seconds)s", "--latency", "http://127.0.0.1:\(port)/hello",
        ])
        func word(after name: String) -> Substring {
            let line = report.split(separator: "\n").first { $0.contains(name) } ?? ""
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? ""
        }
        guard let rate = Double(word(after: "Requests/sec")), !report.contains("Non-2xx"),
            let time = word(after: "99%").firstMatch(of: /([0-9.]+)(us|ms|s)/), let number = Double(time.1)
        else { throw Mistake("wrk says: \(report)") }
        return [rate, number * (time.2 == "us" ? 0.001 : time.2 == "s" ? 1_000 : 1)]
    }

    // MARK: Stopping

    /// Milliseconds from SIGTERM to the end of the worker, the status page, the HTTP server and the process.
    private func stop(waiting count: Int) async throws -> [Double] {
        try await running(embedded, awaitsWorker: true) { site, subject, port, log in
            for number in 0..<count { _ = try site.beginStart(number, of: "Endless") }
            if count > 0 { try await site.cloud.journal.finished("startSandbox", times: count) }
            // Until they wait, and don't run.
            try await Task.sleep(for: .seconds(3))
            async let answer = output(["curl", "--silent", "--fail", "http://127.0.0.1:\(port)/slow"])
            try await Task.sleep(for: .milliseconds(200))
            let begin = Date()
            await subject.terminate()
            let end = Date().timeIntervalSince(begin) * 1_000
            guard try await answer == "Done\n" else { throw Mistake("the request under way wasn't answered") }
            let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
            func ended(_ name: String) throws -> Double {
                guard let line = lines.first(where: { $0.hasPrefix("ended \(name) ") }),
                    let time = line.split(separator: " ").last.flatMap({ Double($0) })
                else { throw Mistake("the log doesn't say when \(name) has ended") }
                return time - begin.timeIntervalSince1970 * 1_000
            }
            return [try ended("worker"), try ended("status"), try ended("http"), end]
        }
    }

    // MARK: The service

    /// Runs a service beside stand-ins of its own.
    private func running<Value: Sendable>(
        _ program: String,
        awaitsWorker: Bool,
        _ body: (Site, Subject, UInt16, _ log: URL) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await LocalCloud.withRunning(Site.options(1_000)) { cloud in
            let port = try HealthProbe().port
            let subject = try Subject(
                ["/usr/bin/taskset", "-c", "0", program, "\(port)"],
                environment: cloud.environment,
                folder: folder
            )
            do {
                _ = try await output([
                    "curl", "--silent", "--retry", "50", "--retry-connrefused", "--retry-delay", "1",
                    "http://127.0.0.1:\(port)/hello",
                ])
                if awaitsWorker { _ = try await cloud.journal.first("PollForJobs") }
                let value = try await body(Site(cloud), subject, port, folder.appendingPathComponent("log"))
                await subject.stop()
                return value
            } catch {
                await subject.stop()
                throw error
            }
        }
    }
}

extension Site {
    /// How many results of jobs have come so far.
    fileprivate var results: Int {
        cloud.journal.entries { $0.operation == "PutJobSuccessResult" && $0.finished != nil }.count
    }

    /// Runs commands in a sandbox, ten at once, until the task is cancelled.
    fileprivate func runCommands(lane: Int, _ artifact: Data) async throws {
        for round in 0... {
            do {
                let number = lane * 1_000_000 + round
                try await end([beginCommands(number, count: Self.components, artifact: artifact)])
            } catch is CancellationError {
                return
            }
        }
    }
}

/// What a program prints.
///
/// - Throws: ``Mistake`` when it fails.
private func output(_ command: [String]) async throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let pipe = Pipe()
    process.standardOutput = pipe
    return try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { process in
            let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
            let text = String(decoding: data, as: UTF8.self)
            if process.terminationStatus == 0 {
                continuation.resume(returning: text)
            } else {
                continuation.resume(throwing: Mistake("\(command[0]) ended with \(process.terminationStatus): \(text)"))
            }
        }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
}
