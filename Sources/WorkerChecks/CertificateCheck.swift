import Foundation
import HTTPTransport

/// Whether a server's certificates are in order, and until when.
struct CertificateCheck {
    private static let warningTime: TimeInterval = 30 * 86_400

    private let link: Link
    private let report: ConnectionReport

    init(_ link: Link, _ report: ConnectionReport) {
        self.link = link
        self.report = report
    }

    /// What came of it.
    var result: CheckResult {
        let name = "\(link.title) TLS"
        if let failure = report.failure { return failed(name, failure) }
        let whose = report.certificates.first
        var facts = [report.tlsVersion, whose.map { "\(short($0.subject)) issued by \(short($0.issuer))" }]
        facts.append("trusted by \(bundle)")
        let evidence = facts.compactMap { $0 }.joined(separator: ", ")
        guard let expires = firstEnd else { return .ok(name, evidence) }
        let left = expires.timeIntervalSinceNow
        let until = "\(evidence), good until \(CheckText.time(expires))"
        guard left < Self.warningTime else { return .ok(name, until) }
        return .warning(name, "\(until), \(Int(left / 86_400)) days", fix: "renew the certificate of \(link.host)")
    }

    private func failed(_ name: String, _ failure: HTTPClientError) -> CheckResult {
        switch report.distrust {
        case .untrusted?:
            let issuer = report.certificates.last.map { short($0.issuer) } ?? "nobody known"
            return .failed(
                name,
                "the certificate of \(link.host) is vouched for by \(issuer), whom \(bundle) doesn't name",
                fix: "set \(link.trustName) to a PEM file with that CA's certificate; the server's chain: "
                    + chainCommand
            )
        case .expired?:
            let end = firstEnd.map { " on \(CheckText.time($0))" } ?? ""
            return .failed(
                name,
                "the certificate of \(link.host) ended\(end)",
                fix: "renew the certificate of \(link.host); if it is good, set this host's clock: "
                    + "timedatectl set-ntp true"
            )
        case .notYetValid?:
            return .failed(
                name,
                "the certificate of \(link.host) begins later than now",
                fix: "set this host's clock: timedatectl set-ntp true"
            )
        case .wrongHost?:
            let names = report.certificates.first.map { $0.names.isEmpty ? [short($0.subject)] : $0.names } ?? []
            let list = names.isEmpty ? "another host" : names.prefix(5).joined(separator: ", ")
            return .failed(
                name,
                "the certificate is for \(list), not for \(link.host)",
                fix: "set \(link.addressName) to a name that the certificate has, or have it made anew with "
                    + link.host
            )
        case nil:
            return .failed(name, CheckText.line(failure.message), fix: fix(failure))
        }
    }

    private func fix(_ failure: HTTPClientError) -> String {
        switch TLSRefusal.reason(in: failure.message) {
        case .version: "have \(link.host) speak TLS 1.2 or 1.3: \(chainCommand)"
        case .strength: "have \(link.host) use a key, a certificate and ciphers that this host takes: \(chainCommand)"
        case .clientCertificate:
            "have \(link.host) do without a client's certificate for this host, since the worker has none"
        case .name: "set \(link.addressName) to a name for which \(link.host) has a certificate"
        case nil: "check that port \(link.port) of \(link.host) speaks TLS: \(chainCommand)"
        }
    }

    private var chainCommand: String {
        var command = "openssl s_client -connect \(link.host):\(link.port)"
        if !link.isLiteral { command += " -servername \(link.host)" }
        // openssl knows http proxies alone, and takes no scheme.
        if let proxy = report.proxy, let url = URLComponents(string: proxy), let host = url.host {
            command += " -proxy \(host):\(url.port ?? 1080)"
        }
        return command + " -showcerts </dev/null"
    }

    /// The certificates that are trusted, in words.
    private var bundle: String { report.trustedFile ?? "the system's list" }

    /// The end of the certificate that ends first.
    private var firstEnd: Date? { report.certificates.compactMap(\.expires).min() }

    /// The common name of a subject such as `C = US, O = Example, CN = lab.example.com`, or all of it.
    private func short(_ subject: String) -> String {
        let parts = subject.split(separator: ",").map { $0.drop { $0 == " " } }
        guard let name = parts.last(where: { $0.hasPrefix("CN") }), let sign = name.firstIndex(of: "=") else {
            return CheckText.line(subject, limit: 100)
        }
        return CheckText.line(String(name[name.index(after: sign)...]), limit: 100)
    }
}
