import Foundation
import HTTPTypes
import JobEngine

/// The page for people.
struct StatusPage: Sendable {
    /// The query of a page that stays as it is.
    static let pausedQuery = "refresh=off"
    /// The pause between two looks, in seconds.
    private static let pause = 5

    let snapshot: WorkerSnapshot
    let facts: StatusFacts
    let refreshes: Bool

    /// Creates the page of a moment.
    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts, refreshes: Bool = true) {
        self.snapshot = snapshot
        self.facts = facts
        self.refreshes = refreshes
    }

    /// The page as a reply.
    ///
    /// Its own style may be applied, and nothing else may be done.
    func reply() -> StatusReply {
        var random = SystemRandomNumberGenerator()
        let nonce = (0..<2).map { _ in String(random.next(), radix: 36) }.joined()
        var reply = StatusReply(.ok, html(nonce: nonce).text, type: "text/html; charset=utf-8")
        reply.fields[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'nonce-\(nonce)'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
            + "form-action 'none'"
        return reply
    }

    private func html(nonce: String) -> HTML {
        let state = PageState(snapshot, facts)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            \(refreshes ? "<meta http-equiv=\"refresh\" content=\"\(Self.pause)\">" as HTML : nil)
            <title>\(state.word) – \(facts.name) on \(facts.host)</title>
            <link rel="icon" href="\(state.icon)">
            <style nonce="\(nonce)">\(PageStyle.css)</style>
            </head>
            <body>
            \(header(state))
            <main>
            \(HealthCards(snapshot, facts).html)
            \(RunningList(snapshot, facts).html)
            \(Timeline(snapshot).html)
            \(OutcomeTable(snapshot, facts).html)
            \(EventList(snapshot).html)
            </main>
            \(footer)
            </body>
            </html>

            """
    }

    private func header(_ state: PageState) -> HTML {
        let lab = facts.lab.map { "<div><dt>Lab</dt><dd>\($0.address, link: $0.home)</dd></div>\n" as HTML }
        let up = snapshot.startedAt.map { "up \(Words.span(snapshot.takenAt.timeIntervalSince($0)))" } ?? "not up yet"
        return """
            <header>
            <div class="title"><h1>\(facts.name)</h1>\(state.look.badge(state.word))</div>
            <p class="lead">\(state.sentence)</p>
            <dl class="facts">
            <div><dt>Host</dt><dd>\(facts.host)</dd></div>
            <div><dt>Region</dt><dd>\(facts.region)</dd></div>
            \(lab)<div><dt>\(facts.version == nil ? "Worker" : "Version")</dt>\
            <dd>\(facts.version.map { "\($0), \(up)" } ?? up)</dd></div>
            </dl>
            </header>
            """
    }

    private var footer: HTML {
        let time = Words.time(snapshot.takenAt, seconds: true)
        let refreshing: HTML =
            refreshes
            ? "refreshed every \(Self.pause) s · <a href=\"/?\(Self.pausedQuery)\">Pause</a>"
            : "paused · <a href=\"/\">Go on refreshing</a>"
        return """
            <footer>
            <p>As of \(time) UTC, \(refreshing)</p>
            <nav aria-label="For programs"><a href="/status.json">status.json</a> <a href="/metrics">metrics</a> \
            <a href="/livez">livez</a> <a href="/readyz">readyz</a></nav>
            </footer>
            """
    }
}
