#if os(Linux)
import Foundation
import Testing

/// Runs the simulator as a person does; it can't run in the process of the tests, whose clock and threads are real.
@Suite("The worker in simulated worlds", .serialized, .timeLimit(.minutes(10)))
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
        try process.run()
        for await _ in ending {}
        return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
    }

    @Test func `keeps its promises in many worlds`() async throws {
        let run = try await simulate("--seeds", "300", "--from", "100000")
        #expect(run.status == 0, "\(run.output.suffix(4_000))")
        #expect(run.output.contains("300 runs"))
    }

    @Test(arguments: keptSeeds)
    func `keeps them where it once broke them`(seed: Int) async throws {
        let run = try await simulate("--seed", "\(seed)")
        #expect(run.status == 0, "\(run.output.suffix(4_000))")
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
#endif
