import Foundation

/// The state of a waiting job as CodePipeline carries it from one worker to the next.
///
/// It is bound to its action's execution, has a version, and holds no secret.
struct ContinuationToken: Sendable, Equatable {
    /// The version that this worker writes and the newest that it reads.
    static let version = 1
    /// The service's limit in UTF-16 units.
    static let limit = 2_048
    /// The times that a token can have, in seconds since 1970: until 2096, and small enough to be written again.
    private static let plausibleTimes = 0...4_000_000_000

    /// The action's execution that the token belongs to.
    var actionExecutionID: String
    /// When the action was first claimed.
    var claimedAt: Date
    /// When the job is to be looked at again, if not at once.
    var notBefore: Date?
    /// How often the job's progress was shown.
    var shows = RequeueSchedule()
    /// Whether the times are CodePipeline's; those of an older version are its host's.
    var isInServiceTime = true
    /// Whether another worker may have begun the action.
    var isContested = false
    /// The handler's checkpoint, encoded.
    var checkpoint: Data?

    /// Why a token can't be used.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// The token's text, or `nil` if it would be longer than the service takes.
    func encoded() -> String? {
        var wire: [String: Any] = [
            "v": Self.version, "a": actionExecutionID, "t": Int(claimedAt.timeIntervalSince1970),
        ]
        if isInServiceTime { wire["z"] = 1 }
        if let notBefore { wire["n"] = Int(notBefore.timeIntervalSince1970.rounded(.up)) }
        if let last = shows.last { (wire["s"], wire["u"]) = (shows.count, Int(last.timeIntervalSince1970)) }
        if isContested { wire["d"] = 1 }
        if let checkpoint {
            // As JSON within JSON, not as text: quotation marks would double its length.
            guard let value = try? JSONSerialization.jsonObject(with: checkpoint, options: .fragmentsAllowed) else {
                return nil
            }
            wire["c"] = value
        }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? JSONSerialization.data(withJSONObject: wire, options: options) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // AWS counts UTF-16 units.
        return text.utf16.count <= Self.limit ? text : nil
    }

    init(
        actionExecutionID: String,
        claimedAt: Date,
        notBefore: Date? = nil,
        shows: RequeueSchedule = RequeueSchedule(),
        isContested: Bool = false,
        checkpoint: Data?
    ) {
        self.actionExecutionID = actionExecutionID
        self.claimedAt = claimedAt
        self.notBefore = notBefore
        self.shows = shows
        self.isContested = isContested
        self.checkpoint = checkpoint
    }

    /// The state of a job as it was taken.
    init(_ record: JobRecord) {
        self.init(
            actionExecutionID: record.actionExecutionID,
            claimedAt: record.claimedAt,
            shows: record.shows ?? RequeueSchedule(),
            isContested: record.isContested == true,
            checkpoint: record.checkpoint
        )
    }

    /// Reads a token that came with a job of the given action execution, if the job says which.
    init(_ text: String, for actionExecutionID: String?) throws(Refusal) {
        let wire = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
        guard let wire, let version = wire["v"] as? Int else {
            throw Refusal(description: "its continuation token was not written by this worker")
        }
        guard version == Self.version else {
            throw Refusal(
                description:
                    "its continuation token has the version \(version), and this worker reads \(Self.version); "
                    + "upgrade the workers that share this queue together"
            )
        }
        guard let owner = wire["a"] as? String, let claimedAt = wire["t"] as? Int,
            Self.plausibleTimes.contains(claimedAt), let notBefore = wire["n", default: claimedAt] as? Int,
            Self.plausibleTimes.contains(notBefore), let shownAt = wire["u", default: claimedAt] as? Int,
            Self.plausibleTimes.contains(shownAt), let shows = wire["s", default: 0] as? Int, shows >= 0
        else {
            throw Refusal(description: "its continuation token is damaged")
        }
        guard actionExecutionID == nil || owner == actionExecutionID else {
            throw Refusal(description: "its continuation token belongs to another action's execution")
        }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed]
        self.init(
            actionExecutionID: owner,
            claimedAt: Date(timeIntervalSince1970: TimeInterval(claimedAt)),
            notBefore: wire["n"].map { _ in Date(timeIntervalSince1970: TimeInterval(notBefore)) },
            shows: RequeueSchedule(
                count: shows,
                last: wire["u"].map { _ in Date(timeIntervalSince1970: TimeInterval(shownAt)) }
            ),
            isContested: wire["d"] != nil,
            checkpoint: try? wire["c"].map { try JSONSerialization.data(withJSONObject: $0, options: options) }
        )
        isInServiceTime = wire["z"] != nil
    }
}
