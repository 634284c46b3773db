import HTTPTransport

/// Takes secrets out of a lab's messages: the known ones, and tokens that the lab itself quotes.
struct Redactor: Sendable {
    private let secrets: [Secret]

    init(_ secrets: [Secret]) {
        self.secrets = secrets
    }

    /// The text with a mark for each secret.
    func callAsFunction(_ text: String) -> String {
        // Made only here, since most calls go well.
        Redactor.withoutEchoedToken(SecretRedactor(secrets)(text))
    }

    /// The lab's message for a dead token quotes it, and it may be another than this client's.
    private static func withoutEchoedToken(_ text: String) -> String {
        let marker = "Login failed for token:"
        var masked = ""
        var rest = text[...]
        while let start = rest.utf8.firstRange(of: marker.utf8)?.upperBound {
            let after = rest[start...]
            let end =
                after.utf8.firstRange(of: ". Please".utf8)?.lowerBound ?? after.utf8.firstIndex(of: UInt8(ascii: "\""))
            masked += rest[..<start] + " " + SecretRedactor.mark
            rest = end.map { after[$0...] } ?? ""
        }
        return masked.isEmpty ? text : masked + rest
    }
}
