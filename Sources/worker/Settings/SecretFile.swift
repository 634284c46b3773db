import Foundation

/// A file that is to be read by those alone whom its secret concerns.
enum SecretFile {
    /// The mode of a file that others than its owner and its group may read, such as `0644`; `nil` for any other.
    static func openMode(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IROTH != 0 else { return nil }
        return text(status.st_mode)
    }

    /// A mode as `chmod` takes it, such as `0644`.
    static func text(_ mode: mode_t) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
