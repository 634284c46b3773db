import Foundation
import HTTPTransport
import HTTPTypes
import LocalCloud

/// The way from one worker to the stand-ins: it takes time, and requests and replies get lost on it.
struct Network: HTTPClient {
    let life: Life
    let host: Int
    let boxSkew: Duration?
    let simulation: Simulation

    /// What becomes of a request: when it is acted upon, and what comes back when.
    private struct Fate {
        var arrival: Duration?
        var ending: Duration
        var error: HTTPClientError?
        /// What comes back instead of the service's reply.
        var reply: LocalReply?
    }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        try Task.checkCancellation()
        guard life.request() else { throw await life.afterlife() }
        let request = LocalRequest(call)
        let service = simulation.service(named: call.request.authority ?? "")
        let operation = service.operation(of: request)
        let fault = simulation.fault(for: service.name, host: host)
        let fate = denial(of: operation, service, fault) ?? fate(of: call, service, fault)
        if fault != nil {
            let end = max(fate.arrival ?? .zero, fate.ending)
            simulation.checks.lifetimes?.fault(operation, until: simulation.time + end)
        }
        simulation.step {
            "\(life.name) sends \(operation) \(Trace.short(service.facts(of: request)))"
                + (fault.map { ": \($0.rawValue)" } ?? "")
        }
        simulation.checks.sending(operation, request, by: life)
        if operation == "PollForJobs" { life.noteActivity() }
        defer { simulation.checks.sent(operation, request, by: life) }
        let exchange = Exchange()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                exchange.continuation = continuation
                if Task.isCancelled { return exchange.end(.failure(CancellationError())) }
                let hook = life.whenOver { exchange.end(.failure(CancellationError())) }
                let finish = { @Sendable (result: Result<HTTPReply, any Error>) in
                    life.forget(hook)
                    exchange.end(result)
                }
                let executor = VirtualExecutor.shared
                if let arrival = fate.arrival {
                    executor.after(arrival) {
                        Task {
                            let reply = await simulation.handle(request, operation, at: service, from: life)
                            guard fate.error == nil, fate.reply == nil else { return }
                            let passed = passingBox(reply, from: service)
                            executor.after(fate.ending - arrival) {
                                if operation == "login" { simulation.checks.toldOfLogin(reply, life) }
                                finish(.success(HTTPReply(passed)))
                            }
                        }
                    }
                }
                if let error = fate.error {
                    executor.after(fate.ending) { finish(.failure(error)) }
                } else if let reply = fate.reply {
                    executor.after(fate.ending) { finish(.success(HTTPReply(reply))) }
                }
            }
        } onCancel: {
            // The request stays on its way.
            exchange.end(.failure(CancellationError()))
        }
    }

    /// A reply as it comes out of a box that puts in its own date.
    private func passingBox(_ reply: LocalReply, from service: any LocalService) -> LocalReply {
        guard let boxSkew, service.name != "lab" else { return reply }
        var reply = reply
        let date = Date(timeIntervalSince1970: Double(VirtualExecutor.shared.now) / 1e9 + boxSkew / .seconds(1))
        reply.headers.removeAll { $0.0.lowercased() == "date" }
        reply.headers.append(("Date", Self.dates.string(from: date)))
        return reply
    }

    private static let dates: DateFormatter = {
        let dates = DateFormatter()
        dates.locale = Locale(identifier: "en_US_POSIX")
        dates.timeZone = TimeZone(secondsFromGMT: 0)
        dates.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return dates
    }()

    /// What a worker without the right is told.
    private func denial(of operation: String, _ service: any LocalService, _ fault: Simulation.Fault?) -> Fate? {
        if operation == "AcknowledgeJob", !simulation.isCalm, fault == nil,
            simulation.scenario.refusedAcknowledgements > 0,
            simulation.random.chance(simulation.scenario.refusedAcknowledgements)
        {
            simulation.statistics.faults["503 of a box", default: 0] += 1
            return Fate(ending: simulation.random.seconds(0.002...0.4), reply: Simulation.Fault.Page.reply(503))
        }
        guard fault == nil else { return nil }
        let plan = simulation.scenario.lifetimes
        if operation == "extendSandbox", plan?.refusedExtensions?.contains(simulation.time) == true {
            let words = "A resource of the sandbox is reserved by another one"
            let reply = service.errorReply(status: 400, code: "Conflict", message: words)
            return Fate(ending: simulation.random.seconds(0.002...0.4), reply: reply)
        }
        let isDenied = operation == "ListActionExecutions" && simulation.scenario.deniesExecutions
        guard isDenied || plan?.deniedCalls.contains(operation) == true else { return nil }
        let reply = service.errorReply(status: 400, code: "AccessDeniedException", message: "not authorized")
        return Fate(ending: simulation.random.seconds(0.002...0.4), reply: reply)
    }

    private func fate(of call: HTTPCall, _ service: any LocalService, _ fault: Simulation.Fault?) -> Fate {
        let there = simulation.random.seconds(0.001...0.2)
        let back = there + simulation.random.seconds(0.001...0.2)
        let timeout = min(call.timeout, call.stallTimeout ?? call.timeout)
        let timedOut = HTTPClientError(.timedOut, "no reply", mayHaveBeenProcessed: true)
        let lost = HTTPClientError(.connectionLost, "the connection broke", mayHaveBeenProcessed: true)
        let page = Simulation.Fault.Page.self
        switch fault {
        case nil:
            guard service.name == "lab", let time = simulation.scenario.load?.labTime else {
                return Fate(arrival: there, ending: back)
            }
            return Fate(arrival: time / 2, ending: time)
        case .unreachable(isRefused: true), .kind(.refused):
            return Fate(
                ending: there,
                error: HTTPClientError(.connectionFailed, "connection refused", mayHaveBeenProcessed: false)
            )
        case .unreachable(isRefused: false):
            return Fate(
                ending: min(timeout, .seconds(10)),
                error: HTTPClientError(.connectionFailed, "no connection", mayHaveBeenProcessed: false)
            )
        case .kind(.reset): return Fate(ending: back, error: lost)
        case .kind(.lostReply): return Fate(arrival: there, ending: back, error: lost)
        case .kind(.late):
            return Fate(arrival: back + simulation.random.seconds(0...5), ending: back, error: lost)
        case .kind(.hang): return Fate(ending: timeout, error: timedOut)
        case .kind(.hangAfter): return Fate(arrival: there, ending: timeout, error: timedOut)
        case .kind(.slow):
            let arrival = simulation.random.seconds(0.1...20)
            let ending = arrival + simulation.random.seconds(0.1...25)
            return ending < timeout
                ? Fate(arrival: arrival, ending: ending)
                : Fate(arrival: arrival, ending: timeout, error: timedOut)
        case .kind(.serverError):
            return Fate(ending: back, reply: service.errorReply(status: 500, code: "InternalFailure", message: "oops"))
        case .kind(.serverErrorAfter):
            return Fate(
                arrival: there,
                ending: back,
                reply: service.errorReply(status: 500, code: "InternalFailure", message: "oops")
            )
        case .kind(.html): return Fate(ending: back, reply: page.reply(simulation.scenario.boxStatus))
        case .kind(.htmlAfter): return Fate(arrival: there, ending: back, reply: page.reply(504))
        case .kind(.htmlSuccess):
            let isBlank = simulation.scenario.answersBlanks
            return Fate(ending: back, reply: isBlank ? LocalReply(status: 200) : page.reply(200))
        case .kind(.throttling):
            let (status, code) =
                switch service.name {
                case "codepipeline": (400, "ThrottlingException")
                case "s3": (503, "SlowDown")
                default: (429, "Quota")
                }
            return Fate(ending: back, reply: service.errorReply(status: status, code: code, message: "Rate exceeded"))
        }
    }

    /// Where a call waits for its end, which comes once.
    private final class Exchange: @unchecked Sendable {
        var continuation: CheckedContinuation<HTTPReply, any Error>?

        func end(_ result: Result<HTTPReply, any Error>) {
            continuation?.resume(with: result)
            continuation = nil
        }
    }
}

