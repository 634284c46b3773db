import Foundation
import QualiCore
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// Jobs in tables: first those that go on, then those that have ended.
struct JobList {
    /// How many lines of a step or an outcome a terminal shows; `quali-worker jobs show` has the rest.
    private static let mostLines = 3

    let current: [JobRow]
    let ended: [JobRow]
    /// How many that have ended aren't shown.
    let hidden: Int
    let holder: StateFolderReport.Holder
    let now: Date

    /// The jobs for programs; `Docs/jobs.md` describes it.
    private struct Document: Encodable {
        let jobs: [JobRow]
        let notShown: Int
    }

    /// The jobs as an object.
    ///
    /// - Throws: `EncodingError`, which no job gives rise to.
    func json() throws -> String { try JSONReport(Document(jobs: current + ended, notShown: hidden)).text() }

    /// The tables for a terminal that is so many columns wide; `nil` for what takes lines of any length.
    func text(width: Int?) -> String {
        guard !current.isEmpty || !ended.isEmpty else {
            return hidden == 0 ? "There are no jobs." : "None goes on; \(hidden) have ended: quali-worker jobs --all"
        }
        var parts: [String] = []
        if !current.isEmpty {
            let table = current.map { row in
                cells([
                    String(row.actionExecutionId.prefix(8)), Words.span(now.timeIntervalSince(row.claimedAt)),
                    row.state, row.place,
                    Words.line(row.latest), row.waitsUntil.map(JobDescription.time) ?? "", row.sandboxId ?? "",
                ])
            }
            parts.append(
                worker + "\n"
                    + Table(
                        heading: ["EXECUTION", "AGE", "STATE", "ACTION", "STEP", "UNTIL (UTC)", "SANDBOX"],
                        table,
                        free: [3: .max, 4: Self.mostLines]
                    ).text(width: width)
            )
        }
        if !ended.isEmpty {
            let table = ended.map { row in
                cells([
                    String(row.actionExecutionId.prefix(8)), row.endedAt.map(JobDescription.time) ?? "",
                    row.endedAt.map { Words.span($0.timeIntervalSince(row.claimedAt)) } ?? "", row.state, row.place,
                    Words.line(row.message ?? ""),
                ])
            }
            let heading = ["EXECUTION", "ENDED (UTC)", "TOOK", "STATE", "ACTION", "OUTCOME"]
            parts.append(Table(heading: heading, table, free: [4: .max, 5: Self.mostLines]).text(width: width))
        }
        if hidden > 0 { parts.append("\(hidden) more have ended: quali-worker jobs --all") }
        return parts.joined(separator: "\n\n")
    }

    private func cells(_ texts: [String]) -> [String] { texts.map(LogLine.visible) }

    /// Whether the worker is there, which goes on with the jobs.
    private var worker: String {
        switch holder {
        case .worker(let process): "Held by the running worker\(process.map { ", process \($0)" } ?? ""):"
        case .nobody: "No worker runs. When one starts with this state folder, it goes on with:"
        case .unknown: "Held by this host's worker:"
        }
    }
}
