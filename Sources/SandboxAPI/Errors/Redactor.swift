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
        guard let start = text.firstRange(of: marker) else { return text }
        let after = text[start.upperBound...]
        let end = after.firstRange(of: ". Please")?.lowerBound ?? after.firstIndex(of: "\"") ?? after.endIndex
        return text[..<start.upperBound] + " " + SecretRedactor.mark + withoutEchoedToken(String(after[end...]))
    }
}