extension Simulation {
    /// What goes wrong with a request.
    enum Fault {
        case kind(FaultKind)
        case unreachable(isRefused: Bool)

        var rawValue: String {
            switch self {
            case .kind(let kind): kind.rawValue
            case .unreachable: "unreachable"
            }
        }

        /// A page of a proxy's.
        enum Page {
            static func reply(_ status: Int) -> LocalReply {
                .text(
                    "<html><body><h1>\(status) from a proxy</h1></body></html>",
                    status: status,
                    contentType: "text/html"
                )
            }
        }
    }
}

extension LocalRequest {
    init(_ call: HTTPCall) {
        let target = call.request.path ?? "/"
        let mark = target.firstIndex(of: "?")
        self.init(
            method: call.request.method.rawValue,
            path: String(target[..<(mark ?? target.endIndex)]),
            query: mark.map { String(target[target.index(after: $0)...]) } ?? "",
            headers: [("Host", call.request.authority ?? "")]
                + call.request.headerFields.map { ($0.name.rawName, $0.value) },
            body: call.body?.data ?? Data()
        )
    }
}

extension HTTPReply {
    init(_ reply: LocalReply) {
        var response = HTTPResponse(status: .init(code: reply.status))
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { response.headerFields.append(HTTPField(name: name, value: value)) }
        }
        self.init(response, body: reply.body)
    }
}
