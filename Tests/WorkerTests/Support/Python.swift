import Foundation
import LocalCloud
import TestSupport
import Testing

/// The Python that has AWS's own tools, for tests against them.
enum Python {
    /// The path of the interpreter, from `CONFORMANCE_PYTHON`.
    static let path = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

    static let condition: ConditionTrait = .enabled(
        if: path != nil,
        "CONFORMANCE_PYTHON isn't set to a Python with botocore, moto, cfn-lint and python-hcl2"
    )

    /// The repository.
    static let repository = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent()
    }

    /// The Python beside it that has newer clients, if it is there.
    static let newer: String? = path.flatMap { path in
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent()
        let newer = folder.deletingLastPathComponent().appendingPathComponent("clients/bin/python").path
        return FileManager.default.isExecutableFile(atPath: newer) ? newer : nil
    }

    /// Runs a script of `Oracle/`.
    ///
    /// `interpreter` is the Python; ``path`` unless told otherwise.
    ///
    /// - Returns: Its status, and what it wrote.
    static func run(
        _ script: String,
        _ arguments: [String],
        in interpreter: String? = path
    ) async throws -> (status: Int32, output: String) {
        try await withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("output")
            try Data().write(to: output)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(interpreter))
            let file = repository.appendingPathComponent("Tests/WorkerTests/Oracle/\(script)")
            process.arguments = ["-B", file.path] + arguments
            process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("AWS_") }
            process.standardInput = FileHandle.nullDevice
            let handle = try FileHandle(forWritingTo: output)
            defer { try? handle.close() }
            process.standardOutput = handle
            process.standardError = handle
            let status: Int32 = try await withCheckedThrowingContinuation { continuation in
                process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
                do {
                    try process.spawn()
                } catch {
                    process.terminationHandler = nil
                    continuation.resume(throwing: error)
                }
            }
            return (status, try String(contentsOf: output, encoding: .utf8))
        }
    }

    /// What a script prints as JSON.
    static func json(_ script: String, _ arguments: [String]) async throws -> JSON {
        let (status, output) = try await run(script, arguments)
        try #require(status == 0, "\(output)")
        return try JSON(parsing: Data(output.utf8))
    }
}
