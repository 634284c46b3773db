import FoundationEssentials
import HTTPTransport

/// Takes secrets out of texts, in every form in which a server or a proxy may have echoed them.
struct Redactor: Sendable {
    static let mark = "<redacted>"
    private let forms: [String]

    init(_ secrets: [Secret]) {
        var forms: Set<String> = []
        for secret in secrets where !secret.isEmpty {
            forms.formUnion(Redactor.forms(of: secret.reveal()))
        }
        // The longest first, lest a short form within a long one leave the rest of it.
        self.forms = forms.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    /// The text with `<redacted>` for each secret.
    func callAsFunction(_ text: String) -> String {
        var text = text
        for form in forms where text.contains(form) {
            text = text.replacing(form, with: Redactor.mark)
        }
        return Redactor.withoutEchoedToken(text)
    }

    /// A secret as it is, in JSON, percent-encoded and in base64.
    private static func forms(of secret: String) -> Set<String> {
        let encoded = PercentEncoding.encode(secret)
        var forms: Set<String> = [
            secret,
            encoded,
            PercentEncoding.encode(secret, lowerCase: true),
            encoded.replacing("%20", with: "+"),
            PercentEncoding.encode(encoded),
        ]
        let json = jsonEscaped(secret)
        forms.insert(json)
        forms.insert(json.replacing("/", with: "\\/"))
        forms.insert(asciiEscaped(secret))
        forms.insert(htmlEscaped(secret))
        let base64 = Data(secret.utf8).base64EncodedString()
        forms.insert(base64)
        forms.insert(PercentEncoding.encode(base64))
        forms.insert(base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
        return forms.filter { !$0.isEmpty }
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

    /// The lab's message for a dead token quotes it, and it may be another than this client's.
    private static func withoutEchoedToken(_ text: String) -> String {
        let marker = "Login failed for token:"
        guard let start = text.firstRange(of: marker) else { return text }
        let after = text[start.upperBound...]
        let end = after.firstRange(of: ". Please")?.lowerBound ?? after.firstIndex(of: "\"") ?? after.endIndex
        return text[..<start.upperBound] + " " + mark + withoutEchoedToken(String(after[end...]))
    }
}
