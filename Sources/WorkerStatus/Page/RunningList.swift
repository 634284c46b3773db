import Foundation
import JobEngine

/// What the worker is at, oldest first.
struct RunningList: Sendable {
    /// How many are shown; all of them are in `/status.json`.
    private static let most = 100

    let snapshot: WorkerSnapshot
    let facts: StatusFacts

    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts) {
        self.snapshot = snapshot
        self.facts = facts
    }

    var html: HTML {
        let more = snapshot.jobs.count - Self.most
        let list: HTML =
            snapshot.jobs.isEmpty
            ? "<p class=\"empty\">\(empty)</p>"
            : "<ol class=\"jobs\">\(snapshot.jobs.prefix(Self.most).map(item))</ol>"
        return """
            <section aria-labelledby="running"><h2 id="running">Jobs now\
            \(snapshot.jobs.isEmpty ? nil : " <span class=\"count\">\(snapshot.jobs.count)</span>" as HTML)</h2>
            \(list)\(more > 0 ? "<p class=\"note\">and \(more) more, in <a href=\"/status.json\">status.json</a></p>" : nil)
            </section>
            """
    }

    private var empty: String {
        if snapshot.startedAt == nil { return "Nothing yet: the worker is starting." }
        if snapshot.isStopping { return "Nothing any more: the worker is stopping." }
        return "Nothing to do; polling every \(Words.seconds(facts.pollInterval, to: facts.longestPollInterval))."
    }

    private func item(_ job: WorkerSnapshot.Job) -> HTML {
        let now = snapshot.takenAt
        let description = JobDescription(job)
        let waiting = description.waiting().map { Words.beginning($0, 150) }
        let sandbox = facts.sandboxLink(job.progress.externalExecutionID).map { link in
            " · \("Sandbox", link: link)" as HTML
        }
        return """
            <li>\(PlaceLine(job.place, facts).html)
            <p>\(Look(job.stage).badge(description.state)) \(Words.beginning(job.progress.summary, 300))</p>
            \(job.progress.percentComplete.map(bar))
            <p class="note">\(job.action) · claimed \(Words.ago(job.claimedAt, now)) · \
            in this phase for \(Words.span(now.timeIntervalSince(job.progressSince)))\(waiting.map { " · \($0)" as HTML })\(sandbox)\(JobReference(job, facts).html)</p></li>
            """
    }

    private func bar(_ percent: Int) -> HTML {
        let percent = min(100, max(0, percent))
        return """
            <div class="progress"><svg class="meter" width="100%" height="8" role="img" aria-label="\(percent) percent">\
            <rect class="track" width="100%" height="8" rx="4"/>\
            <rect class="fill" width="\(percent)%" height="8" rx="4"/></svg>\
            <span aria-hidden="true">\(percent) %</span></div>
            """
    }
}

/// Pipeline, stage and action, with a link to the execution.
struct PlaceLine: Sendable {
    let place: JobPlace
    let link: String?

    init(_ place: JobPlace, _ facts: StatusFacts) {
        self.place = place
        link = facts.executionLink(place)
    }

    var html: HTML {
        let pipeline = place.pipeline.isEmpty ? "A pipeline that CodePipeline doesn’t name" : place.pipeline
        let rest = [place.stage, place.action].filter { !$0.isEmpty }.map { name in
            " <span class=\"sep\" aria-hidden=\"true\">›</span> <span>\(name)</span>" as HTML
        }
        return "<span class=\"place\"><b>\(pipeline, link: link)</b>\(rest)</span>"
    }
}

/// What leads from a row to the whole story of its job: a command that one click marks, or an id where there is none.
struct JobReference: Sendable {
    let text: String

    init(_ job: WorkerSnapshot.Job, _ facts: StatusFacts) {
        // The list of jobs has the same beginning.
        let id = String(job.actionExecutionID.prefix(8))
        // A service of somebody's own hasn't the command.
        text = facts.version == nil ? id : "quali-worker jobs show \(id)"
    }

    var html: HTML { " · <code>\(text)</code>" }
}
