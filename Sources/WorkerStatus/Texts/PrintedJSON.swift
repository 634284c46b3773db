package import Foundation

extension Encodable {
    /// The value as JSON for people and for comparing, with times in ISO 8601; the same for the same value.
    ///
    /// - Throws: `EncodingError`, which a value of texts, times and whole numbers doesn't cause.
    package func printedJSON(keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = keys
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// What a command or the status page tells programs: an object whose members have names_like_this, and which begins with
/// the version of its form.
package struct JSONReport<Content: Encodable>: Encodable {
    /// The version, which becomes another one where a member changes its meaning or goes away.
    private static var schemaVersion: Int { 1 }
    private let content: Content

    /// Wraps what is encoded as an object.
    package init(_ content: Content) { self.content = content }

    private enum CodingKeys: CodingKey { case schemaVersion }

    /// Writes the content's members with the version beside them.
    ///
    /// - Throws: The encoder's error.
    package func encode(to encoder: any Encoder) throws {
        try content.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(Self.schemaVersion, forKey: .schemaVersion)
    }

    /// The report as text.
    ///
    /// - Throws: `EncodingError`, which a value of texts, times and whole numbers doesn't cause.
    package func text() throws -> String { try printedJSON(keys: .convertToSnakeCase) }
}
