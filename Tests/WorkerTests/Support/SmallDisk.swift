import Foundation
import TestSupport
import Testing

/// A disk in memory that can be filled and emptied; only where this user may mount one.
struct SmallDisk: Sendable {
    /// Whether disks can be had here.
    static let arePermitted: Bool = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        guard (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)) != nil else {
            return false
        }
        guard (try? run("/bin/mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path)) == 0 else { return false }
        return (try? run("/bin/umount", folder.path)) == 0
    }()

    /// Where it is mounted.
    let path: String

    /// Mounts a disk of two megabytes for the length of a closure.
    static func with<Value>(_ body: (SmallDisk) async throws -> Value) async throws -> Value {
        try await withTemporaryFolder { folder in
            try #require(try run("/bin/mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", folder.path) == 0)
            // At once, though somebody may have files open still.
            defer { _ = try? run("/bin/umount", "-l", folder.path) }
            return try await body(SmallDisk(path: folder.path))
        }
    }

    /// Uses up all room.
    func fill() throws {
        let file = open("\(path)/filler", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        for size in [65_536, 4_096, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(file, bytes, size) > 0 {}
        }
        try #require(errno == ENOSPC)
    }

    /// Makes room again.
    func empty() throws {
        try FileManager.default.removeItem(atPath: "\(path)/filler")
    }

    /// Makes it read-only, or writable again.
    func setReadOnly(_ isReadOnly: Bool) throws {
        try #require(try Self.run("/bin/mount", "-o", "remount,\(isReadOnly ? "ro" : "rw")", path) == 0)
    }

    private static func run(_ program: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.spawn()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
