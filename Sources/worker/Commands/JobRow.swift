import AWSLite
import Foundation
import QualiCore
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// A job as `quali-worker jobs` tells of it.
struct JobRow: Encodable {
    /// Something that has happened.
    struct Step: Encodable {
        let what: String
        let first: Date
        let last: Date
        let count: Int
    }

    let actionExecutionId: String
    let jobId: String
    let actionType: String
    let version: String
    let pipeline: String
    let stage: String
    let action: String
    let pipelineExecutionId: String
    let state: String
    let claimedAt: Date
    let endedAt: Date?
    let message: String?
    let failureType: String?
    let sandboxId: String?
    let sandboxUrl: String?
    let waitsFor: String?
    let waitsUntil: Date?
    let steps: [Step]
    private let description: JobDescription

    private enum CodingKeys: String, CodingKey {
        case actionExecutionId, jobId, actionType, version, pipeline, stage, action, pipelineExecutionId, state
        case claimedAt, endedAt, message, failureType, sandboxId, sandboxUrl, waitsFor, waitsUntil, steps
    }

    /// Gathers what is known.
    init(_ action: JournalledAction, steps: [JournalledAction.Step], portal: PortalLinks?) {
        let record = action.record
        actionExecutionId = record.actionExecutionID
        jobId = record.id
        actionType = record.actionTypeID.provider
        version = record.actionTypeID.version
        pipeline = record.place.pipeline
        stage = record.place.stage
        self.action = record.place.action
        pipelineExecutionId = record.place.pipelineExecutionID
        description = JobDescription(action)
        state = description.state
        claimedAt = record.claimedAt
        endedAt = action.endedAt
        switch record.outcome {
        case .success(let result): (message, failureType) = (result.summary, nil)
        case .failure(let type, let text, _): (message, failureType) = (text, type)
        case .continuation(_, let progress): (message, failureType) = (progress.summary, nil)
        case .abandoned, nil: (message, failureType) = (nil, nil)
        }
        waitsFor = description.wait?.reason
        waitsUntil = description.wait?.deadline
        sandboxId = action.externalExecutionID
        sandboxUrl = action.externalExecutionID.flatMap { portal?.sandbox($0) }
        self.steps = steps.map { Step(what: $0.words, first: $0.first, last: $0.last, count: $0.count) }
    }

    /// Pipeline, stage and action.
    var place: String { description.place }

    /// What it waits for, or what has happened last.
    var latest: String { description.waiting(tellsLimit: false) ?? steps.max { $0.last < $1.last }?.what ?? "" }

    /// Everything about the job, for a person at a terminal that is so many columns wide; `nil` for what takes lines of
    /// any length.
    func story(width: Int?) -> String {
        var facts = [
            ["Action", place], ["Type", "\(actionType), version \(version)"],
            ["Pipeline execution", pipelineExecutionId],
            ["Action execution", actionExecutionId], ["Job", jobId], ["State", state],
        ]
        if let waiting = description.waiting() { facts.append(["", waiting]) }
        facts.append(["Claimed", JobDescription.time(claimedAt)])
        if let endedAt {
            let length = Words.span(endedAt.timeIntervalSince(claimedAt))
            facts.append(["Ended", "\(JobDescription.time(endedAt)), after \(length)"])
        }
        if let sandboxId { facts.append(["Sandbox", sandboxId]) }
        if let sandboxUrl { facts.append(["", sandboxUrl]) }
        var lines = [Table(facts.map { $0.map(LogLine.visible) }, free: [1: .max]).text(width: width), ""]
        lines.append(
            Table(heading: ["STEP", "AT (UTC)", "AFTER", "TIMES"], steps.map(row), free: [0: .max]).text(width: width)
        )
        if let message, !message.isEmpty {
            let title = failureType.map { "\($0): " } ?? ""
            // A server's words may have lines of their own, but nothing that moves the terminal's cursor.
            let text = (title + message).split(separator: "\n", omittingEmptySubsequences: false)
            lines += [""] + text.map { LogLine.visible(String($0)) }
        }
        return lines.joined(separator: "\n")
    }

    private func row(_ step: Step) -> [String] {
        let times = step.count == 1 ? "" : "\(step.count), last at \(JobDescription.time(step.last))"
        return [
            Words.line(LogLine.visible(step.what)), JobDescription.time(step.first),
            Words.span(step.first.timeIntervalSince(claimedAt)), times,
        ]
    }
}
