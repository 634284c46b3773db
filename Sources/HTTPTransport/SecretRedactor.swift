import FoundationEssentials

/// Takes known secrets out of texts, in every form in which a server, a proxy or an encoder may have put them there.
///
/// That is: as they are; escaped as in JSON, HTML or a URL, also twice; in base64, also within a longer text such as
/// `user:password`; as hexadecimal digits; and cut off by the end of the text.
public struct SecretRedactor: Sendable {
    /// What stands in a text where a secret was.
    public static let mark = "<redacted>"

    /// All forms by their first byte.
    private let forms: [[[UInt8]]]
    /// Whether a byte may begin a form, as itself or by an escape; most bytes of a text must cost next to nothing.
    private let mayBegin: [Bool]

    /// Creates a redactor of these secrets.
    public init(_ secrets: [Secret]) {
        let texts = Set(secrets.map { $0.reveal() }.filter { !$0.isEmpty }.flatMap(Self.escaped))
        var forms = [[[UInt8]]](repeating: [], count: texts.isEmpty ? 0 : 256)
        for form in Set(texts.flatMap { Self.forms(of: Array($0.utf8)) }) { forms[Int(form[0])].append(form) }
        self.forms = forms
        mayBegin = forms.indices.map { !forms[$0].isEmpty || EscapedText.isEscape(UInt8($0)) }
    }

    /// The text with ``mark`` for each secret.
    public func callAsFunction(_ text: String) -> String {
        guard !forms.isEmpty else { return text }
        let escaped = EscapedText(text)
        let bytes = escaped.bytes
        var masked: [UInt8] = []
        var kept = 0
        var offset = 0
        while offset < bytes.count {
            if mayBegin[Int(bytes[offset])], let end = end(escaped, offset) {
                masked += bytes[kept..<offset] + Array(Self.mark.utf8)
                (kept, offset) = (end, end)
            } else {
                offset += 1
            }
        }
        return kept == 0 ? text : String(decoding: masked + bytes[kept...], as: UTF8.self)
    }

    /// Where the longest secret that begins here ends.
    private func end(_ text: EscapedText, _ offset: Int) -> Int? {
        guard EscapedText.isEscape(text.bytes[offset]) else { return end(text, offset, of: text.bytes[offset]) }
        return text.beginnings(at: offset).compactMap { end(text, offset, of: $0) }.max()
    }

    /// Where the longest secret that begins here with a byte ends.
    private func end(_ text: EscapedText, _ offset: Int, of byte: UInt8) -> Int? {
        var longest: Int?
        for form in forms[Int(byte)] {
            guard let end = text.end(of: form, at: offset), end > longest ?? 0,
                form.count > 3 || Self.isAlone(offset..<end, in: text.bytes)
            else { continue }
            longest = end
        }
        return longest
    }

    /// Whether there is no letter or digit next to a very short secret.
    ///
    /// Within words it is mere chance, and marks all over a log would tell the secret.
    private static func isAlone(_ range: Range<Int>, in text: [UInt8]) -> Bool {
        let neighbours = [range.lowerBound - 1, range.upperBound].filter(text.indices.contains).map { text[$0] }
        return !neighbours.contains { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...0xFF:
                true
            default: false
            }
        }
    }

    // MARK: Forms

    /// A secret as the innermost encoder may have escaped it, before others encode what is around it: the body of a
    /// request, repeated in base64.
    ///
    /// ``EscapedText`` undoes one layer by itself.
    private static func escaped(_ secret: String) -> [String] {
        let json = secret.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let ascii = json.utf16.map { unit in
            if unit < 127 { return String(Unicode.Scalar(UInt8(unit))) }
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
        let html = secret.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
        return [
            secret, json, json.replacing("/", with: "\\/"), ascii, ascii.replacing("/", with: "\\/"), html,
            PercentEncoding.encode(secret),
        ]
    }

    private static func forms(of secret: [UInt8]) -> [[UInt8]] {
        var texts = [Data(secret).base64EncodedString()]
        for before in 0..<3 {
            if let inner = innerBase64(of: secret, after: before) { texts.append(inner) }
        }
        texts += texts.map { $0.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "") }
        if secret.count > 3 {
            let digits = secret.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            texts += [digits, digits.uppercased()]
        }
        return [secret] + texts.map { Array($0.utf8) }.filter { $0.count > 3 }
    }

    /// The characters of base64 that a secret alone decides when so many bytes (modulo 3) stand before it; `nil` for a
    /// secret so short that they would be found by chance.
    private static func innerBase64(of secret: [UInt8], after before: Int) -> String? {
        let text = Data([UInt8](repeating: 0, count: before) + secret).base64EncodedString()
        let first = (before * 8 + 5) / 6
        let end = (before + secret.count) * 8 / 6
        guard end - first >= 8 else { return nil }
        return String(text.prefix(end).dropFirst(first))
    }
}
