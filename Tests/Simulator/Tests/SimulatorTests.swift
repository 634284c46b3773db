import Foundation
import TestSupport
import Testing

/// Runs the simulator as a person does; it can't run in the process of the tests, whose clock and threads are real.
@Suite("The worker in simulated worlds", .timeLimit(.minutes(10)))
struct SimulatorTests {
    private static let keptSeeds: [Int] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("seeds.txt")
        let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n")
        return lines.compactMap { Int($0.prefix { $0 != " " }) }
    }()

    private func simulate(_ arguments: String...) async throws -> (status: Int32, output: String) {
        let process = Process()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("simulation-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        // The tests' bundle, which is what runs here, is in the folder that the simulator is built into.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("simulator")
        process.arguments = arguments
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        process.standardOutput = handle
        let (ending, ended) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.finish() }
        try process.spawn()
        for await _ in ending {}
        return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
    }

    @Test(arguments: [
        // Hand-outs of all kinds and clocks that jump; disks that are copied; logins that are refused, starts repeated;
        // sandboxes that live as long as their pipelines need them.
        (from: 6_000_000, seeds: 200), (from: 7_000_000, seeds: 100), (from: 8_000_000, seeds: 150),
        (from: 9_000_000, seeds: 12),
    ])
    func `keeps its promises in many worlds`(from: Int, seeds: Int) async throws {
        let run = try await simulate("--seeds", "\(seeds)", "--from", "\(from)")
        #expect(run.status == 0, "\(run.output.suffix(4_000))")
        #expect(run.output.contains("\(seeds) runs"))
    }

    @Test(arguments: keptSeeds)
    func `keeps them where it once broke them`(seed: Int) async throws {
        let run = try await simulate("--seed", "\(seed)")
        #expect(run.status == 0, "\(run.output.suffix(4_000))")
    }

    @Test func `asks the services for what the documentation says`() async throws {
        let run = try await simulate("--load", "10000")
        #expect(run.status == 0, "\(run.output)")
        let words = /: (\d+) under way, ([\d.]+) AWS calls a second, ([\d.]+) lab calls/
        let line = try #require(run.output.firstMatch(of: words))
        let figures = try [line.1, line.2, line.3].map { try #require(Double($0)) }
        let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Docs/scale.md")
        // Jobs a day, jobs a second, waiting, QUALI_MAX_JOBS, AWS calls, lab calls, CPU, memory.
        let rows = try String(contentsOf: document, encoding: .utf8).split(separator: "\n")
        let row = try #require(rows.first { $0.hasPrefix("| 10,000 |") && $0.count(where: { $0 == "|" }) == 9 })
        let cells = row.split(separator: "|").map { Double($0.trimmingCharacters(in: [" "])) }
        for (figure, place) in zip(figures, [2, 4, 5]) {
            let said = try #require(cells[place])
            #expect((said * 0.9...said * 1.1).contains(figure), "\(said) said, \(figure) counted")
        }
    }

    @Test func `leaves over the sandboxes that 'plan' says, and no others`() async throws {
        let run = try await simulate("--plans", "4", "--runs", "12")
        #expect(run.status == 0, "\(run.output.suffix(4_000))")
        #expect(run.output.contains("2 pipelines without leaks, 2 with, 0 otherwise"), "\(run.output)")
    }

    @Test func `is the same to the byte when a seed is run again`() async throws {
        let first = try await simulate("--seed", "725").output
        let second = try await simulate("--seed", "725").output
        let other = try await simulate("--seed", "726").output
        #expect(second == first)
        #expect(first.split(separator: "\n").count > 100)
        #expect(other != first)
    }
}
