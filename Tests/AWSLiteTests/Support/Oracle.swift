import Foundation
import TestSupport
import Testing

/// The Python that has botocore and moto, for tests against them.
enum Oracle {
    /// The path of the interpreter, from `CONFORMANCE_PYTHON`.
    static let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

    /// The Python of newer packages, `clients` beside the other's environment `conformance`; `nil` where it isn't there.
    static let newerPython: String? = python.flatMap { path in
        let build = (0..<3).reduce(URL(fileURLWithPath: path)) { url, _ in url.deletingLastPathComponent() }
        let newer = build.appendingPathComponent("clients/bin/python").path
        return FileManager.default.isExecutableFile(atPath: newer) ? newer : nil
    }

    static let newerCondition: ConditionTrait = .enabled(
        if: newerPython != nil,
        "beside the environment of CONFORMANCE_PYTHON there is none with botocore 1.44 and Swift"
    )

    /// The Python that scripts run in.
    @TaskLocal static var current: String?

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

    /// `python` is the interpreter; `nil` for the current one.
    static func process(_ script: String, _ arguments: [String] = [], python: String? = nil) throws -> Process {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python ?? current ?? Self.python))
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
                try process.spawn()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}

/// Runs each test once with each version of botocore that there is.
struct EachBotocore: TestTrait, SuiteTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        for python in [Oracle.python, Oracle.newerPython] where python != nil {
            try await Oracle.$current.withValue(python) { try await function() }
        }
    }
}

extension Trait where Self == EachBotocore {
    /// Runs each test once with each version of botocore that there is.
    static var eachBotocore: Self { Self() }
}
