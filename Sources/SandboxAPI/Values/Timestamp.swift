package import FoundationEssentials

/// Points in time as the lab writes them: `2017-01-15T09:51:17Z`, with or without fractions, with `Z`, an offset or
/// nothing, which is taken for UTC.
package enum Timestamp {
    /// Reads a text.
    ///
    /// - Returns: `nil` where the text isn't a point in time: a date is never worth failing a reply for.
    package static func parse(_ text: String) -> Date? {
        var scanner = Scanner(text)
        guard let year = scanner.number(4), scanner.skip("-"),
            let month = scanner.number(2), scanner.skip("-"), (1...12).contains(month),
            let day = scanner.number(2), (1...31).contains(day)
        else { return nil }
        var seconds = daysSince1970(year, month, day) * 86_400
        var fraction = 0.0
        if !scanner.isAtEnd {
            guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
                let hour = scanner.number(2), hour < 25, scanner.skip(":"),
                let minute = scanner.number(2), minute < 60
            else { return nil }
            seconds += hour * 3_600 + minute * 60
            if scanner.skip(":") {
                guard let second = scanner.number(2), second < 61 else { return nil }
                seconds += second
                if scanner.skip(".") || scanner.skip(",") {
                    guard let found = scanner.fraction() else { return nil }
                    fraction = found
                }
            }
            guard let offset = scanner.offset() else { return nil }
            seconds -= offset
        }
        guard scanner.isAtEnd else { return nil }
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    /// The text for a point in time, in UTC and to the millisecond, which is left out where it is zero.
    ///
    /// `zone` is what stands for UTC: `Z`, as the lab's replies have it, or an offset.
    package static func text(_ date: Date, zone: String = "Z", alwaysFraction: Bool = false) -> String {
        // Within the years 0001 to 9999, which is what four digits can say.
        let since1970 = min(max(date.timeIntervalSince1970, -62_135_596_800), 253_402_300_799)
        let milliseconds = Int((since1970 * 1_000).rounded())
        let seconds = Int((Double(milliseconds) / 1_000).rounded(.down))
        let rest = milliseconds - seconds * 1_000
        let day = Int((Double(seconds) / 86_400).rounded(.down))
        let ofDay = seconds - day * 86_400
        let (year, month, dayOfMonth) = civil(day)
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
        text += "\(padded(ofDay / 3_600, 2)):\(padded(ofDay / 60 % 60, 2)):\(padded(ofDay % 60, 2))"
        if rest != 0 || alwaysFraction { text += ".\(padded(rest, 3))" }
        return text + zone
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    // Howard Hinnant's days_from_civil and civil_from_days, for the proleptic Gregorian calendar.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let civilMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
        return (year, civilMonth, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private struct Scanner {
        private var rest: Substring.UTF8View

        init(_ text: String) {
            rest = Substring(text).utf8
        }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard let first = rest.first, UInt32(first) == character.value else { return false }
            rest.removeFirst()
            return true
        }

        mutating func digit() -> Int? {
            guard let first = rest.first, (48...57).contains(first) else { return nil }
            rest.removeFirst()
            return Int(first) - 48
        }

        mutating func number(_ width: Int) -> Int? {
            var value = 0
            for _ in 0..<width {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        mutating func fraction() -> Double? {
            var value = 0.0
            var unit = 0.1
            guard let first = digit() else { return nil }
            value = Double(first) * unit
            while let next = digit() {
                unit /= 10
                value += Double(next) * unit
            }
            return value
        }

        /// Seconds east of UTC: `Z`, `+0200`, `+02:00`, `+02`, or nothing.
        mutating func offset() -> Int? {
            if isAtEnd || skip("Z") || skip("z") { return 0 }
            let sign: Int
            if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
            guard let hours = number(2), hours < 24 else { return nil }
            if isAtEnd { return sign * hours * 3_600 }
            _ = skip(":")
            guard let minutes = number(2), minutes < 60 else { return nil }
            return sign * (hours * 3_600 + minutes * 60)
        }
    }
}
