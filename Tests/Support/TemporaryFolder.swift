package import Foundation

/// A folder that exists for the length of a closure.
package func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(url)
}

extension URL {
    /// Writes a file into the folder, for its owner's eyes alone.
    ///
    /// - Returns: Its path.
    package func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        return file.path
    }
}
