import Foundation

/// The state of a waiting job as CodePipeline carries it from one worker to the next.
///
/// It is bound to its action's execution, has a version, and holds no secret.
struct ContinuationToken: Sendable, Equatable {
    /// The version that this worker writes and the newest that it reads.
    static let version = 1
    /// The service's limit in characters.
    static let limit = 2_048

    /// The action's execution that the token belongs to.
    var actionExecutionID: String
    /// When the action was first claimed.
    var claimedAt: Date
    /// The handler's checkpoint, encoded.
    var checkpoint: Data?

    /// Why a token can't be used.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private struct Wire: Codable {
        var v: Int
        var a: String
        var t: Int
        var c: String?
    }

    /// The token's text, or `nil` if it would be longer than the service takes.
    func encoded() -> String? {
        let wire = Wire(
            v: Self.version,
            a: actionExecutionID,
            t: Int(claimedAt.timeIntervalSince1970),
            c: checkpoint.map { String(decoding: $0, as: UTF8.self) }
        )
        guard let data = try? JSONEncoder.compact.encode(wire) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        return text.count <= Self.limit ? text : nil
    }

    init(actionExecutionID: String, claimedAt: Date, checkpoint: Data?) {
        self.actionExecutionID = actionExecutionID
        self.claimedAt = claimedAt
        self.checkpoint = checkpoint
    }

    /// Reads a token that came with a job of the given action execution.
    init(_ text: String, for actionExecutionID: String) throws(Refusal) {
        struct Versioned: Decodable { var v: Int }
        let data = Data(text.utf8)
        guard let version = try? JSONDecoder().decode(Versioned.self, from: data).v else {
            throw Refusal(description: "its continuation token was not written by this worker")
        }
        guard version == Self.version else {
            throw Refusal(
                description:
                    "its continuation token has the version \(version), and this worker reads \(Self.version); "
                    + "upgrade the workers that share this queue together"
            )
        }
        guard let wire = try? JSONDecoder().decode(Wire.self, from: data) else {
            throw Refusal(description: "its continuation token is damaged")
        }
        guard wire.a == actionExecutionID else {
            throw Refusal(description: "its continuation token belongs to another action's execution")
        }
        self.init(
            actionExecutionID: wire.a,
            claimedAt: Date(timeIntervalSince1970: TimeInterval(wire.t)),
            checkpoint: wire.c.map { Data($0.utf8) }
        )
    }
}
