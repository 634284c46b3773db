import AWSLite
import Foundation
import GRDB

/// A row of the journal's table of jobs, as far as it can be read.
extension JobRecord {
    /// The times that a record can have: until 2096.
    private static let plausibleTimes = 0.0...4_000_000_000

    /// What is wrong with a row.
    private struct Damage: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a row; what can't be read in it is said in ``damage``.
    init(_ row: Row) {
        let text: String = row["record"]
        do {
            self = try Self.read(text)
            damage = nil
        } catch {
            self.init(remainsOf: text, id: row["id"], claimedAt: row["claimedAt"])
            damage = "its record: \(Self.reason(error))"
        }
        // The key, by which it is found again.
        if id != row["id"] { (id, damage) = (row["id"], damage ?? "its record is another job's") }
        isAcknowledged = row["isAcknowledged"]
        isInDoubt = row["isInDoubt"]
        checkpoint = row["checkpoint"]
        guard let outcome: String = row["outcome"] else { return }
        do {
            self.outcome = try JSONDecoder.compact.decode(JobOutcome.self, from: Data(outcome.utf8))
        } catch {
            damage = damage ?? "its outcome: \(Self.reason(error))"
        }
    }

    private static func read(_ text: String) throws -> JobRecord {
        let record = try JSONDecoder.compact.decode(JobRecord.self, from: Data(text.utf8))
        // What is far off couldn't be counted with later.
        for time in [record.claimedAt, record.offeredAt, record.shows?.last ?? record.claimedAt]
        where !plausibleTimes.contains(time.timeIntervalSince1970) {
            throw Damage(description: "a time that can't be")
        }
        guard (0...1_000_000).contains(record.shows?.count ?? 0) else {
            throw Damage(description: "a count that can't be")
        }
        return record
    }

    /// What can be told of a job by what is left of its record.
    private init(remainsOf text: String, id: String, claimedAt: Double) {
        let fields = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        func word(_ name: String, in fields: [String: Any]) -> String { fields[name] as? String ?? "" }
        let type = fields["actionTypeID"] as? [String: Any] ?? [:]
        let place = fields["place"] as? [String: Any] ?? [:]
        self.init(
            id: id,
            actionTypeID: CodePipeline.ActionTypeID(
                category: .init(rawValue: word("category", in: type)),
                owner: .init(rawValue: word("owner", in: type)),
                provider: word("provider", in: type),
                version: word("version", in: type)
            ),
            actionExecutionID: fields["actionExecutionID"] as? String ?? id,
            place: JobPlace(
                pipeline: word("pipeline", in: place),
                stage: word("stage", in: place),
                action: word("action", in: place),
                pipelineExecutionID: word("pipelineExecutionID", in: place)
            ),
            nonce: word("nonce", in: fields),
            claimedAt: Date(timeIntervalSince1970: Self.plausibleTimes.contains(claimedAt) ? claimedAt : 0)
        )
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let damage as Damage: damage.description
        case DecodingError.dataCorrupted(let context): context.debugDescription
        case DecodingError.keyNotFound(let key, _): "there is no '\(key.stringValue)'"
        case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context):
            "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' isn't as it should be"
        default: "\(error)"
        }
    }
}
