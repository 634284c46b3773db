import Foundation

/// Times and durations as the lab reads and writes them.
enum LabTime {
    /// Reads a duration such as `PT2H5M`, `P1DT2H` or `PT120M`; years and months count 365 and 30 days.
    static func duration(_ text: String) -> TimeInterval? {
        let pattern =
            #/P(?:(?<y>\d+)Y)?(?:(?<mo>\d+)M)?(?:(?<d>\d+)D)?(?:T(?:(?<h>\d+)H)?(?:(?<m>\d+)M)?(?:(?<s>\d+)S)?)?/#
        guard let match = text.wholeMatch(of: pattern), text.last != "T", text != "P" else { return nil }
        let parts: [(Substring?, Double)] = [
            (match.y, 365 * 86_400), (match.mo, 30 * 86_400), (match.d, 86_400), (match.h, 3_600), (match.m, 60),
            (match.s, 1),
        ]
        return parts.reduce(0) { $0 + ($1.0.flatMap { Double($0) } ?? 0) * $1.1 }
    }

    /// Writes a duration such as `PT2H5M`.
    static func text(_ seconds: TimeInterval) -> String {
        let total = Int(max(0, seconds).rounded())
        let parts = [(total / 3_600, "H"), (total / 60 % 60, "M"), (total % 60, "S")].filter { $0.0 > 0 }
        return parts.isEmpty ? "PT0S" : "PT" + parts.map { "\($0.0)\($0.1)" }.joined()
    }

    /// Reads `2039-09-26T07:58:30.996+0200` and its like.
    static func date(_ text: String) -> Date? {
        let styles = [
            Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
            Date.ISO8601FormatStyle(timeZoneSeparator: .colon),
            Date.ISO8601FormatStyle(timeZoneSeparator: .colon, includingFractionalSeconds: true),
        ]
        return styles.lazy.compactMap { try? $0.parse(text) }.first
    }

    /// Writes a time in UTC.
    static func text(_ date: Date, _ seconds: LabBehavior.Seconds) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: seconds == .fractional))
    }
}
