import AWSLite
import Foundation

/// The configuration properties of a job, as the pipeline's author wrote them, read one by one with clear errors.
///
/// CodePipeline delivers every property as text, and leaves out those that are blank. Each method throws a
/// ``JobFailure`` of type `ConfigurationError` that names the property, what was found and what is wanted.
public struct ActionProperties: Sendable {
    private let values: [String: String]
    private let defaults: [String: String]

    /// Wraps the properties of a job.
    ///
    /// - Parameters:
    ///   - values: What the job says.
    ///   - defaults: What counts of a property that the job hasn't got, or that is blank in it.
    package init(_ values: [String: String], defaults: [String: String] = [:]) {
        self.values = values
        self.defaults = defaults
    }

    /// The text of a property, or `nil` if it is absent or blank.
    public func string(ifPresent name: String) -> String? {
        text(name)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The text of a property as it was written, if it isn't blank.
    private func text(_ name: String) -> String? {
        [values[name], defaults[name]].lazy.compactMap { $0 }.first {
            !$0.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty
        }
    }

    /// The text of a property that must be there.
    public func string(_ name: String) throws -> String {
        guard let value = string(ifPresent: name) else {
            throw JobFailure(.configurationError, "The property '\(name)' is required, but is missing or blank.")
        }
        return value
    }

    /// A whole number of minutes, at least `minimum`.
    public func minutes(_ name: String, minimum: Int = 1, default defaultValue: Int? = nil) throws -> Duration {
        guard let text = string(ifPresent: name) else {
            guard let defaultValue else {
                throw JobFailure(
                    .configurationError,
                    "The property '\(name)' is required, but is missing or blank. It wants a whole number of minutes."
                )
            }
            return .seconds(60 * defaultValue)
        }
        // A year is more than any lab grants, and keeps every sum far from overflow.
        guard let number = Int(text), (minimum...525_600).contains(number) else {
            throw wrong(name, text, "a whole number of minutes, \(minimum) to 525600")
        }
        return .seconds(60 * number)
    }

    /// One of some fixed words, whatever their case.
    public func choice<Choice: CaseIterable & RawRepresentable>(
        _ name: String,
        default defaultValue: Choice
    ) throws -> Choice where Choice.RawValue == String {
        guard let text = string(ifPresent: name) else { return defaultValue }
        guard let choice = Choice.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            throw wrong(name, text, Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or "))
        }
        return choice
    }

    /// `true` or `false`, whatever its case.
    public func boolean(_ name: String, default defaultValue: Bool) throws -> Bool {
        switch string(ifPresent: name)?.lowercased() {
        case nil: return defaultValue
        case "true", "yes": return true
        case "false", "no": return false
        case .some(let text): throw wrong(name, text, "'true' or 'false'")
        }
    }

    /// A flat JSON dictionary whose values are texts, numbers or booleans; the latter two become text as they are written.
    ///
    /// The pairs come in the order of their names. An absent property is an empty dictionary.
    public func dictionary(_ name: String) throws -> [(name: String, value: String)] {
        // The places that an error names are those of the text as it was written.
        guard let whole = text(name) else { return [] }
        do {
            return try FlatDictionary.read(whole).sorted { $0.name < $1.name }
        } catch {
            let wanted = #"a flat JSON dictionary such as {"Name": "value", "Count": 3, "Flag": true}"#
            throw wrong(name, "\(wanted); \(error.words)")
        }
    }

    /// A JSON dictionary of options, as it was written, if it isn't blank; ``OptionValue/read(_:of:)`` reads it.
    package func options(ifPresent name: String) -> String? { text(name) }

    /// A failure that doesn't quote what was found, since secrets may be in it.
    private func wrong(_ name: String, _ wanted: String) -> JobFailure {
        failure("The property '\(name)' should be \(wanted).", wanted)
    }

    private func wrong(_ name: String, _ found: String, _ wanted: String) -> JobFailure {
        let shown = found.count <= 200 ? found : found.prefix(200) + "…"
        return failure("The property '\(name)' is '\(shown)', but should be \(wanted).", wanted)
    }

    private func failure(_ message: String, _ wanted: String) -> JobFailure {
        var failure = JobFailure(.configurationError, message)
        failure.wanted = wanted
        return failure
    }
}
