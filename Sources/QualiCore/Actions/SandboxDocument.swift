import AWSLite
import Foundation
import HTTPTransport
import SandboxAPI

/// The artifact by which a start action tells later actions, and CodeBuild, which sandbox it made.
///
/// As a ZIP it is one file, `sandbox.json`; as raw JSON it stands where the original worker stored the lab's reply to the
/// start, has its members in the lab's own spelling, and is read by that worker. Whoever reads it needs `id` alone.
enum SandboxDocument {
    static let fileName = "sandbox.json"
    /// What an artifact that holds a sandbox is, in words.
    static let shape =
        "the output of a Quali-Start-Sandbox action: an archive with '\(fileName)' in it, or that file's JSON itself"
    /// How the message ends that an artifact holds none.
    static let advice = " It should be \(shape)."

    /// Everything about a ready sandbox but its secrets.
    struct Content: Encodable {
        /// The sandbox, without secrets.
        let sandbox: Sandbox
        let blueprintName: String
        let url: String
        /// The pipeline's execution that has started it.
        let executionID: String?

        /// Takes the secrets out, which may take long.
        ///
        /// `executionID` is the pipeline's execution that has started it. `names` says what counts as a secret's name,
        /// `known` are secrets that are known already, and `redact` masks others.
        init(
            sandbox: Sandbox,
            blueprintName: String,
            url: String,
            executionID: String? = nil,
            names: SecretNames = .standard,
            known: [Secret] = [],
            redact: (String) -> String = { $0 }
        ) {
            self.sandbox = sandbox.withoutSecrets(named: names, known: known, and: redact)
            self.blueprintName = blueprintName
            self.url = url
            self.executionID = executionID
        }

        private enum Key: String, CodingKey {
            case blueprintName = "blueprint_name"
            case url
            case executionID = "pipeline_execution_id"
        }

        func encode(to encoder: any Encoder) throws {
            try sandbox.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(blueprintName, forKey: .blueprintName)
            try container.encode(url, forKey: .url)
            try container.encodeIfPresent(executionID, forKey: .executionID)
        }
    }

    /// How the artifact is stored.
    enum Format: String, CaseIterable {
        case zip, json
    }

    /// The artifact.
    static func encode(_ content: Content, as format: Format) async throws -> (data: Data, contentType: String) {
        // How much a lab tells of its components isn't known before.
        try await HeavyWork.ofJobs.run { _ in try encoded(content, as: format) }
    }

    private static func encoded(_ content: Content, as format: Format) throws -> (data: Data, contentType: String) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(content)
        switch format {
        case .json: return (json, "application/json")
        case .zip: return (try ArtifactArchive.zip([.init(path: fileName, content: json)]), "application/zip")
        }
    }

    /// The sandbox that an artifact describes.
    ///
    /// - Throws: ``JobFailure`` that names the artifact and what is wrong with it; `CancellationError` when the task is
    ///   cancelled.
    static func reference(in data: Data, of artifact: String) async throws -> SandboxReference {
        // A few bytes may be an archive of many.
        try await HeavyWork.ofJobs.run(limit: unpackingLimit) { try reference(in: data, of: artifact, $0) }
    }

    /// The longest time on a processor for reading an artifact.
    private static let unpackingLimit: Duration = .seconds(20)

    /// What is read of a document.
    private struct Identified: Decodable {
        let id: String
        /// The execution, if the document names one: older ones don't, and others may mean something else by the member.
        let executionID: String?

        private enum Key: String, CodingKey {
            case id
            case executionID = "pipeline_execution_id"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            id = try container.decode(String.self, forKey: .id)
            let executionID = try? container.decodeIfPresent(String.self, forKey: .executionID)
            // It goes into messages.
            self.executionID = executionID.flatMap { SandboxReference.isID($0) ? $0 : nil }
        }
    }

    private static func reference(
        in data: Data,
        of artifact: String,
        _ effort: HeavyWork.Effort
    ) throws -> SandboxReference {
        @Sendable func failure(_ what: String, isDamage: Bool = false) -> JobFailure {
            var failure = JobFailure(.configurationError, "The input artifact '\(artifact)' \(what).\(advice)")
            failure.isDamage = isDamage
            return failure
        }
        let json: Data
        // Some editors begin a file with a byte order mark.
        let data = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
        if data.first(where: { !$0.isWhitespace }) == UInt8(ascii: "{") {
            json = data
        } else {
            let entries: [ArtifactArchive.Entry]
            do {
                entries = try ArtifactArchive.read(data, goOn: effort.check) {
                    $0.split(separator: "/").last == Substring(fileName)
                }
            } catch let error as ArtifactArchive.Failure {
                throw failure(error.description, isDamage: error.isDamage)
            } catch is HeavyWork.TookTooLong {
                throw failure("takes too long to unpack")
            }
            // Those that are nearest to the root, as other files beside them are fine.
            let depth = entries.map(\.path.depth).min()
            let nearest = entries.filter { $0.path.depth == depth }
            guard let entry = nearest.first else { throw failure("holds no '\(fileName)'") }
            guard nearest.allSatisfy({ $0.content == entry.content }) else {
                throw failure("holds several '\(fileName)' that differ")
            }
            json = entry.content
        }
        let found: Identified
        do {
            found = try PlainJSON.decode(Identified.self, from: json)
        } catch let error as JSONSize.TooManyValues {
            throw failure("holds JSON that isn't read: \(error)")
        } catch DecodingError.keyNotFound {
            throw failure("has no 'id' in its JSON")
        } catch {
            throw failure("holds JSON that can't be read or whose 'id' is no text", isDamage: true)
        }
        let id = found.id.trimmingWhitespace
        guard !id.isEmpty else { throw failure("has an empty 'id' in its JSON") }
        guard SandboxReference.isID(id) else {
            throw failure(
                "has the 'id' '\(id.cut(to: 100))' in its JSON, which is no sandbox's: \(SandboxReference.idShape)"
            )
        }
        return SandboxReference(id: id, executionID: found.executionID)
    }
}

extension String {
    fileprivate var depth: Int { split(separator: "/").count }
}

extension UInt8 {
    fileprivate var isWhitespace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
