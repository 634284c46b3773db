import Foundation

extension Encodable {
    /// The value as JSON for people and for comparing, with times in ISO 8601; the same for the same value.
    ///
    /// - Throws: `EncodingError`, which a value of texts, times and whole numbers doesn't cause.
    func printedJSON(keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = keys
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
