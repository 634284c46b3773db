import AWSLite

/// A value in a property that is a JSON dictionary of options.
package enum OptionValue: Sendable, Hashable {
    /// A text.
    case text(String)
    /// A number, as it is written.
    case number(String)
    /// `true` or `false`.
    case truth(Bool)
    /// Nothing.
    case null
    /// A list; one within is ``nested(_:)``.
    case list([OptionValue])
    /// A dictionary, or a list in a list, as it is written.
    case nested(String)

    /// A text, a number or a boolean as text.
    var text: String? {
        switch self {
        case .text(let text), .number(let text): text
        case .truth(let isTrue): isTrue ? "true" : "false"
        case .null, .list, .nested: nil
        }
    }

    /// The pairs of a JSON dictionary, in its order.
    ///
    /// `text` is the dictionary as the pipeline's author wrote it, and `property` is the property that has it.
    ///
    /// - Throws: ``JobFailure`` of type `ConfigurationError` where it isn't JSON, or no dictionary, or has a name twice.
    package static func read(_ text: String, of property: String) throws -> [(name: String, value: OptionValue)] {
        do {
            return try FlatDictionary.readOptions(text)
        } catch {
            throw JobFailure(
                .configurationError,
                "The property '\(property)' should be a JSON dictionary of options; \(error.words)."
            )
        }
    }
}

extension OptionValue: CustomStringConvertible {
    /// The value, nearly as it is written.
    package var description: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .number(let text), .nested(let text): text
        case .truth(let isTrue): "\(isTrue)"
        case .null: "null"
        case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
        }
    }
}
