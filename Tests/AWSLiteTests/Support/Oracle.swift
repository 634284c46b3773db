import Foundation
import Testing

/// The Python that has botocore and moto, for tests against them.
enum Oracle {
    /// The path of the interpreter, from `CONFORMANCE_PYTHON`.
    static let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

    static let condition: ConditionTrait = .enabled(
        if: python != nil,
        "CONFORMANCE_PYTHON isn't set to a Python with botocore and moto"
    )

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a script of `Oracle/` on a list of cases, and reads its list of results.
    static func run<Case: Encodable, Output: Decodable>(
        _ script: String,
        _ cases: [Case],
        as output: Output.Type = Output.self
    ) async throws -> [Output] {
        try await withTemporaryFolder { folder in
            let input = folder.appendingPathComponent("cases.json")
            let results = folder.appendingPathComponent("results.json")
            let complaints = folder.appendingPathComponent("errors.txt")
            try JSONEncoder().encode(cases).write(to: input)
            try Data().write(to: complaints)
            let process = try process(script, [input.path, results.path])
            let handle = try FileHandle(forWritingTo: complaints)
            defer { try? handle.close() }
            process.standardError = handle
            let status = try await status(of: process)
            guard status == 0 else {
                throw Failure(description: try String(contentsOf: complaints, encoding: .utf8))
            }
            return try JSONDecoder().decode([Output].self, from: Data(contentsOf: results))
        }
    }

    static func process(_ script: String, _ arguments: [String] = []) throws -> Process {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = [folder.appendingPathComponent("Oracle/\(script)").path] + arguments
        // No settings of whoever runs the tests, but what Python itself may need.
        process.environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("AWS_") && !$0.key.lowercased().hasSuffix("_proxy")
        }
        return process
    }

    /// Starts a process and waits for its end without holding a thread.
    private static func status(of process: Process) async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}
