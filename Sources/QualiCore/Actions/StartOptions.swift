import AWSLite
import HTTPTransport

/// The options of a start action, which its property `OptionsJSON` has.
///
/// One property has them all, since an action type has room for ten.
package struct StartOptions: Sendable, Hashable {
    /// The property's name.
    package static let property = "OptionsJSON"
    /// How many users may be permitted: a server's limit by default (Quali's help, `MaxPermittedUsersForReservarion`).
    private static let mostUsers = 20

    private enum Key: String, CaseIterable {
        case endWithPipeline = "EndWithPipeline"
        case maxDuration = "MaxDurationInMinutes"
        case permittedUsers = "PermittedUsers"
    }

    /// When the sandbox ends with the pipeline's execution; `nil` where the worker's setting says it.
    package private(set) var endWithPipeline: EndWithPipeline?
    /// Until when after its start the sandbox may be extended; `nil` where it isn't.
    package private(set) var maxDuration: Duration?
    /// Users who may open the sandbox beside its owner and administrators.
    package private(set) var permittedUsers: [String] = []

    /// Reads the property.
    ///
    /// - Parameters:
    ///   - text: What the property says; `nil` or blank for no options.
    ///   - duration: What `DurationInMinutes` says.
    /// - Throws: ``JobFailure`` of type `ConfigurationError` that names the key, what was found and what is wanted.
    package init(_ text: String?, duration: Duration) throws {
        guard let text, !text.trimmingWhitespace.isEmpty else { return }
        for (name, value) in try OptionValue.read(text, of: Self.property) {
            switch Key(rawValue: name) {
            case .endWithPipeline: endWithPipeline = try Self.endWithPipeline(value)
            case .maxDuration: maxDuration = try Self.maxDuration(value, atLeast: duration)
            case .permittedUsers: permittedUsers = try Self.users(value)
            case nil:
                let known = Key.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                throw JobFailure(
                    .configurationError,
                    "The property '\(Self.property)' has the key '\(name.cut(to: 100))', which is unknown. The known ones are \(known)."
                )
            }
        }
    }

    private static func endWithPipeline(_ value: OptionValue) throws -> EndWithPipeline {
        if case .text(let text) = value {
            let word = text.trimmingWhitespace.lowercased()
            if let choice = EndWithPipeline.allCases.first(where: { $0.rawValue.lowercased() == word }) {
                return choice
            }
        }
        let words = EndWithPipeline.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        throw wrong(.endWithPipeline, value, words)
    }

    private static func maxDuration(_ value: OptionValue, atLeast duration: Duration) throws -> Duration {
        let least = duration.components.seconds / 60
        // As for all properties, a year is the most.
        if case .text(let text) = value, let number = Int64(text.trimmingWhitespace), (least...525_600).contains(number)
        {
            return .seconds(60 * number)
        }
        if case .number(let text) = value, let number = Int64(text), (least...525_600).contains(number) {
            return .seconds(60 * number)
        }
        let wanted = "a whole number of minutes, \(least) (as 'DurationInMinutes' says) to 525600"
        throw wrong(.maxDuration, value, wanted)
    }

    private static func users(_ value: OptionValue) throws -> [String] {
        let wanted = "a list of 1 to \(mostUsers) different names of users, such as [\"anna\", \"ben\"]"
        guard case .list(let values) = value else { throw wrong(.permittedUsers, value, wanted) }
        let names = values.compactMap { value -> String? in
            guard case .text(let text) = value else { return nil }
            let name = text.trimmingWhitespace
            return name.isEmpty ? nil : name
        }
        guard names.count == values.count, (1...mostUsers).contains(names.count),
            Set(names.map { $0.lowercased() }).count == names.count
        else { throw wrong(.permittedUsers, value, wanted) }
        return names
    }

    private static func wrong(_ key: Key, _ found: OptionValue, _ wanted: String) -> JobFailure {
        JobFailure(
            .configurationError,
            "The property '\(property)' has \(found.description.cut(to: 200)) for the key '\(key.rawValue)', which should be \(wanted)."
        )
    }
}
