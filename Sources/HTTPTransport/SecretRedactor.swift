import FoundationEssentials

/// Takes known secrets out of texts, in every form in which a server, a proxy or an encoder may have put them there.
public struct SecretRedactor: Sendable {
    /// What stands in a text where a secret was.
    public static let mark = "<redacted>"

    private let forms: [String]

    /// Creates a redactor of these secrets.
    public init(_ secrets: [Secret]) {
        let texts = secrets.map { $0.reveal() }.filter { !$0.isEmpty }
        // The longest first, lest a short form within a long one leave the rest of it.
        forms = Set(texts.flatMap(Self.forms)).sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    /// The text with ``mark`` for each secret.
    public func callAsFunction(_ text: String) -> String {
        var text = text
        for form in forms where text.contains(form) {
            text = form.count < 4 ? Self.maskingWord(form, in: text) : text.replacing(form, with: Self.mark)
        }
        return text
    }

    /// The text with a mark for a very short secret where it stands alone.
    ///
    /// Within words it is mere chance, and marks all over a log would tell the secret.
    private static func maskingWord(_ form: String, in text: String) -> String {
        var masked = ""
        var rest = text[...]
        while let range = rest.firstRange(of: form) {
            let before = text[..<range.lowerBound].last
            let after = text[range.upperBound...].first
            let isAlone = ![before, after].contains { $0?.isLetter == true || $0?.isNumber == true }
            masked += rest[..<range.lowerBound] + (isAlone ? Self.mark[...] : rest[range])
            rest = rest[range.upperBound...]
        }
        return masked + rest
    }

    /// A secret as it is, in JSON, in HTML, percent-encoded and in base64.
    private static func forms(of secret: String) -> [String] {
        let encoded = PercentEncoding.encode(secret)
        let json = jsonEscaped(secret)
        let base64 = Data(secret.utf8).base64EncodedString()
        return [
            secret, json, json.replacing("/", with: "\\/"), asciiEscaped(secret), htmlEscaped(secret),
            encoded, lowerCaseDigits(encoded), encoded.replacing("%20", with: "+"), PercentEncoding.encode(encoded),
            base64, PercentEncoding.encode(base64),
            base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""),
        ]
    }

    private static func jsonEscaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    /// JSON in which all but ASCII is written as `\u` and four digits.
    private static func asciiEscaped(_ text: String) -> String {
        jsonEscaped(text).utf16.map { unit in
            if unit < 127 { return String(Unicode.Scalar(UInt8(unit))) }
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    private static func htmlEscaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static func lowerCaseDigits(_ encoded: String) -> String {
        let parts = encoded.split(separator: "%", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts.first ?? "")) { text, part in
            text += "%" + part.prefix(2).lowercased() + part.dropFirst(2)
        }
    }
}
