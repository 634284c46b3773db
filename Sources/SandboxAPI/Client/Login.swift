import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// The call that opens a session.
struct Login: Sendable {
    let credentials: SandboxCredentials
    let domain: String

    /// Logs in once.
    ///
    /// - Throws: ``SandboxAPIError``; where the lab refuses the user, with the code
    ///   ``SandboxAPIError/Code/authentication`` and a message that names user and domain.
    func run(_ exchange: Exchange) async throws -> Secret {
        let call = APICall(
            operation: .login,
            method: .put,
            path: ["login"],
            body: try JSON.encode(Body(credentials, domain)),
            replyLimit: 256 << 10
        )
        do {
            return try await Exchange.reading(Reply.token) {
                try await exchange.run(call, token: nil, secrets: [credentials.password], take: $0)
            }
        } catch var error as SandboxAPIError {
            // A login that was processed unseen does no harm: what it was for hasn't been sent.
            error.mayHaveBeenProcessed = false
            error.refusesToken = false
            if Self.isRefusal(error) {
                error.code = .authentication
                error.isTransient = false
                error.message = "\(refusal): \(error.message)"
            }
            throw error
        }
    }

    /// Whether the lab itself refuses the user, in whatever words: a wrong password, a locked or unknown user or domain.
    ///
    /// A gateway's page, a lab in trouble, a quota of requests and an address without an API refuse nobody. In doubt it
    /// counts as a refusal, since to try again does more harm than to wait.
    private static func isRefusal(_ error: SandboxAPIError) -> Bool {
        guard error.httpStatus != nil, ![.unsupported, .configuration, .malformedReply].contains(error.code) else {
            return false
        }
        let words = error.message.lowercased()
        let lockWords = ["locked", "too many failed", "failed login", "minute", "hour"]
        let isLockedOut = lockWords.contains { words.contains($0) }
        return !error.isTransient || error.isOwnWord && isLockedOut
    }

    private var refusal: String {
        let domain = "in the domain “\(domain)”"
        guard !credentials.username.isEmpty else { return "The lab refuses the single sign-on \(domain)" }
        return "The lab refuses the user “\(credentials.username)” \(domain)"
    }

    private struct Body: Encodable {
        var username: String?
        var password: String?
        var domain: String
        var token: String?

        init(_ credentials: SandboxCredentials, _ domain: String) {
            self.domain = domain
            if credentials.username.isEmpty {
                token = credentials.password.reveal()
            } else {
                username = credentials.username
                password = credentials.password.reveal()
            }
        }
    }
}
