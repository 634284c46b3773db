import Foundation

/// How checks write times, lengths of time and what others say.
package enum CheckText {
    /// A text of a service in one line, and not without end.
    package static func line(_ text: String, limit: Int = 300) -> String {
        let line = text.split { $0.isWhitespace }.joined(separator: " ")
        return line.count > limit ? line.prefix(limit) + "…" : line
    }

    /// A time, such as `2026-11-25 04:12 UTC`.
    static func time(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        func two(_ number: Int?) -> String { number.map { $0 < 10 ? "0\($0)" : "\($0)" } ?? "" }
        let day = "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day))"
        return "\(day) \(two(parts.hour)):\(two(parts.minute)) UTC"
    }

    /// Milliseconds, such as `12 ms`.
    static func milliseconds(_ duration: Duration) -> String {
        let milliseconds = duration / .milliseconds(1)
        return milliseconds < 1 ? "under 1 ms" : "\(Int(milliseconds.rounded())) ms"
    }

    /// Bytes, such as `12 GB`.
    static func bytes(_ count: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1_000, unit < units.count - 1 { (value, unit) = (value / 1_000, unit + 1) }
        return "\(Int(value.rounded(.down))) \(units[unit])"
    }

    /// Seconds or minutes or hours, such as `61 minutes`.
    static func span(_ seconds: TimeInterval) -> String {
        let seconds = Int(abs(seconds).rounded())
        return seconds < 120 ? "\(seconds) s" : seconds < 7_200 ? "\(seconds / 60) minutes" : "\(seconds / 3_600) hours"
    }
}
