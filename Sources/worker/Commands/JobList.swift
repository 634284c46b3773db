import Foundation
import QualiCore
import WorkerSettings
import WorkerStatus

/// Jobs in tables: first those that go on, then those that have ended.
struct JobList {
    let current: [JobRow]
    let ended: [JobRow]
    /// How many that have ended aren't shown.
    let hidden: Int
    let holder: StateFolderReport.Holder
    let now: Date

    /// The tables.
    var text: String {
        guard !current.isEmpty || !ended.isEmpty else {
            return hidden == 0 ? "There are no jobs." : "None goes on; \(hidden) have ended: quali-worker jobs --all"
        }
        var parts: [String] = []
        if !current.isEmpty {
            let table = current.map { row in
                cells([
                    String(row.actionExecutionId.prefix(8)), Words.span(now.timeIntervalSince(row.claimedAt)),
                    row.place,
                    Words.beginning(row.latest, 40), row.waitsUntil.map(JobRow.time) ?? "", row.sandboxId ?? "",
                ])
            }
            parts.append(
                worker + "\n"
                    + ListActions.table([["EXECUTION", "AGE", "ACTION", "STEP", "UNTIL (UTC)", "SANDBOX"]] + table)
            )
        }
        if !ended.isEmpty {
            let table = ended.map { row in
                cells([
                    String(row.actionExecutionId.prefix(8)), row.endedAt.map(JobRow.time) ?? "",
                    row.endedAt.map { Words.span($0.timeIntervalSince(row.claimedAt)) } ?? "", row.state, row.place,
                    Words.beginning(row.message ?? "", 50),
                ])
            }
            let heading = ["EXECUTION", "ENDED (UTC)", "TOOK", "STATE", "ACTION", "OUTCOME"]
            parts.append(ListActions.table([heading] + table))
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
