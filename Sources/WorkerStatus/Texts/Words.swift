package import Foundation

/// Times and numbers as people say them.
package enum Words {
    /// A length of time: "45 s", "4 min", "1 h 5 min", "3 d 4 h".
    package static func span(_ seconds: TimeInterval) -> String {
        let seconds = Int(min(max(0, seconds), 1e9))
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<600: return seconds % 60 == 0 ? "\(minutes) min" : "\(minutes) min \(seconds % 60) s"
        case ..<3_600: return "\(minutes) min"
        case ..<86_400: return minutes % 60 == 0 ? "\(hours) h" : "\(hours) h \(minutes % 60) min"
        default: return hours % 24 == 0 ? "\(days) d" : "\(days) d \(hours % 24) h"
        }
    }

    /// How long ago something was.
    static func ago(_ date: Date, _ now: Date) -> String { "\(span(now.timeIntervalSince(date))) ago" }

    /// The time of day, in UTC.
    static func time(_ date: Date, seconds: Bool = false) -> String {
        let clock = date.formatted(.iso8601.time(includingFractionalSeconds: false))
        return String(clock.prefix(seconds ? 8 : 5))
    }

    /// A number of things: "1 job", "2 jobs".
    package static func count(_ number: Int, _ thing: String, _ things: String? = nil) -> String {
        "\(number.formatted(.number.locale(Locale(identifier: "en_US")))) \(number == 1 ? thing : things ?? thing + "s")"
    }

    /// A text on one line.
    package static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The beginning of a text, on one line.
    static func beginning(_ text: String, _ length: Int) -> String {
        let line = line(text)
        return line.count <= length ? line : line.prefix(length - 1) + "…"
    }

    /// A number of seconds, as a setting has it.
    static func seconds(_ duration: Duration) -> String {
        duration.formatted(
            .units(allowed: [.seconds], width: .narrow, fractionalPart: .show(length: 1, rounded: .toNearestOrEven))
                .locale(Locale(identifier: "en_US"))
        ).replacing(".0s", with: "s").replacing("s", with: " s")
    }

    /// A range of such numbers, or the one that it is.
    static func seconds(_ least: Duration, to most: Duration) -> String {
        least == most ? seconds(most) : "\(seconds(least).dropLast(2)) to \(seconds(most))"
    }
}
