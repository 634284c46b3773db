import Foundation

extension Process {
    private static let spawning = NSLock()

    /// Starts the program, while no other one is started.
    ///
    /// Foundation 6.3 on Linux learns of a program's end by a socket whose other end the program alone should hold. A
    /// program that another thread starts in the same moment inherits that end, and the first one seems to run until the
    /// second has ended, too.
    ///
    /// - Throws: Foundation's error where it can't be started.
    package func spawn() throws {
        Self.spawning.lock()
        defer { Self.spawning.unlock() }
        // The one place that may.
        try run()
    }
}
