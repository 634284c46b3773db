import Foundation

/// A host's clock that is put forward and back.
///
/// A library that is preloaded into the worker adds what a file holds to the time of day.
struct SteppedClock {
    private let library: String
    private let file: URL

    init(library: String, file: URL) throws {
        self.library = library
        self.file = file
        try set(0)
    }

    var environment: [String: String] { ["LD_PRELOAD": library, "STEPPED_CLOCK": file.path] }

    /// Puts the clock as many seconds before its true time.
    func set(_ seconds: Int64) throws {
        let bytes = withUnsafeBytes(of: seconds) { Data($0) }
        guard FileManager.default.fileExists(atPath: file.path) else { return try bytes.write(to: file) }
        // In place: workers have it mapped.
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        try handle.write(contentsOf: bytes)
    }
}
