import Foundation
import TestSupport
import Testing

@testable import WorkerSettings

@Suite("The writer of lines", .timeLimit(.minutes(1)))
struct LineWriterTests {
    @Test func `never waits for a reader, and tells later how many lines were lost`() async throws {
        let pipe = try SmallPipe()
        let writer = LineWriter(pipe.input, capacity: 10_000)
        let count = 5_000
        for number in 0..<count { writer.write("line \(number)\n") }
        // Nobody has read so far, so this many didn't find room anywhere.
        writer.write("end\n")
        let text = try await pipe.text(until: { $0.contains("lost") && $0.hasSuffix("\n") })
        let lines = text.split(separator: "\n")
        let kept = lines.prefix { $0.hasPrefix("line ") }
        #expect(kept.elementsEqual((0..<kept.count).map { "line \($0)" }))
        #expect(kept.count > 500 && kept.count < count)
        #expect(lines.last == "\(count + 1 - kept.count) lines were lost")
        // From here on all is as it was before.
        writer.write("again\n")
        #expect(try await pipe.text(until: { $0.hasSuffix("\n") }) == "again\n")
    }

    @Test func `tells of losses before the next line that there is room for`() async throws {
        let pipe = try SmallPipe()
        let writer = LineWriter(pipe.input, capacity: 6_000)
        writer.tellLosses { "<\($0)>\n" }
        let filler = String(repeating: "x", count: 999) + "\n"
        // More than the pipe and the buffer hold.
        for _ in 0..<50 { writer.write(filler) }
        var text = ""
        var lost = 0
        while lost == 0 {
            text += try await pipe.text(until: { !$0.isEmpty })
            writer.write("next\n")
            lost = text.firstMatch(of: #/<(\d+)>\nnext\n/#).flatMap { Int($0.1) } ?? 0
        }
        let kept = text.split(separator: "\n").count { $0.hasPrefix("x") }
        // Those that came before there was room count as well.
        #expect(lost >= 50 - kept)
    }

    @Test func `waits at its end no longer than it may`() throws {
        let pipe = try SmallPipe()
        let writer = LineWriter(pipe.input)
        writer.write(String(repeating: "x", count: 20_000) + "\n")
        let start = ContinuousClock.now
        writer.flush(within: .milliseconds(200))
        let time = ContinuousClock.now - start
        #expect(time >= .milliseconds(200) && time < .seconds(20))
    }

    @Test func `has written all at its end where somebody reads`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lines-\(UUID().uuidString)").path
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer {
            close(file)
            unlink(path)
        }
        let writer = LineWriter(file, capacity: 1 << 20)
        let lines = (0..<1_000).map { "line \($0) \(String(repeating: "é", count: $0 * 3))\n" }
        let whole = lines.prefix(100) + [String(repeating: "long ", count: 20_000) + "\n"]
        for line in whole { writer.write(line) }
        writer.flush(within: .seconds(50))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == whole.joined())
    }

    @Test func `goes on where nobody will ever read, or the disk is full`() throws {
        let pipe = try SmallPipe()
        pipe.closeOutput()
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        for descriptor in [pipe.input, full] {
            let writer = LineWriter(descriptor)
            for _ in 0..<10 { writer.write("x\n") }
            let start = ContinuousClock.now
            writer.flush(within: .seconds(40))
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test func `waits for room where a write doesn't`() async throws {
        let pipe = try SmallPipe()
        try #require(fcntl(pipe.input, F_SETFL, O_NONBLOCK) == 0)
        let writer = LineWriter(pipe.input)
        let line = String(repeating: "x", count: 99) + "\n"
        for _ in 0..<300 { writer.write(line) }
        let text = try await pipe.text(until: { $0.utf8.count >= 30_000 })
        #expect(text == String(repeating: line, count: 300))
    }
}

/// A pipe that holds no more than 4,096 bytes.
private final class SmallPipe: Sendable {
    let input: Int32
    private let output: Int32

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (output, input) = (ends[0], ends[1])
        // F_SETPIPE_SZ of fcntl(2).
        try #require(fcntl(input, 1_031, 4_096) == 4_096)
        try #require(fcntl(output, F_SETFL, O_NONBLOCK) == 0)
    }

    deinit {
        // Its writer's thread may still have the other end.
        closeOutput()
    }

    func closeOutput() { close(output) }

    /// Reads until what was read is as it is wanted.
    func text(until condition: (String) -> Bool) async throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(output, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] }
            if condition(String(decoding: bytes, as: UTF8.self)) { return String(decoding: bytes, as: UTF8.self) }
            if count <= 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }
}
