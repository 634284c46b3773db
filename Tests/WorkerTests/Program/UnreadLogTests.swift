import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@Suite("A log that nobody reads", .timeLimit(.minutes(10)))
struct UnreadLogTests {
    @Test func `holds up neither jobs nor a stop, and says later what it lacks`() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let log = try UnreadLog(folder)
                var environment = Given.workerEnvironment(cloud)
                environment["LOG_LEVEL"] = "trace"
                let run = try ProgramRun(["run"], environment: environment, through: log.wrapper, in: folder)
                // More than the pipe and the worker's buffer hold: each says something of a few hundred bytes, twice.
                var ids = [try Given.failingExecution(in: cloud)]
                for _ in 0..<300 { ids.append(try cloud.codePipeline.start("Failing")) }
                for id in ids { #expect(try await cloud.codePipeline.end(of: id).status == "Failed") }
                let polls = cloud.journal.count
                _ = try await cloud.journal.arrival { $0.operation == "PollForJobs" && $0.number > polls }

                let text = try await log.read(until: { $0.contains("lines were lost") })
                #expect(text.contains("Polling for jobs"))
                let lines = text.split(separator: "\n")
                for line in lines.dropLast() {
                    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
                }
                let gap = try #require(lines.first { $0.contains("lines were lost") })
                #expect(gap.contains("\"message\":\"The log has a gap\""))

                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
            }
        }
    }

    @Test func `ends within seconds, with nobody reading`() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let log = try UnreadLog(folder)
                let environment = Given.workerEnvironment(cloud)
                let run = try ProgramRun(["run"], environment: environment, through: log.wrapper, in: folder)
                var ids = [try Given.failingExecution(in: cloud)]
                for _ in 0..<30 { ids.append(try cloud.codePipeline.start("Failing")) }
                for id in ids { #expect(try await cloud.codePipeline.end(of: id).status == "Failed") }
                let start = ContinuousClock.now
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
                #expect(ContinuousClock.now - start < .seconds(15))
            }
        }
    }

    @Test func `isn't waited for by a program that can't start, either`() async throws {
        try await withTemporaryFolder { folder in
            let log = try UnreadLog(folder)
            try log.fill()
            let run = try ProgramRun(["run"], through: log.wrapper, in: folder)
            #expect(try await run.end().status == 64)
        }
    }
}

/// A standard error of 4,096 bytes that nobody reads.
private final class UnreadLog: Sendable {
    private let path: String
    private let reader: Int32

    init(_ folder: URL) throws {
        path = folder.appendingPathComponent("log").path
        try #require(mkfifo(path, 0o600) == 0)
        reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        // F_SETPIPE_SZ of fcntl(2).
        try #require(fcntl(reader, 1_031, 4_096) == 4_096)
    }

    deinit { close(reader) }

    /// What starts a program with it.
    var wrapper: [String] { ["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>'\(path)'"] }

    /// Leaves no room in it.
    func fill() throws {
        let writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(writer) }
        let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: 4_096)
        try #require(write(writer, bytes, bytes.count) == bytes.count)
    }

    /// Reads until what was read is as it is wanted.
    func read(until condition: (String) -> Bool) async throws -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !condition(String(decoding: text, as: UTF8.self)) {
            let count = Foundation.read(reader, &buffer, buffer.count)
            if count > 0 { text += buffer[..<count] } else { try await Task.sleep(for: .milliseconds(5)) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
