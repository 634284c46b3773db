import Foundation
import JobEngine

/// How the latest actions ended, newest first.
struct OutcomeTable: Sendable {
    /// How many are shown; all that are remembered are in `/status.json`.
    private static let most = 25

    let snapshot: WorkerSnapshot
    let facts: StatusFacts

    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts) {
        self.snapshot = snapshot
        self.facts = facts
    }

    var html: HTML {
        """
        <section aria-labelledby="outcomes"><h2 id="outcomes">Last outcomes</h2>
        \(snapshot.ended.isEmpty ? "<p class=\"empty\">Nothing has ended since the worker started.</p>" : table)
        </section>
        """
    }

    // The roles are those that the elements have anyway; on a phone, where they are laid out as blocks, they would be
    // lost without.
    private var table: HTML {
        """
        <table role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Ending</th>\
        <th role="columnheader" scope="col">Action</th><th role="columnheader" scope="col">Ended</th>\
        <th role="columnheader" scope="col">Took</th></tr></thead>
        <tbody role="rowgroup">\(snapshot.ended.prefix(Self.most).map(row))</tbody></table>
        """
    }

    private func row(_ ended: WorkerSnapshot.EndedJob) -> HTML {
        let job = ended.job
        let sandbox = facts.sandboxLink(job.progress.externalExecutionID).map { link in
            " · \("Sandbox", link: link)" as HTML
        }
        let detail: HTML? =
            ended.detail.isEmpty ? nil : "<p class=\"detail\">\(Words.beginning(ended.detail, 240))</p>"
        return """
            <tr role="row"><td role="cell">\(Look(ended.ending).badge(JobDescription(ended).state))</td>
            <td role="cell" class="what">\(PlaceLine(job.place, facts).html)<span class="note"> \(job.action)\(sandbox)\(JobReference(job, facts).html)</span>\
            \(detail)</td>
            <td role="cell" class="when">\(Words.ago(ended.endedAt, snapshot.takenAt))</td>
            <td role="cell" class="when took">\(Words.span(ended.endedAt.timeIntervalSince(job.claimedAt)))</td></tr>
            """
    }
}
