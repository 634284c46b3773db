import Foundation
import HTTPTransport

/// What a command printed, in the forms in which it goes on.
struct CommandOutput: Sendable {
    /// All variables of an action may have 122,880 bytes together; this leaves room for the others.
    static let variableLimit = 100_000

    let text: String

    /// Reads an output, and masks secrets in it: here, since a part of one is no longer known for what it is.
    ///
    /// `raw` is the output as the lab tells it, and `redact` masks secrets. `isWhole` says whether all of it is wanted,
    /// not only as much of its end as a variable may have.
    ///
    /// - Throws: `CancellationError` alone.
    static func read(
        _ raw: String?,
        isWhole: Bool = false,
        _ redact: @escaping @Sendable (String) -> String = { $0 }
    ) async throws -> CommandOutput {
        let raw = raw ?? ""
        return try await HeavyWork.ofJobs.run(size: raw.utf8.count) {
            CommandOutput(isWhole ? redact(raw) : BoundedText.end(of: raw, limit: readLimit, redact))
        }
    }

    /// White space around the output doesn't count.
    private static let readLimit = variableLimit + 4_096

    private init(_ masked: String) {
        text = masked.unixLines.trimmingWhitespace
    }

    /// The output for the end of a sentence; when it is long, its end, where errors use to be.
    func quotation(limit: Int) -> String {
        guard !text.isEmpty else { return " It printed nothing." }
        let scalars = text.unicodeScalars
        guard let start = scalars.index(scalars.endIndex, offsetBy: -limit, limitedBy: scalars.startIndex),
            start > scalars.startIndex
        else { return " Its output:\n" + text }
        return " Its output:\n…" + text[scalars.index(after: start)...]
    }

    /// The output as a variable; when it is long, its end.
    var variable: String { text.end(Self.variableLimit) }

    /// The output as an artifact: `output.txt` and a description, `execution.json`.
    func archive(executionID: String, command: String, status: CommandStatus) async throws -> Data {
        struct Description: Encodable {
            let id: String
            let command: String
            let status: String
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let description = try encoder.encode(Description(id: executionID, command: command, status: status.rawValue))
        return try await HeavyWork.ofJobs.run(size: text.utf8.count) {
            try ArtifactArchive.zip([
                .init(path: "output.txt", content: Data(text.utf8)),
                .init(path: "execution.json", content: description),
            ])
        }
    }
}

extension String {
    /// The text with LF where it has CR LF.
    fileprivate var unixLines: String {
        guard utf8.contains(UInt8(ascii: "\r")) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        for byte in utf8 {
            if byte == UInt8(ascii: "\n"), bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
