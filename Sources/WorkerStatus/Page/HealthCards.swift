import Foundation
import JobEngine

/// The services' health, the slots and the polls, a card each.
struct HealthCards: Sendable {
    let snapshot: WorkerSnapshot
    let facts: StatusFacts

    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts) {
        self.snapshot = snapshot
        self.facts = facts
    }

    var html: HTML {
        """
        <section class="cards" aria-label="Health">
        \(codePipeline)\(lab)\(slots)\(polls)
        </section>
        """
    }

    private var codePipeline: HTML {
        let troubled = snapshot.queues.filter { $0.service.trouble != nil }
        var services = snapshot.queues.map(\.service)
        // The trouble that began first says most.
        services.sort { ($0.troubleSince ?? .distantFuture) < ($1.troubleSince ?? .distantFuture) }
        guard var whole = services.first else { return "" }
        whole.lastAnswerAt = services.compactMap(\.lastAnswerAt).max()
        let isEverywhere = troubled.count == snapshot.queues.count
        let queues = troubled.isEmpty || isEverywhere ? "" : " for \(troubled.map(\.action).joined(separator: ", "))"
        return card("CodePipeline", whole, suffix: queues)
    }

    private var lab: HTML? { facts.lab.map { _ in card("Lab", snapshot.lab, suffix: "") } }

    private func card(_ name: HTML, _ service: WorkerSnapshot.Service, suffix: String) -> HTML {
        let now = snapshot.takenAt
        let last = service.lastAnswerAt.map { "Last answer \(Words.ago($0, now))" } ?? "No answer yet"
        guard let trouble = service.trouble else {
            let isQuiet = service.lastAnswerAt == nil
            let badge = isQuiet ? Look.quiet.badge("Unknown") : Look.succeeded.badge("Answers")
            return "<div class=\"card\"><h2>\(name)</h2><p>\(badge)</p><p class=\"note\">\(last)</p></div>"
        }
        let since = service.troubleSince.map { date in
            " since \(Words.time(date)) UTC (\(Words.span(now.timeIntervalSince(date))))"
        }
        return """
            <div class="card troubled"><h2>\(name)</h2>
            <p>\(Look.failed.badge("In trouble"))\(since ?? "")\(suffix)</p>
            <p class="trouble">\(Words.beginning(trouble, 300))</p><p class="note">\(last)</p></div>
            """
    }

    private var slots: HTML {
        let used = snapshot.held.count
        let requeued = snapshot.jobs.count - used
        let share = snapshot.capacity > 0 ? min(100, used * 100 / snapshot.capacity) : 0
        // What is in use should be seen, however little it is.
        let width = used == 0 ? 0 : max(2, share)
        let note = requeued == 0 ? "\(share) % in use" : "\(requeued) more requeued"
        return """
            <div class="card"><h2>Slots</h2>
            <p class="figure"><strong>\(used)</strong> of \(snapshot.capacity)</p>
            <svg class="meter" width="100%" height="8" role="img" aria-label="\(share) percent of the slots in use">\
            <rect class="track" width="100%" height="8" rx="4"/>\
            <rect class="fill\(used >= snapshot.capacity ? " full" as HTML : nil)" width="\(width)%" height="8" rx="4"/>\
            </svg>
            <p class="note">\(note)</p></div>
            """
    }

    private var polls: HTML {
        let answers = snapshot.queues.reduce(0) { $0 + $1.service.answers }
        let failures = snapshot.queues.reduce(0) { $0 + $1.service.failures }
        let throttles = snapshot.queues.reduce(0) { $0 + $1.throttles }
        let offered = snapshot.queues.reduce(0) { $0 + $1.jobsOffered }
        let figure = answers.formatted(.number.locale(Locale(identifier: "en_US")))
        return """
            <div class="card"><h2>Polls</h2>
            <p class="figure"><strong>\(figure)</strong> answered</p>
            <ul class="plain note"><li>\(Words.count(offered, "job")) offered</li>\
            <li>\(Words.count(failures - throttles, "failure"))</li><li>\(Words.count(throttles, "throttle"))</li></ul></div>
            """
    }
}
