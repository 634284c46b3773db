package import HTTPTransport

/// A named value: an input of a blueprint, a parameter of a command.
public struct Input: Hashable, Sendable, Codable {
    /// The input's name; for an input of an abstract resource `resource.attribute` or `resource/sub.attribute`.
    public var name: String
    /// The value; the lab takes texts alone.
    public var value: String
    /// Whether its value must not be shown, whatever its name: its type is a password's.
    ///
    /// The lab doesn't tell the type beside the value, so it is for whoever knows it; never sent.
    package var isHidden = false

    /// Names a value.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Reads what the lab sends; a missing value reads as empty.
    ///
    /// - Throws: `DecodingError` for what isn't of this form.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let name = object.string("name") else { throw MissingMember.error("name", decoder) }
        self.name = name
        value = object.string("value") ?? ""
    }

    /// Whether its value must not be shown: ``isHidden``, or ``SecretNames/standard`` has its name.
    package var isSecret: Bool { isSecret(named: .standard) }

    /// Whether its value must not be shown: ``isHidden``, or it has one of these names.
    package func isSecret(named names: SecretNames) -> Bool { isHidden || names.contains(name) }

    private enum CodingKeys: String, CodingKey {
        case name, value
    }
}

extension [Input] {
    /// The values that must not be shown.
    package var secrets: [Secret] { filter(\.isSecret).map { Secret($0.value) } }

    /// Marks the inputs whose values must not be shown.
    ///
    /// - Parameters:
    ///   - names: The names of such.
    ///   - others: Inputs of a password's type, whatever their case; `nil` for all.
    package mutating func hide(named names: SecretNames, and others: [String]?) {
        let others = others.map { Set($0.map(\.folded)) }
        for index in indices {
            let name = self[index].name
            self[index].isHidden = others?.contains(name.folded) ?? true || names.contains(name)
        }
    }
}

/// Makes the error for a member without which a value makes no sense.
enum MissingMember {
    static func error(_ name: String, _ decoder: any Decoder) -> DecodingError {
        .keyNotFound(
            AnyKey(stringValue: name),
            .init(codingPath: decoder.codingPath, debugDescription: "no \(name)")
        )
    }
}
