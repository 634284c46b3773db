import Foundation

/// The modes of files that concern some people alone.
enum SecretFile {
    /// The mode of a regular file that others than its owner and its group may change, such as `0666`; `nil` for any
    /// other.
    static func modeOpenToWriters(_ path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & S_IWOTH != 0 else {
            return nil
        }
        return text(status.st_mode)
    }

    /// A mode as `chmod` takes it, such as `0644`.
    static func text(_ mode: mode_t) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
