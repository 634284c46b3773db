import Foundation
import HTTPTransport

/// Takes known secrets out of texts, in the forms in which they may turn up there.
struct SecretMask: Sendable {
    private static let mark = "<redacted>"
    private let forms: [String]

    /// Creates a mask of these secrets.
    init(_ secrets: [Secret]) {
        let texts = secrets.map { $0.reveal() }.filter { !$0.isEmpty }
        // The longest first, lest a short form within a long one leave the rest of it.
        forms = Set(texts.flatMap(Self.forms)).sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    /// The text with a mark for each secret.
    func callAsFunction(_ text: String) -> String {
        var text = text
        for form in forms where text.contains(form) { text = text.replacing(form, with: Self.mark) }
        return text
    }

    private static func forms(of secret: String) -> [String] {
        var unreserved = CharacterSet.alphanumerics.intersection(
            CharacterSet(charactersIn: Unicode.Scalar(0)..."\u{7F}")
        )
        unreserved.insert(charactersIn: "-._~")
        let encoded = secret.addingPercentEncoding(withAllowedCharacters: unreserved) ?? secret
        let json = secret.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let base64 = Data(secret.utf8).base64EncodedString()
        return [
            secret, json, json.replacing("/", with: "\\/"), encoded, encoded.replacing("%20", with: "+"), base64,
            base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""),
        ]
    }
}
