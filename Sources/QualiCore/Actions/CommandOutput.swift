import Foundation

/// What a command printed, in the forms in which it goes on.
struct CommandOutput: Sendable {
    /// All variables of an action may have 122,880 bytes together; this leaves room for the others.
    static let variableLimit = 100_000

    let text: String

    /// - Parameter redact: Masks secrets: here, since a part of one is no longer known for what it is.
    init(_ raw: String?, _ redact: (String) -> String = { $0 }) {
        text = redact(raw ?? "").replacing("\r\n", with: "\n").trimmingWhitespace
    }

    /// The output for the end of a sentence; when it is long, its end, where errors use to be.
    func quotation(limit: Int) -> String {
        guard !text.isEmpty else { return " It printed nothing." }
        let shown = text.count <= limit ? text : "…" + text.suffix(limit - 1)
        return " Its output:\n" + shown
    }

    /// The output as a variable; when it is long, its end.
    var variable: String {
        guard text.utf8.count > Self.variableLimit else { return text }
        var end = Substring(text.suffix(Self.variableLimit))
        while end.utf8.count > Self.variableLimit {
            end = end.dropFirst(max(1, (end.utf8.count - Self.variableLimit) / 4))
        }
        return String(end)
    }

    /// The output as an artifact: `output.txt` and a description, `execution.json`.
    func archive(executionID: String, command: String) throws -> Data {
        struct Description: Encodable {
            let id: String
            let command: String
            let status = "Completed"
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try ArtifactArchive.zip([
            .init(path: "output.txt", content: Data(text.utf8)),
            .init(
                path: "execution.json",
                content: try encoder.encode(Description(id: executionID, command: command))
            ),
        ])
    }
}
