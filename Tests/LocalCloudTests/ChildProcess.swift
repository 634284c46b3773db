import Foundation
import Synchronization
import TestSupport

/// What a child process left.
struct ChildResult: Sendable {
    var status: Int32
    /// Standard output and standard error.
    var output: String
}

/// Runs a program to its end without holding a thread of Swift's pool.
func run(_ program: String, _ arguments: [String], environment: [String: String]? = nil) async throws -> ChildResult {
    // A file, not a pipe: nobody has to drain it while the child runs.
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("quali-child-\(UUID().uuidString)")
    guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
        throw CocoaError(.fileWriteUnknown)
    }
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment ?? ProcessInfo.processInfo.environment
    process.standardInput = FileHandle.nullDevice
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
    return ChildResult(status: status, output: String(decoding: try Data(contentsOf: file), as: UTF8.self))
}

/// Runs curl, which sends a URL just as it's written.
func curl(_ arguments: String...) async throws -> ChildResult {
    try await run("/usr/bin/curl", ["-sS", "--path-as-is", "--noproxy", "*", "-4"] + arguments)
}
