import AWSLite
import Foundation
import QualiCore
import SandboxAPI
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// What `quali-worker sandboxes` says, for people and as JSON.
///
/// `Docs/sandboxes.md` describes the JSON; fields may be added.
struct SandboxReport: Encodable, Sendable {
    let time: Date
    let lab: String
    let region: String
    let sandboxes: [Item]
    let originalSandboxes: [Item]
    let otherSandboxes: Int
    let missingRights: [String]
    /// What became of those that were to be ended; `nil` if none was.
    private(set) var ended: [Ended]?

    struct Item: Encodable, Sendable {
        let id: String
        let name: String
        let state: String
        let standing: TaggedSandbox.Standing?
        var unprovenBecause: String?
        let blueprint: String?
        let startedAt: Date?
        let ageSeconds: Int?
        let url: String?
        var pipeline: String?
        var stage: String?
        var action: String?
        var actionExecutionId: String?
        var actionStatus: String?
        var pipelineExecutionId: String?
        var pipelineExecutionStatus: String?
        var pipelineUrl: String?

        /// Pipeline, stage and action.
        fileprivate var place: String? {
            guard let pipeline, let stage, let action else { return nil }
            let place = JobPlace(pipeline: pipeline, stage: stage, action: action, pipelineExecutionID: "")
            return JobDescription.text(of: place)
        }
    }

    struct Ended: Encodable, Sendable {
        let id: String
        let name: String
        let ending: String
        let detail: String?
    }

    /// Describes a listing.
    init(_ listing: SandboxInventory.Listing, _ facts: StatusFacts) {
        time = listing.takenAt
        lab = facts.lab?.address ?? ""
        region = facts.region
        sandboxes = listing.sandboxes.map { Item($0, listing.takenAt, facts) }
        originalSandboxes = listing.startedByOriginal.map { sandbox in
            Item(
                id: sandbox.id,
                name: sandbox.name,
                state: sandbox.state.rawValue,
                standing: nil,
                blueprint: sandbox.blueprint?.name,
                startedAt: nil,
                ageSeconds: nil,
                url: facts.sandboxLink(sandbox.id)
            )
        }
        otherSandboxes = listing.foreign.count
        missingRights = listing.missingRights
    }

    /// Adds what became of the sandboxes that were to be ended.
    mutating func add(_ endings: [TaggedSandbox: SandboxInventory.Ending], of choice: SandboxInventory.Choice) {
        ended =
            choice.sandboxes.map { sandbox in
                let ending = endings[sandbox] ?? .kept("It wasn't tried.")
                return Ended(id: sandbox.id, name: sandbox.name, ending: ending.name, detail: ending.detail)
            }
            + choice.ended.map {
                let ending = SandboxInventory.Ending.alreadyEnded
                return Ended(id: $0.id, name: $0.name, ending: ending.name, detail: nil)
            }
    }

    /// Whether all that were to be ended have ended or will.
    var isDone: Bool { ended?.allSatisfy { $0.ending != "kept" && $0.ending != "failed" } ?? true }

    /// The report as an object.
    ///
    /// - Throws: `EncodingError`, which no listing gives rise to.
    func json() throws -> String { try JSONReport(self).text() }
}

// MARK: For people

extension SandboxReport {
    /// The sandboxes by their standings, with what can be done about them, for a terminal that is so many columns wide;
    /// `nil` for what takes lines of any length.
    func text(width: Int?) -> String {
        var parts = TaggedSandbox.Standing.allCases.map { text(of: $0, width: width) }.filter { !$0.isEmpty }
        if parts.isEmpty { parts.append("No sandbox in the lab bears a worker's tag.") }
        if !originalSandboxes.isEmpty {
            let count = Words.count(originalSandboxes.count, "sandbox", "sandboxes")
            let heading = "Started by the original worker, and never ended by this one: \(count)"
            parts.append(([heading] + originalSandboxes.map { $0.text(width: width) }).joined(separator: "\n"))
        }
        let rest = otherSandboxes - originalSandboxes.count
        if rest > 0 {
            parts.append("\(Words.count(rest, "other sandbox", "other sandboxes")) without a worker's tag.")
        }
        if sandboxes.contains(where: { $0.standing.map(TaggedSandbox.Standing.unneeded.contains) ?? false }) {
            parts.append(
                "To end what isn't needed: quali-worker sandboxes --end-orphans (with --include-succeeded what succeeded "
                    + "executions have left, too)"
            )
        }
        return parts.joined(separator: "\n\n")
    }

