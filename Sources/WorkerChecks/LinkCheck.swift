import Foundation
import HTTPTransport

/// Whether a server can be reached: proxy, name, connection, TLS.
struct LinkCheck: Sendable {
    /// A line for each step.
    private(set) var results: [CheckResult] = []
    /// Whether requests can be sent.
    private(set) var stands = true

    private let link: Link

    /// Makes a connection, sends nothing over it, and closes it.
    static func run(_ link: Link) async throws -> LinkCheck {
        var report = try await link.client.probe(link.address)
        for _ in 1..<Link.attempts where report.failure?.code == .connectionLost {
            try await Task.sleep(for: Link.pause)
            report = try await link.client.probe(link.address)
        }
        return LinkCheck(link, report)
    }

    init(_ link: Link, _ report: ConnectionReport) {
        self.link = link
        checkProxy(report)
        checkName(report)
        checkConnection(report)
        checkTLS(report)
    }

    /// Nothing was tried.
    static func notTried(_ title: String, _ reason: String) -> [CheckResult] {
        ["proxy", "DNS", "TCP", "TLS"].map { .notTried("\(title) \($0)", reason) }
    }

    private func name(_ step: String) -> String { "\(link.title) \(step)" }

    private mutating func fail(_ step: String, _ evidence: String, fix: String) {
        stands = false
        results.append(.failed(name(step), evidence, fix: fix))
    }

    // MARK: The proxy

    private mutating func checkProxy(_ report: ConnectionReport) {
        guard let proxy = report.proxy else {
            results.append(.ok(name("proxy"), "none, reached directly"))
            return
        }
        let setting = report.proxyVariable ?? link.proxyName
        let who = "\(proxy) (\(setting))"
        let direct = "or reach \(link.host) without it by \(exception(setting))"
        guard let failure = report.failure else {
            results.append(.ok(name("proxy"), "\(who) answers\(time(report.connectTime))"))
            return
        }
        switch report.tunnelStatus {
        case 407?:
            fail("proxy", "\(who) wants a user and a password that it knows", fix: "put both into \(setting)")
        case let status? where HTTPStatus.passesByItself(status):
            // It's the server that the proxy can't reach, which the next lines say.
            results.append(.ok(name("proxy"), "\(who) answers\(time(report.connectTime))"))
        case let status? where !(200...299).contains(status):
            fail(
                "proxy",
                "\(who) refuses a way to \(link.host):\(link.port) (status \(status))",
                fix: "have the proxy allow \(link.host):\(link.port), \(direct)"
            )
        default:
            if failure.code == .proxyFailed || !report.isConnected && failure.code != .nameNotResolved {
                let reason = CheckText.line(failure.message)
                fail("proxy", "\(who): \(reason)", fix: "check \(setting), \(direct)")
            } else {
                results.append(.ok(name("proxy"), "\(who) answers\(time(report.connectTime))"))
            }
        }
    }

    /// What takes a host off a proxy.
    private func exception(_ name: String) -> String {
        let own = name == link.proxyName ? link.withoutProxy : nil
        return own ?? "NO_PROXY=\(link.host)"
    }

    // MARK: Name and connection

    private mutating func checkName(_ report: ConnectionReport) {
        guard stands else { return skip("DNS") }
        if link.isLiteral {
            results.append(.ok(name("DNS"), "\(link.host) is an address"))
        } else if report.failure?.code == .nameNotResolved
            || report.proxy == nil && report.failure != nil && report.addresses.isEmpty
        {
            let reason = report.failure?.code == .timedOut ? "no name server answers" : "nobody knows the name"
            fail(
                "DNS",
                "\(link.host): \(reason)",
                fix: "check \(link.addressName) and this host's name servers (getent hosts \(link.bareHost))"
            )
        } else if report.proxy != nil {
            results.append(.notTried(name("DNS"), "the proxy looks \(link.host) up"))
        } else {
            let addresses = report.addresses.joined(separator: ", ")
            results.append(.ok(name("DNS"), "\(link.host) is \(addresses)\(time(report.lookupTime))"))
        }
    }

    private mutating func checkConnection(_ report: ConnectionReport) {
        guard stands else { return skip("TCP") }
        let place = "\(link.host):\(link.port)"
        if let status = report.tunnelStatus, HTTPStatus.passesByItself(status) {
            fail(
                "TCP",
                "the proxy can't reach \(place) (status \(status))",
                fix: "check \(link.addressName) and the firewall between the proxy and \(link.host)"
            )
        } else if report.proxy != nil, !link.isEncrypted {
            results.append(.notTried(name("TCP"), "the proxy connects for each request"))
        } else if report.failure == nil || report.isConnected {
            results.append(.ok(name("TCP"), "connected to port \(link.port)\(time(report.connectTime))"))
        } else {
            let isSilent = report.failure?.code == .timedOut
            fail(
                "TCP",
                isSilent ? "\(place) doesn't answer" : "\(place) refuses connections",
                fix: isSilent
                    ? "open the firewall to \(place), or set \(link.proxyName)"
                    : "check \(link.addressName), and that the server runs (nc -vz \(link.bareHost) \(link.port))"
            )
        }
    }

    // MARK: TLS

    private mutating func checkTLS(_ report: ConnectionReport) {
        guard stands else { return skip("TLS") }
        guard link.isEncrypted else {
            results.append(
                link.mayBePlain
                    ? .notTried(name("TLS"), "\(link.address) is an http address")
                    : .warning(
                        name("TLS"),
                        "the way isn't encrypted, so the password can be read on it",
                        fix: "set \(link.addressName) to an https address"
                    )
            )
            return
        }
        let result = CertificateCheck(link, report).result
        if result.status == .failed { stands = false }
        results.append(result)
    }

    private mutating func skip(_ step: String) {
        let reason = results.last { $0.status == .failed }.map { "\($0.name) failed" } ?? "there is no connection"
        results.append(.notTried(name(step), reason))
    }

    private func time(_ duration: Duration?) -> String {
        duration.map { ", in \(CheckText.milliseconds($0))" } ?? ""
    }
}
