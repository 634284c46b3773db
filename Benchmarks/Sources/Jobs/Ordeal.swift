import Foundation
import LocalCloud

/// A worker that meets one kind of hostile bytes, and what becomes of its polls and its health meanwhile.
struct Ordeal: Sendable {
    let kind: Hostile
    let command: [String]
    let folder: URL

    private static let pause = 0.2
    /// After so many seconds a job counts as one that doesn't end.
    private static let patience = 400.0

    /// Prints a table of all kinds whose names have a text in them; one that can't be measured has a line that says why.
    static func table(mebibytes: Int, of name: String, command: [String]) async {
        print("| What comes | Seconds | CPU s | Polls late, s | `/livez`, s | Peak MiB | How the job ended |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
        for kind in Hostile.kinds(mebibytes << 20) where name.isEmpty || kind.name.contains(name) {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                print(try await Ordeal(kind: kind, command: command, folder: folder).line())
            } catch {
                print("| \(kind.name) | | | | | | not measured: \(error) |")
            }
            fflush(nil)
        }
    }

    /// Runs a worker of its own, and returns a line of a table.
    func line() async throws -> String {
        var options = Site.options(1)
        var broken = options.blueprints[0]
        broken.name = "Broken"
        broken.id = UUID().uuidString.lowercased()
        broken.setup = .fails(after: .zero)
        broken.estimatedSetup = .seconds(60)
        options.blueprints.append(broken)
        kind.options(&options)
        return try await LocalCloud.withRunning(options) { cloud in
            let site = try Site(cloud)
            let probe = try HealthProbe()
            let settings = [
                "QUALI_POLL_SECONDS": "\(Self.pause)", "QUALI_LONGEST_POLL_SECONDS": "\(Self.pause)",
                "QUALI_STATUS_POLL_SECONDS": "0.5", "QUALI_STATUS_ADDRESS": "127.0.0.1:\(probe.port)",
            ]
            let subject = try Subject(command, environment: cloud.environment.merging(settings) { $1 }, folder: folder)
            do {
                let line = try await line(site, subject, probe)
                await subject.stop()
                return line
            } catch {
                await subject.stop()
                throw error
            }
        }
    }

    private func line(_ site: Site, _ subject: Subject, _ probe: HealthProbe) async throws -> String {
        let cloud = site.cloud
        _ = try await cloud.journal.first("PollForJobs")
        let start = try await site.end([site.beginStart(0, of: "Quick")])
        guard let action = start.first?.action("Start"), let artifact = cloud.artifact("Sandbox", of: action) else {
            throw Mistake("a start has stored no artifact")
        }
        let before = try await subject.usage()
        let asked = cloud.journal.count
        let health = probe.begin()
        let begin = Date()
        let execution = try kind.begin(site, artifact)
        let report = try await end(of: execution, cloud)
        let end = Date()
        // Whatever is still held up shows.
        try await Task.sleep(for: .seconds(1.5))
        let longestAnswer = health.end()
        let usage = try await subject.usage()
        let gap = longestGap(cloud.journal.entries { $0.number > asked }, until: Date())
        let figures =
            [
                end.timeIntervalSince(begin), usage.cpu - before.cpu, max(0, gap - Self.pause), longestAnswer,
            ].map { String(format: "%.2f", $0) } + [String(format: "%.0f", usage.peak)]
        return "| \(kind.name) | \(figures.joined(separator: " | ")) | \(Self.words(report)) |"
    }

    /// The longest time between a poll's end and the arrival of the next one of its kind.
    private func longestGap(_ entries: [RequestJournal.Entry], until end: Date) -> Double {
        let polls = entries.filter { $0.operation == "PollForJobs" }
        return Dictionary(grouping: polls) { $0.facts["provider"] }.values.map { polls in
            let ends = polls.map { $0.finished ?? end }
            let next = polls.dropFirst().map(\.arrived) + [end]
            return zip(ends, next).map { $1.timeIntervalSince($0) }.max() ?? .infinity
        }.max() ?? .infinity
    }

    private func end(of execution: String, _ cloud: LocalCloud) async throws -> ExecutionReport? {
        try await withThrowingTaskGroup(of: ExecutionReport?.self) { group in
            group.addTask { try await cloud.codePipeline.end(of: execution) }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.patience))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// How it ended, and why where it failed.
    private static func words(_ report: ExecutionReport?) -> String {
        guard let report else { return "it did not" }
        let reason = report.actions.compactMap(\.errorMessage).first ?? ""
        let words = reason.unicodeScalars.map { (0x20..<0x7F).contains($0.value) && $0 != "|" ? String($0) : " " }
            .joined()
        return report.status + (words.isEmpty ? "" : ": \(words.prefix(200))")
    }
}

/// Asks a worker over and over whether it lives, from a thread of its own.
final class HealthProbe: Sendable {
    let port: UInt16

    /// Takes a port that is free.
    init() throws {
        let socket = Self.socket()
        defer { close(socket) }
        var address = Self.address(0)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var taken = length
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &taken) : -1
            }
        }
        guard result == 0 else { throw Mistake("no port is free") }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// What a probe has found so far.
    final class Asking: @unchecked Sendable {
        private let lock = NSLock()
        private var longest = 0.0
        private var asked = Date()
        private var isOver = false

        /// - Returns: Whether to go on.
        fileprivate func note(_ seconds: Double) -> Bool {
            lock.withLock {
                longest = max(longest, seconds)
                asked = Date()
                return !isOver
            }
        }

        /// Ends the probe.
        ///
        /// - Returns: How many seconds the longest answer took, one that is still awaited included.
        func end() -> Double {
            lock.withLock {
                isOver = true
                return max(longest, Date().timeIntervalSince(asked))
            }
        }
    }

    /// Begins to ask, twenty times a second.
    func begin() -> Asking {
        let asking = Asking()
        Thread.detachNewThread { [port] in
            while asking.note(Self.ask(port)) { usleep(50_000) }
        }
        return asking
    }

    /// How many seconds an answer takes; no answer of a worker that lives takes for ever.
    private static func ask(_ port: UInt16) -> Double {
        let begin = Date()
        let socket = socket()
        defer { close(socket) }
        var address = address(port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, length) }
        }
        let request = Array("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        var reply = [UInt8](repeating: 0, count: 1_024)
        guard connected == 0, send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count,
            recv(socket, &reply, reply.count, 0) > 0, reply.starts(with: Array("HTTP/1.1 200".utf8))
        else { return .infinity }
        return Date().timeIntervalSince(begin)
    }

    private static func socket() -> Int32 { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
