import Foundation
import JobEngine

/// What the worker has lately done, or met, beside its jobs, newest first; nothing where there was nothing.
struct EventList: Sendable {
    /// How many are shown; all that are remembered are in `/status.json`.
    private static let most = 10

    let snapshot: WorkerSnapshot

    init(_ snapshot: WorkerSnapshot) {
        self.snapshot = snapshot
    }

    var html: HTML? {
        guard !snapshot.events.isEmpty else { return nil }
        return """
            <section aria-labelledby="events"><h2 id="events">Beside the jobs</h2>
            <table role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">What</th>\
            <th role="columnheader" scope="col">When</th></tr></thead>
            <tbody role="rowgroup">\(snapshot.events.prefix(Self.most).map(row))</tbody></table>
            </section>
            """
    }

    private func row(_ event: WorkerSnapshot.Event) -> HTML {
        let badge: HTML? = event.isWarning ? "\(Look.failed.badge("Warning")) " : nil
        return """
            <tr role="row"><td role="cell" class="what">\(badge)\(Words.beginning(event.text, 600))</td>
            <td role="cell" class="when">\(Words.ago(event.at, snapshot.takenAt))</td></tr>
            """
    }
}
