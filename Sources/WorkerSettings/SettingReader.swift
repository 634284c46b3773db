import AWSLite
import Foundation
import HTTPTransport

/// Reads settings one by one and notes all that is wrong, so that it can be said at once.
package struct SettingReader {
    /// Where the values come from.
    package let sources: SettingSources
    /// What is wrong so far.
    package private(set) var problems: [SettingProblem]

    /// Creates a reader; what is wrong with the sources counts already.
    package init(_ sources: SettingSources) {
        self.sources = sources
        problems = sources.problems
    }

    /// Ends the reading.
    ///
    /// - Throws: ``SettingsError`` with all problems, if there is one.
    package func finish() throws {
        if !problems.isEmpty { throw SettingsError(problems: problems) }
    }

    /// Notes a problem, and whether it may pass without a change of the settings.
    package mutating func note(_ name: String, _ message: String, mayPass: Bool = false) {
        problems.append(SettingProblem(name: name, message: message, mayPass: mayPass))
    }

    /// Notes that a setting is `PROMPT` where nobody can be asked.
    package mutating func noteUnasked(_ setting: Setting) {
        note(setting.name, "is PROMPT, but there is no terminal to ask at. Wanted: its value.")
    }

    /// The text of a setting; `nil` where there is none.
    package func text(_ setting: Setting) -> String? {
        ([setting.name] + setting.otherNames).lazy.compactMap(sources.value).first
    }

    /// The text of a setting that must be given; where it isn't, that is a problem, and the text is empty.
    package mutating func required(_ setting: Setting) -> String {
        guard let text = text(setting) else {
            let file = setting.fileName.map { ", in the environment or as \($0)" } ?? ""
            note(setting.name, "is missing. Wanted: \(setting.meaning)\(file).")
            return ""
        }
        if text.isEmpty { problem(setting, text, wanted: setting.meaning) }
        return text
    }

    /// A setting's value; where it can't be read that is a problem, and the value `nil`.
    ///
    /// `wanted` is what it has to be, in words. `parse` reads the text; `nil` where it isn't what is wanted.
    package mutating func value<Value>(_ setting: Setting, wanted: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(setting) else { return nil }
        guard let value = parse(text) else {
            problem(setting, text, wanted: wanted)
            return nil
        }
        return value
    }

    /// Notes that a setting's text isn't what is wanted.
    package mutating func problem(_ setting: Setting, _ text: String, wanted: String) {
        let name = ([setting.name] + setting.otherNames).first { sources.origin(of: $0) != nil } ?? setting.name
        let place = sources.origin(of: name) ?? "nowhere"
        let found = setting.secrecy == .open ? "is \(Self.shown(text))" : "isn't right"
        note(name, "\(found) (\(place)). Wanted: \(wanted).")
    }

    /// A whole number within a range.
    mutating func wholeNumber(_ setting: Setting, in range: ClosedRange<Int>) -> Int? {
        value(setting, wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text), range.contains(number)
            else { return nil }
            return number
        }
    }

    /// One of a few words.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ setting: Setting,
        of type: Choice.Type
    ) -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        let wanted = "\(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")"
        return value(setting, wanted: wanted) { text in
            Choice.allCases.first { $0.rawValue.lowercased() == text.lowercased() }
        }
    }

    /// A number of seconds within a range, with or without decimals.
    package mutating func seconds(_ setting: Setting, in range: ClosedRange<Double>) -> Duration? {
        number(setting, of: "seconds", each: 1, in: range)
    }

    /// A number of minutes within a range, with or without decimals.
    package mutating func minutes(_ setting: Setting, in range: ClosedRange<Double>) -> Duration? {
        number(setting, of: "minutes", each: 60, in: range)
    }

    private mutating func number(
        _ setting: Setting,
        of units: String,
        each seconds: Double,
        in range: ClosedRange<Double>
    ) -> Duration? {
        let bounds = [range.lowerBound, range.upperBound].map { String(format: "%.10g", $0) }
        let wanted = "\(units) from \(bounds[0]) to \(bounds[1]), such as 2.5"
        return value(setting, wanted: wanted) { text in
            guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let number = Double(text),
                range.contains(number)
            else { return nil }
            return .milliseconds(Int((number * seconds * 1000).rounded()))
        }
    }

    /// A duration with its unit, or in seconds, up to a day.
    package mutating func duration(_ setting: Setting) -> Duration? {
        value(setting, wanted: "a duration up to 24h, such as 90s, 10m or 2h", Self.duration)
    }

    /// A text as a duration; `nil` where it is none.
    package static func duration(_ text: String) -> Duration? {
        let units = ["s": 1, "m": 60, "h": 3_600]
        let unit = text.last.flatMap { units[String($0)] }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits), number <= 86_400,
            case let seconds = number * (unit ?? 1), seconds <= 86_400
        else { return nil }
        return .seconds(seconds)
    }

    /// The path of a PEM file that can be read.
    mutating func certificates(_ setting: Setting) -> String? {
        value(setting, wanted: "a readable file with certificates in PEM form that others can't change") { path in
            guard let file = try? FileAccess.content(of: path, limit: 16 << 20), !file.isWritableByOthers,
                String(decoding: file.bytes, as: UTF8.self).contains("-----BEGIN")
            else { return nil }
            return path
        }
    }

    /// An address of the web.
    mutating func webAddress(_ setting: Setting) -> String? {
        value(setting, wanted: "an http or https address, such as https://lab.example.com") { text in
            guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
                scheme == "http" || scheme == "https", url.host?.isEmpty == false, url.user == nil,
                url.query == nil, url.fragment == nil
            else { return nil }
            return text
        }
    }

    private static func shown(_ text: String) -> String {
        if text.isEmpty { return "empty" }
        let start = text.prefix(60)
        let visible = start.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }
        return "'\(visible.joined())\(start.count < text.count ? "…" : "")'"
    }
}