    /// The sandboxes of a standing; empty if there are none.
    ///
    /// `ids` says which of them; `nil` stands for all.
    func text(of standing: TaggedSandbox.Standing, _ ids: Set<String>? = nil, width: Int?) -> String {
        let items = sandboxes.filter { $0.standing == standing && ids?.contains($0.id) ?? true }
        guard !items.isEmpty else { return "" }
        let heading = "\(standing.heading): \(Words.count(items.count, "sandbox", "sandboxes"))"
        return ([heading] + items.map { $0.text(width: width) }).joined(separator: "\n")
    }

    /// The sandboxes that are to be ended.
    func text(of choice: SandboxInventory.Choice, width: Int?) -> String {
        let ids = Set(choice.sandboxes.map(\.id))
        return TaggedSandbox.Standing.allCases.map { text(of: $0, ids, width: width) }.filter { !$0.isEmpty }.joined(
            separator: "\n\n"
        )
    }

    /// What became of those that were to be ended, a line each.
    var endings: String {
        guard let ended, !ended.isEmpty else {
            let isLeft = sandboxes.contains { $0.standing == .orphan }
            return isLeft
                ? "The only orphans are of succeeded executions: --include-succeeded ends them, too."
                : "There are no orphans."
        }
        return ended.map { ended in
            let word = ended.ending.replacing("_", with: " ").padding(toLength: 16, withPad: " ", startingAt: 0)
            let line = word + LogLine.visible("\(ended.name) (\(ended.id))")
            return line + (ended.detail.map { "\n" + wrapped(LogLine.visible($0), indent: 16) } ?? "")
        }.joined(separator: "\n")
    }
}

extension SandboxReport.Item {
    fileprivate init(_ sandbox: TaggedSandbox, _ now: Date, _ facts: StatusFacts) {
        self.init(
            id: sandbox.id,
            name: sandbox.name,
            state: sandbox.state.rawValue,
            standing: sandbox.standing,
            blueprint: sandbox.blueprint,
            startedAt: sandbox.startedAt,
            ageSeconds: sandbox.startedAt.map { max(0, Int(now.timeIntervalSince($0))) },
            url: facts.sandboxLink(sandbox.id)
        )
        switch sandbox.verdict {
        case .unproven(let doubt): unprovenBecause = doubt.description
        case .proven(let origin, let status):
            pipeline = origin.place.pipeline
            stage = origin.place.stage
            action = origin.place.action
            actionExecutionId = origin.actionExecutionID
            actionStatus = origin.actionStatus.rawValue
            pipelineExecutionId = origin.place.pipelineExecutionID
            pipelineExecutionStatus = status.rawValue
            pipelineUrl = facts.executionLink(origin.place)
        }
    }

    /// The sandbox in a few lines.
    fileprivate func text(width: Int?) -> String {
        var facts: [[String]] = []
        func add(_ title: String, _ value: String?) {
            if let value {
                facts.append([
                    "    " + title.padding(toLength: 10, withPad: " ", startingAt: 0), LogLine.visible(value),
                ])
            }
        }
        add("id", id)
        add("state", state + (ageSeconds.map { ", started \(Words.span(TimeInterval($0))) ago" } ?? ""))
        add("blueprint", blueprint)
        add("started by", place)
        if let pipelineExecutionId, let pipelineExecutionStatus {
            add("execution", "\(pipelineExecutionId), \(pipelineExecutionStatus)")
        }
        add("link", url)
        add("because", unprovenBecause)
        return "  \(LogLine.visible(name))\n" + Table(facts, free: [1: .max]).text(width: width)
    }
}

extension TaggedSandbox.Standing {
    fileprivate var heading: String {
        switch self {
        case .orphan: "Orphans, since \(LabMetrics.End.pipeline.words)"
        case .replaced: "Replaced, since \(LabMetrics.End.replaced.words)"
        case .inUse: "In use"
        case .ending: "Being ended"
        case .unproven: "Not proven to be ours"
        }
    }
}

extension TaggedSandbox.Standing: Encodable {
    /// Of what nobody needs.
    static let unneeded: [Self] = [.orphan, .replaced]
}

extension SandboxInventory.Ending {
    /// The ending in a word or two.
    fileprivate var name: String {
        switch self {
        case .begun: "ending"
        case .alreadyEnding: "already_ending"
        case .alreadyEnded: "already_ended"
        case .kept: "kept"
        case .failed: "failed"
        }
    }

    fileprivate var detail: String? {
        switch self {
        case .kept(let reason), .failed(let reason): reason
        case .begun, .alreadyEnding, .alreadyEnded: nil
        }
    }
}
