/// Durations as the lab reads and writes them: ISO 8601, for example `PT2H5M`.
package enum ISO8601Duration {
    /// The text for a number of minutes: `PT<n>M`, with any `n`.
    package static func text(minutes: Int) -> String {
        "PT\(max(0, minutes))M"
    }

    /// The text for a duration in whole minutes, rounded up, since the lab reserves by the minute.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let whole = seconds + (attoseconds > 0 ? 1 : 0)
        let minutes = whole / 60 + (whole % 60 > 0 ? 1 : 0)
        return text(minutes: Int(minutes))
    }

    /// Reads a text such as `PT25M`, `P1DT2H` or `PT1.5S`.
    ///
    /// - Returns: The duration, or `nil` where the text isn't one or counts in years or months, which have no fixed
    ///   length.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text.uppercased())
        guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
        var total = Duration.zero
        var inTime = false
        var found = false
        while !rest.isEmpty {
            if rest.first == "T", !inTime {
                inTime = true
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == ",") }
            guard let number = Double(digits.replacing(",", with: ".")), number <= 1e9 else { return nil }
            rest.removeFirst(digits.count)
            let unit: Double
            switch (rest.popFirst(), inTime) {
            case ("W", false): unit = 604_800
            case ("D", false): unit = 86_400
            case ("H", true): unit = 3_600
            case ("M", true): unit = 60
            case ("S", true): unit = 1
            default: return nil
            }
            total += .milliseconds(Int64((number * unit * 1_000).rounded()))
            found = true
        }
        return found ? total : nil
    }
}
