import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// The role that IAM Identity Center gives for the token of somebody who has signed in by `aws sso login`.
struct SingleSignOnSource: Sendable {
    static let name = "single sign-on"

    let context: CredentialContext

    /// What a profile and its session say.
    struct Settings {
        var profile: String
        /// The `sso-session` section's name; `nil` for a profile of the older form.
        var session: String?
        var startURL: String
        var region: String
        var account: String
        var role: String
    }

    /// Gets the role's credentials, renewing the token first where it is about to expire and can be.
    ///
    /// - Throws: ``AWSCredentialError``: not configured where the profile has neither account nor role; with the
    ///   advice to sign in again where the token is missing, has expired or is refused.
    func fetch() async throws -> AWSCredentials {
        let settings = try settings()
        let token = try await SingleSignOnToken(context: context, settings: settings).current()
        let query =
            "role_name=\(PercentEncoding.encode(settings.role))"
            + "&account_id=\(PercentEncoding.encode(settings.account))"
        let endpoint = try context.endpoint(of: .sso, in: settings.region, for: Self.name)
        let request = HTTPRequest(
            method: .get,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: "\(endpoint.basePath)/federation/credentials?\(query)",
            headerFields: [.amz("x-amz-sso_bearer_token"): token.reveal()]
        )
        let reply = try await context.send(request, body: nil, provider: Self.name)
        switch reply.response.status.code {
        case 200: return try read(reply.body)
        case 401: throw Self.signIn(settings.profile, "the token isn't taken any more")
        case let status:
            throw Self.error(.invalid, "the portal refuses the role with HTTP \(status)\(Self.said(reply.body))")
        }
    }

    private func read(_ body: Data) throws -> AWSCredentials {
        struct Reply: Decodable {
            struct Credentials: Decodable {
                var accessKeyId: String
                var secretAccessKey: String
                var sessionToken: String
                /// Milliseconds since 1970.
                var expiration: Double
            }
            var roleCredentials: Credentials
        }
        guard let found = (try? JSONDecoder().decode(Reply.self, from: body))?.roleCredentials else {
            throw Self.error(.unavailable, "the portal's reply isn't the JSON of credentials")
        }
        return AWSCredentials(
            accessKeyID: found.accessKeyId,
            secretAccessKey: Secret(found.secretAccessKey),
            sessionToken: Secret(found.sessionToken),
            expiration: Date(timeIntervalSince1970: found.expiration / 1_000)
        )
    }

    private func settings() throws -> Settings {
        let (files, selected) = try context.profile(for: Self.name)
        guard let profile = selected, profile.text("sso_account_id") != nil || profile.text("sso_role_name") != nil
        else { throw Self.error(.notConfigured, "the profile has no sso_account_id and sso_role_name") }
        let session = profile.text("sso_session")
        var section: ProfileFile.Section = [:]
        if let session {
            guard let found = files.configuration?.sections["sso-session \(session)"] else {
                throw Self.error(.invalid, "\(profile.place) names the sso-session \"\(session)\", which doesn't exist")
            }
            section = found
        }
        func setting(_ name: String) throws -> String {
            let own = profile.text(name)
            guard case .text(let shared)? = section[name], !shared.isEmpty else {
                guard let own else { throw Self.error(.invalid, "\(profile.place) lacks \(name)") }
                return own
            }
            guard own == nil || own == shared else {
                throw Self.error(.invalid, "\(profile.place) has another \(name) than its sso-session")
            }
            return shared
        }
        return Settings(
            profile: profile.name,
            session: session,
            startURL: try setting("sso_start_url"),
            region: try setting("sso_region"),
            account: try setting("sso_account_id"),
            role: try setting("sso_role_name")
        )
    }

    /// An error's message in a reply, without what could be a secret.
    static func said(_ body: Data) -> String {
        struct Reply: Decodable { var message: String? }
        let message = (try? JSONDecoder().decode(Reply.self, from: body))?.message
        return message.map { ": \(Limits.truncate($0, to: 300))" } ?? ""
    }

    static func signIn(_ profile: String, _ reason: String) -> AWSCredentialError {
        error(.invalid, "\(reason); run: aws sso login --profile \(profile)")
    }

    static func error(_ code: AWSCredentialError.Code, _ message: String) -> AWSCredentialError {
        AWSCredentialError(code, provider: name, message)
    }
}

extension CredentialContext {
    /// The endpoint of a service in a region that isn't the environment's.
    func endpoint(of service: AWSService, in region: String, for provider: String) throws -> AWSEndpoint {
        let (_, profile) = try profile(for: provider)
        return try configuration(for: provider) {
            let configured = try AWSEndpointResolver.configuredEndpoint(
                of: service,
                environment: variables,
                profile: profile
            )
            return try AWSEndpointResolver(region: region, override: configured).endpoint(of: service)
        }
    }

    private func isJSON(_ body: Data) -> Bool { (try? PlainJSON.decode(CodePipeline.Nothing.self, from: body)) != nil }

    /// Sends a request that isn't signed; again where no reply came, the service is at fault or somebody in between has
    /// answered: every reply of these services is JSON.
    func send(_ request: HTTPRequest, body: Data?, provider: String) async throws -> HTTPReply {
        let policy = AWSRetryPolicy(sleep: sleep, random: random)
        var attempt = 1
        while true {
            let problem: String
            do {
                let reply = try await httpClient.send(
                    HTTPCall(request, body: body.map { .data($0) }, responseLimit: 256 << 10)
                )
                let status = reply.response.status.code
                let isForeign = ErrorReply.requestID(of: reply) == nil && !isJSON(reply.body)
                guard status == 429 || isForeign || HTTPStatus.passesByItself(status) else { return reply }
                problem = "HTTP \(status)" + (isForeign ? ", and something in between has answered in its place" : "")
            } catch let failure as HTTPClientError {
                problem = failure.description
            }
            guard attempt < policy.attempts else {
                throw AWSCredentialError(
                    .unavailable,
                    provider: provider,
                    "\(request.authority ?? "the service") fails: \(problem)"
                )
            }
            try await policy.sleep(policy.delay(afterAttempt: attempt))
            attempt += 1
        }
    }
}
