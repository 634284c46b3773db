import CStat
import Foundation
import HTTPTransport

/// The mark that each run leaves in its state folder, and notes in the journal: by it a copy of the folder is known.
///
/// It is a file that each run makes anew. A copy of it, or one that a backup brings back, is another file: its number
/// (inode) and the time at which it was made can't be copied. A folder that is moved within its file system keeps both, and
/// so does a disk that is attached to another host.
struct FolderMark: Sendable, Equatable, CustomStringConvertible {
    /// The file's name.
    static let name = "worker.run"

    /// What it says, as random as can be.
    private let text: String
    private let inode: UInt64
    /// When it was made, in nanoseconds; 0 where the file system doesn't tell.
    private let birth: Int64

    /// As the journal notes it.
    var description: String { "\(text) \(inode) \(birth)" }

    /// Reads what the journal has noted.
    init?(_ description: String) {
        let parts = description.split(separator: " ")
        guard parts.count == 3, let inode = UInt64(parts[1]), let birth = Int64(parts[2]) else { return nil }
        (text, self.inode, self.birth) = (String(parts[0]), inode, birth)
    }

    /// Reads the mark of a folder; `nil` where there is none.
    init?(in folder: String) {
        let file = unsafe open("\(folder)/\(Self.name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe pread(file, &bytes, bytes.count, 0)
        guard count >= 0 else { return nil }
        self.init(file, String(decoding: bytes[..<count], as: UTF8.self).trimmingWhitespace)
    }

    private init?(_ file: Int32, _ text: String) {
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { return nil }
        self.text = text
        inode = UInt64(status.st_ino)
        birth = Int64(file_birth(file))
    }

    /// Makes the mark of a new run; it is the folder's once ``take(_:)`` has put it there.
    ///
    /// - Throws: ``JournalError``.
    static func make(in folder: String) throws -> FolderMark {
        let path = new(in: folder)
        unsafe unlink(path)
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw StateFolder.failure(folder, "can't be written", errno) }
        defer { close(file) }
        let text = UUID().uuidString
        let bytes = Array("\(text)\n".utf8)
        guard unsafe write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0, let mark = FolderMark(file, text)
        else {
            throw StateFolder.failure(folder, "can't be written", errno)
        }
        return mark
    }

    /// Makes what ``make(in:)`` has made the folder's mark.
    ///
    /// - Throws: ``JournalError``.
    static func take(_ folder: String) throws {
        guard unsafe rename(new(in: folder), "\(folder)/\(name)") == 0 else {
            throw StateFolder.failure(folder, "can't be written", errno)
        }
        // Before the journal forgets the mark of the run before.
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func new(in folder: String) -> String { "\(folder)/\(name).new" }

    static func == (one: FolderMark, other: FolderMark) -> Bool {
        one.text == other.text && one.inode == other.inode
            && (one.birth == other.birth || one.birth == 0 || other.birth == 0)
    }
}
