import Foundation
import HTTPTransport
import Testing

@Suite struct RedactorTests {
    private static let secret = #"k"estrel\Zq/+%zz&'<é🙂> 7d1"#

    /// What encoders make of a text, by what they are.
    static func encodings(of text: String) -> [String: String] {
        let bytes = Array(text.utf8)
        let json = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let ascii = json.utf16.map { $0 < 127 ? String(Unicode.Scalar(UInt8($0))) : String(format: "\\u%04x", $0) }
        let dotNet = text.utf16.map { unit in
            let isPlain = (0x30...0x39).contains(unit) || (0x61...0x7A).contains(unit)
            return isPlain ? String(Unicode.Scalar(UInt8(unit))) : String(format: "\\u%04X", unit)
        }
        let html = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
        let percent = PercentEncoding.encode(text)
        let base64 = Data(bytes).base64EncodedString()
        return [
            "as it is": text, "JSON": json, "JSON with \\/": json.replacing("/", with: "\\/"),
            "JSON in ASCII": ascii.joined(), "JSON of .NET": dotNet.joined(),
            "JSON in JSON": json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""),
            "HTML": html, "HTML in HTML": html.replacing("&", with: "&amp;"),
            "HTML by numbers": text.unicodeScalars.map { "&#x\(String($0.value, radix: 16));" }.joined(),
            "a URL's part": percent, "lower case": percent.lowercasedDigits,
            "a form": percent.replacing("%20", with: "+"), "a URL in a URL": PercentEncoding.encode(percent),
            "every byte escaped": bytes.map { String(format: "%%%02X", $0) }.joined(),
            "base64": base64, "base64 in a URL": PercentEncoding.encode(base64),
            "base64 for URLs": base64.replacing("+", with: "-").replacing("/", with: "_"),
            "JSON in a URL": PercentEncoding.encode(json), "JSON in base64": Data(json.utf8).base64EncodedString(),
            "JSON in hex": json.utf8.map { String(format: "%02x", $0) }.joined(),
            "hex": bytes.map { String(format: "%02x", $0) }.joined(),
            "HEX": bytes.map { String(format: "%02X", $0) }.joined(),
            "Swift": String("\(text.debugDescription)".dropFirst().dropLast()),
        ]
    }

    @Test(arguments: encodings(of: secret).keys.sorted()) func `a secret is masked, as`(form: String) {
        let encoded = Self.encodings(of: Self.secret)[form] ?? ""
        let mask = SecretRedactor([Secret(Self.secret)])
        #expect(mask("before \(encoded) after \(encoded)") == "before <redacted> after <redacted>")
        #expect(mask(encoded).hasPrefix("<redacted>"))
    }

    @Test(arguments: ["u:", "ci:", "user:"]) func `a secret is masked within longer base64`(before: String) {
        let mask = SecretRedactor([Secret(Self.secret)])
        let masked = mask("Basic " + Data("\(before)\(Self.secret)".utf8).base64EncodedString() + ".")
        #expect(masked.wholeMatch(of: #/Basic [A-Za-z0-9]{0,8}<redacted>[A-Za-z0-9+\/=]{0,4}\./#) != nil, "\(masked)")
    }

    @Test func `a secret that the end of a text cuts off is masked`() {
        let mask = SecretRedactor([Secret("correct-horse-battery")])
        #expect(mask("It says correct-horse-b") == "It says <redacted>")
        #expect(mask("It says correct-horse-b…") == "It says <redacted>…")
        #expect(mask("It says correct") == "It says correct")
    }

    @Test func `nothing else is masked`() {
        let mask = SecretRedactor([Secret(#"\\a\b"#), Secret("")])
        for text in ["", "\\", "%", "&", "&#;", "\\u", "\\u{}", "%2", "é🙂", #"\a\b"#] { #expect(mask(text) == text) }
        #expect(mask(#"x\\a\b"#) == "x<redacted>" && mask(#"x\\\\a\\b"#) == "x<redacted>")
    }

    @Test func `many backslashes cost no more than a moment`() {
        let mask = SecretRedactor([Secret(String(repeating: "\\", count: 30))])
        #expect(!mask(String(repeating: "\\", count: 59)).contains(String(repeating: "\\", count: 30)))
    }

    @Test func `a mask learns, and forgets what is long past`() {
        let mask = SecretMask([Secret("first-password")])
        for number in 1...20 { mask.learn(Secret("token-\(number)-")) }
        #expect(mask("first-password token-20- token-1-") == "<redacted> <redacted> token-1-")
    }
}

extension String {
    /// A percent-encoded text with its digits in lower case.
    fileprivate var lowercasedDigits: String {
        let parts = split(separator: "%", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts.first ?? "")) { text, part in
            text += "%" + part.prefix(2).lowercased() + part.dropFirst(2)
        }
    }
}
