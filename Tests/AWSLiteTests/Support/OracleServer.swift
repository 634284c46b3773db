import Foundation
import TestSupport

/// A server of `Oracle/` that says in one line of JSON where it listens, and ends with its standard input.
enum OracleServer {
    /// Runs a server for the length of `body`.
    static func with<Description: Decodable, Result>(
        _ script: String,
        _ arguments: [String] = [],
        python: String? = Oracle.python,
        as description: Description.Type = Description.self,
        _ body: (Description) async throws -> Result
    ) async throws -> Result {
        let process = try Oracle.process(script, arguments, python: python)
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.spawn()
        // Reading blocks, so it has a thread of its own, not one of Swift's pool.
        let line = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var data = Data()
                while !data.contains(UInt8(ascii: "\n")), case let more = output.fileHandleForReading.availableData,
                    !more.isEmpty
                {
                    data += more
                }
                continuation.resume(returning: data)
            }
        }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(JSONDecoder().decode(Description.self, from: line)))
        } catch {
            result = .failure(error)
        }
        try input.fileHandleForWriting.close()
        for await _ in ended.stream {}
        return try result.get()
    }
}
