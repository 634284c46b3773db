import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes

/// How far this host's clock is from a server's.
struct ClockCheck: Sendable {
    private static let tolerance: TimeInterval = 60
    /// AWS refuses signatures that are 5 minutes off.
    private static let signatureTolerance: TimeInterval = 240

    /// The way to the server.
    let link: Link
    /// Whether requests are signed with the time.
    let isSigned: Bool
    /// The longest time for the request.
    let timeout: Duration

    private var name: String { "\(link.title) clock" }

    /// Asks the server for its front page, since every reply has a date.
    func run() async throws -> CheckResult {
        guard let url = URLComponents(string: link.address), let host = url.percentEncodedHost else {
            return .notTried(name, "\(link.address) is no address")
        }
        let request = HTTPRequest(
            method: .get,
            scheme: url.scheme,
            authority: url.port.map { "\(host):\($0)" } ?? host,
            path: "/"
        )
        var before = Date()
        let reply: HTTPReply
        var attempt = 1
        while true {
            do {
                before = Date()
                reply = try await link.client.send(HTTPCall(request, timeout: timeout))
                break
            } catch let error as HTTPClientError where error.code == .connectionLost && attempt < Link.attempts {
                attempt += 1
                try await Task.sleep(for: Link.pause)
            } catch let error as HTTPClientError {
                return .notTried(name, "the server doesn't answer: \(CheckText.line(error.message))")
            }
        }
        guard let field = reply.response.headerFields[.date], let date = HTTPDate.parse(field) else {
            return .notTried(name, "the server's reply has no date")
        }
        // The field has whole seconds, and was written at some time between both.
        let middle = before.addingTimeInterval(Date().timeIntervalSince(before) / 2)
        return result(middle.timeIntervalSince(date.addingTimeInterval(0.5)))
    }

    /// What a difference means.
    func result(_ ahead: TimeInterval) -> CheckResult {
        guard abs(ahead) > Self.tolerance else {
            return .ok(name, abs(ahead) < 2 ? "agrees with this host's" : "\(CheckText.span(ahead)) from this host's")
        }
        let evidence = "this host's clock is \(CheckText.span(ahead)) \(ahead > 0 ? "ahead" : "behind")"
        guard isSigned else {
            return .warning(name, evidence, fix: "synchronise this host and the lab (NTP): timedatectl set-ntp true")
        }
        let fix = "synchronise this host's clock (NTP): timedatectl set-ntp true"
        return abs(ahead) > Self.signatureTolerance
            ? .failed(name, "\(evidence); AWS refuses signatures that are 5 minutes off", fix: fix)
            : .warning(name, evidence, fix: fix)
    }
}
