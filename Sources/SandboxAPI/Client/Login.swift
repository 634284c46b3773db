import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// The call that opens a session.
struct Login: Sendable {
    static let operation = "login"
    private let configuration: SandboxClient.Configuration

    init(_ configuration: SandboxClient.Configuration) {
        self.configuration = configuration
    }

    /// Logs in once.
    ///
    /// - Throws: ``SandboxAPIError``; where the lab refuses the user, with the code
    ///   ``SandboxAPIError/Code/authentication`` and a message that names user and domain.
    func run(_ exchange: Exchange) async throws -> Secret {
        let call = APICall(
            operation: Login.operation,
            method: .put,
            path: ["login"],
            body: try JSON.encode(Body(configuration))
        )
        do {
            return try await exchange.run(call, token: nil, secrets: [], read: Reply.token)
        } catch var error as SandboxAPIError {
            // A login that was processed unseen does no harm: what it was for hasn't been sent.
            error.mayHaveBeenProcessed = false
            error.refusesToken = false
            if error.code == .authentication { error.message = "\(refusal): \(error.message)" }
            throw error
        }
    }

    private var refusal: String {
        let domain = "in the domain “\(configuration.domain)”"
        guard !configuration.username.isEmpty else { return "The lab refuses the single sign-on \(domain)" }
        return "The lab refuses the user “\(configuration.username)” \(domain)"
    }

    private struct Body: Encodable {
        var username: String?
        var password: String?
        var domain: String
        var token: String?

        init(_ configuration: SandboxClient.Configuration) {
            domain = configuration.domain
            if configuration.username.isEmpty {
                token = configuration.password.reveal()
            } else {
                username = configuration.username
                password = configuration.password.reveal()
            }
        }
    }
}
