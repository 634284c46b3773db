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
        state = action.state.rawValue
        claimedAt = record.claimedAt
        endedAt = action.endedAt
        switch record.outcome {
        case .success(let result): (message, failureType) = (result.summary, nil)
        case .failure(let type, let text, _): (message, failureType) = (text, type)
        case .continuation(_, let progress): (message, failureType) = (progress.summary, nil)
        case .abandoned, nil: (message, failureType) = (nil, nil)
        }
        waitsFor = action.state == .running ? action.wait?.reason : nil
        waitsUntil = action.state == .running ? action.wait?.deadline : nil
        sandboxId = action.externalExecutionID
        sandboxUrl = action.externalExecutionID.flatMap { portal?.sandbox($0) }
        self.steps = steps.map { Step(what: $0.words, first: $0.first, last: $0.last, count: $0.count) }
    }

    /// Pipeline, stage and action.
    var place: String { [pipeline, stage, action].filter { !$0.isEmpty }.joined(separator: "/") }

    /// What it waits for, or what has happened last.
    var latest: String { waitsFor.map { "waits for \($0)" } ?? steps.max { $0.last < $1.last }?.what ?? "" }

    /// What it waits for, and until when.
    private var wait: String? {
        waitsFor.map { reason in reason + (waitsUntil.map { ", until \(Self.time($0))" } ?? "") }
    }

    /// Everything about the job, for a person at a terminal that is so many columns wide; `nil` for what takes lines of
    /// any length.
    func story(width: Int?) -> String {
        var facts = [
            ["Action", place], ["Type", "\(actionType), version \(version)"],
            ["Pipeline execution", pipelineExecutionId],
            ["Action execution", actionExecutionId], ["Job", jobId], ["State", state],
            ["Claimed", Self.time(claimedAt)],
        ]
        if let endedAt {
            facts.append(["Ended", "\(Self.time(endedAt)), after \(Words.span(endedAt.timeIntervalSince(claimedAt)))"])
        }
        if let wait { facts.append(["Waits for", wait]) }
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
        let times = step.count == 1 ? "" : "\(step.count), last at \(Self.time(step.last))"
        return [
            Words.line(LogLine.visible(step.what)), Self.time(step.first),
            Words.span(step.first.timeIntervalSince(claimedAt)), times,
        ]
    }

    /// A day and a time.
    static func time(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
    }
}
