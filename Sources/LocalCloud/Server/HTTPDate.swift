import Foundation

/// Dates as HTTP headers and S3 write them, always in UTC.
enum HTTPDate {
    /// Writes `Tue, 05 Aug 2025 10:00:00 GMT`.
    static func string(from date: Date) -> String {
        let parts = components(of: date)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return days[parts.weekday] + ", " + pad(parts.day) + " " + months[parts.month - 1] + " \(parts.year) "
            + [parts.hour, parts.minute, parts.second].map { pad($0) }.joined(separator: ":") + " GMT"
    }

    /// Writes `2025-08-05T10:00:00.000Z`.
    static func iso8601(from date: Date) -> String {
        let parts = components(of: date)
        return "\(parts.year)-" + pad(parts.month) + "-" + pad(parts.day) + "T"
            + [parts.hour, parts.minute, parts.second].map { pad($0) }.joined(separator: ":") + ".000Z"
    }

    /// Writes `20250805T100000Z`, the form of `X-Amz-Date`.
    static func amzDate(from date: Date) -> String {
        iso8601(from: date).replacingOccurrences(of: ".000Z", with: "Z").filter { $0 != "-" && $0 != ":" }
    }

    /// Reads `20250805T100000Z`, the form of `X-Amz-Date`.
    static func amzDate(_ text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: bytes[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), (1...12).contains(month)
        else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        return Date(timeIntervalSince1970: Double(seconds))
    }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func components(of date: Date)
        -> (year: Int, month: Int, day: Int, weekday: Int, hour: Int, minute: Int, second: Int)
    {
        let total = Int(date.timeIntervalSince1970.rounded(.down))
        let day = Int((Double(total) / 86_400).rounded(.down))
        let seconds = total - day * 86_400
        // `civil_from_days`, the inverse of the above.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday = ((day + 4) % 7 + 7) % 7
        return (
            year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, weekday, seconds / 3_600, seconds / 60 % 60,
            seconds % 60
        )
    }
}
