import HTTPTypes
import JobEngine

/// Which request gets which reply.
struct StatusRoutes: Sendable {
    let monitor: WorkerMonitor
    let registry: MetricsRegistry
    let facts: StatusFacts
    /// Whether only programs of this host reach the page, so that a foreign name can't be right.
    let isLoopback: Bool

    /// The reply to a request; nothing that is asked for changes anything.
    func reply(to request: RequestHead) -> StatusReply {
        if isLoopback, request.namesForeignHost {
            return StatusReply(.misdirectedRequest, "Ask for this page by an IP address or as localhost.\n")
        }
        guard let page = page(request) else {
            return StatusReply(.notFound, "There are: / /status.json /livez /readyz /metrics\n")
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            var reply = StatusReply(.methodNotAllowed, "This page can only be read.\n")
            reply.fields[.allow] = "GET, HEAD"
            return reply
        }
        return page()
    }

    private func page(_ request: RequestHead) -> (() -> StatusReply)? {
        switch request.path {
        case "/":
            return {
                StatusPage(monitor.snapshot(), facts, refreshes: request.query != StatusPage.pausedQuery).reply()
            }
        case "/status.json": return { document() }
        case "/livez": return { liveness() }
        case "/readyz": return { readiness() }
        case "/metrics":
            return { metrics() }
        default: return nil
        }
    }

    private func metrics() -> StatusReply {
        monitor.measure()
        let text = PrometheusText.report(registry, WorkerFacts(monitor, facts))
        return StatusReply(.ok, text, type: PrometheusText.contentType)
    }

    private func document() -> StatusReply {
        do {
            return StatusReply(.ok, try StatusDocument(monitor.snapshot(), facts).json(), type: "application/json")
        } catch {
            return StatusReply(.internalServerError, "The status can't be written down.\n")
        }
    }

    private func liveness() -> StatusReply {
        let stuck = monitor.snapshot().stuckQueues
        if stuck.isEmpty { return StatusReply(.ok, "ok\n") }
        let lines = stuck.map { "The poller of \($0.action), version \($0.version), is stuck.\n" }
        return StatusReply(.serviceUnavailable, lines.joined())
    }

    private func readiness() -> StatusReply {
        let readiness = Readiness(monitor.snapshot(), facts)
        if readiness.isReady { return StatusReply(.ok, "ok\n") }
        return StatusReply(.serviceUnavailable, readiness.reasons.map { $0 + "\n" }.joined())
    }
}

extension WorkerFacts {
    /// Gathers them.
    init(_ monitor: WorkerMonitor, _ facts: StatusFacts) {
        let snapshot = monitor.snapshot()
        self.init(
            version: facts.version,
            region: facts.region,
            labHost: facts.lab?.host,
            isReady: Readiness(snapshot, facts).isReady,
            isPaused: snapshot.pause != nil
        )
    }
}
