public import HTTPTransport

/// A named value: an input of a blueprint, a parameter of a command.
public struct Input: Hashable, Sendable, Codable {
    /// The input's name; for an input of an abstract resource `resource.attribute` or `resource/sub.attribute`.
    public var name: String
    /// The value; the lab takes texts alone.
    public var value: String

    /// Names a value.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Reads what the lab sends; a missing value reads as empty.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let name = object.string("name") else { throw MissingMember.error("name", decoder) }
        self.name = name
        value = object.string("value") ?? ""
    }

    /// Whether the name says that the value is a password.
    public var isSecret: Bool { SecretName.isSecret(name) }
}

extension [Input] {
    /// The values that are passwords.
    public var secrets: [Secret] { filter(\.isSecret).map { Secret($0.value) } }
}

/// Recognises names of passwords.
enum SecretName {
    /// Whether the last part of a name (`Model.Admin Password`) is or ends with `password`.
    static func isSecret(_ name: String) -> Bool {
        name.folded.hasSuffix("password")
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
