import Foundation
import LocalCloud
import Testing

/// A job in the hands of the original worker, and in ours: a row of `cases.json`.
struct MovingCase: Decodable, Sendable, CustomTestStringConvertible {
    enum Action: String, Decodable, Sendable { case start, run, end }

    /// Where a row differs from a lab in which all is well.
    struct Lab: Decodable, Sendable {
        /// The components of the blueprints, in the lab's order.
        var components: [String]?
        /// What an operation answers in the lab's place, for ever where no number of times is given.
        var fault: Fault?
        /// For how long a login is good.
        var tokenMinutes: Int?
        /// Whether logins are refused.
        var refusesLogins: Bool?
        /// What has become of the sandbox that the artifact names, before the job comes.
        var sandbox: SandboxState?
        /// What the lab says of a sandbox that has ended.
        var forgetsEnded: Bool?
        /// Whether it refuses to end a sandbox that is being ended.
        var refusesRepeatedStop: Bool?
        /// How often it fails to end a sandbox.
        var failingStops: Int?
    }

    struct Fault: Decodable, Sendable {
        let on: String
        let status: Int
        var message: String?
        var times: Int?
    }

    enum SandboxState: String, Decodable, Sendable { case ended, ending, unknown }

    /// How a job ends, and what was done for it: `Succeeded: install on 'web-1'`.
    struct Ending: Sendable, Equatable {
        let text: String

        /// Whether the pipeline goes on.
        var isGreen: Bool { text.hasPrefix("Succeeded") }

        /// The text without what always differs: a failure's type, the tag in a name, and the artifact's form.
        var essence: String {
            text.replacing(#/^\w+(?:Failed|Error|Unavailable)/#, with: "Failed").replacing(" [tag]", with: "")
                .replacing("stores a ZIP", with: "stores JSON")
        }
    }

    let kind: String
    let name: String
    let action: Action
    var properties: [String: String] = [:]
    /// What the input artifact holds, `{id}` being the sandbox's; else the lab's own words, as the original kept them.
    let artifact: String?
    /// Whether that is the file `sandbox.json` of a ZIP archive.
    let isPacked: Bool
    /// Whether the artifact was never stored.
    let isMissing: Bool
    /// Whether the action has its artifact at all.
    let hasArtifact: Bool
    /// Whether the artifact store has a key of its own.
    let hasKey: Bool
    let lab: Lab
    /// Whether the pipeline is stopped while the job is under way, and its action abandoned.
    let isStopped: Bool
    /// Who reads what a start stores, if the row is about that.
    let reader: String?

    /// Whether Python 3 would have done otherwise.
    let isOfPython2: Bool
    /// What the original did.
    let original: Ending
    /// What this worker does, with no setting for a move.
    let ours: Ending
    /// Why they may differ, or why the original fails.
    let why: String?
    /// The settings with which this worker does as the original did, or goes on where that one never came to an end.
    let greenWith: [String: String]
    /// What it does with them.
    let then: Ending?

    var testDescription: String { "\(kind): \(name)" }

    /// Whether it is green with the original, and red with this worker.
    var isTurnedRed: Bool { original.isGreen && !ours.isGreen }

    /// How it ends with the settings for a move: as the table says, else as without them.
    func ending(with settings: [String: String]) -> Ending {
        if let then, greenWith.allSatisfy({ settings[$0.key] == $0.value }) { return then }
        let isBare = settings["QUALI_ARTIFACT_FORMAT"] == "json"
        return Ending(text: isBare ? ours.text.replacing("stores a ZIP", with: "stores JSON") : ours.text)
    }

    private enum Key: String, CodingKey {
        case kind, name, action, properties, artifact, packed, missing, artifacts, key, lab, stopped, reader, python,
            original,
            ours
        case why
        case greenWith = "green with"
        case then
    }

    init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: Key.self)
        func flag(_ key: Key, _ absent: Bool = false) throws -> Bool {
            try row.decodeIfPresent(Bool.self, forKey: key) ?? absent
        }
        kind = try row.decode(String.self, forKey: .kind)
        name = try row.decode(String.self, forKey: .name)
        action = try row.decode(Action.self, forKey: .action)
        let given = try row.decodeIfPresent([String: String?].self, forKey: .properties) ?? [:]
        properties = Self.usual(action)
        for (property, value) in given { properties[property] = value }
        artifact = try row.decodeIfPresent(String.self, forKey: .artifact)
        isPacked = try flag(.packed)
        isMissing = try flag(.missing)
        hasArtifact = try flag(.artifacts, true)
        hasKey = try flag(.key)
        lab = try row.decodeIfPresent(Lab.self, forKey: .lab) ?? Lab()
        isStopped = try flag(.stopped)
        reader = try row.decodeIfPresent(String.self, forKey: .reader)
        original = Ending(text: try row.decode(String.self, forKey: .original))
        ours = Ending(text: try row.decode(String.self, forKey: .ours))
        why = try row.decodeIfPresent(String.self, forKey: .why)
        greenWith = try row.decodeIfPresent([String: String].self, forKey: .greenWith) ?? [:]
        isOfPython2 = try row.decodeIfPresent(Int.self, forKey: .python) == 2
        then = try row.decodeIfPresent(String.self, forKey: .then).map(Ending.init)
    }

    private static func usual(_ action: Action) -> [String: String] {
        switch action {
        case .start: ["BlueprintName": "Web lab", "DurationInMinutes": "60"]
        case .run: ["ComponentName": "web-1", "CommandName": "install"]
        case .end: [:]
        }
    }

    /// All rows, in the file's order.
    static let all: [MovingCase] = {
        do {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "cases.json")
            return try JSONDecoder().decode([MovingCase].self, from: Data(contentsOf: file))
        } catch {
            Issue.record("cases.json can't be read: \(error)")
            return []
        }
    }()
}
