package import HTTPTransport

extension SandboxClient {
    /// Logs in, if there is no session and no refused login stands.
    ///
    /// - Throws: As ``login()`` does.
    package func ensureSession() async throws {
        _ = try await calls.session.token()
    }

    /// Logs in anew (`PUT /login`), for instance to try a configuration out; other calls log in by themselves.
    ///
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/authentication`` where the lab refuses the
    ///   user, naming user and domain.
    package func login() async throws {
        try await calls.session.renew()
    }

    /// Ends the session, where there is one; a later call begins another.
    ///
    /// A token that the lab doesn't take back expires by itself, so a failure is of no account and isn't reported.
    public func logout() async {
        guard let token = await calls.session.takeToken() else { return }
        try? await calls.runOnce(.deletion(of: token), token: token, read: Reply.nothing)
    }

    /// Gets a token for another user (`POST /token`); the session's user must be an administrator.
    ///
    /// `domain` is the domain to which the token will belong; `nil` leaves it to the lab.
    package func token(forUser user: String, domain: String? = nil) async throws -> Secret {
        var call = try APICall.post(
            .token,
            [],
            body: TokenRequest(username: user, domain: domain),
            about: "user “\(user)”"
        )
        call.path = ["token"]
        return try await calls.run(call, read: Reply.token)
    }

    /// Makes a token invalid (`DELETE /token/{token}`).
    package func deleteToken(_ token: Secret) async throws {
        try await calls.run(.deletion(of: token), read: Reply.nothing)
    }
}

private struct TokenRequest: Encodable {
    var username: String
    var domain: String?
}

extension APICall {
    fileprivate static func deletion(of token: Secret) -> APICall {
        var call = APICall.delete(.deleteToken, [])
        call.path = ["token", token.reveal()]
        call.secrets = [token]
        return call
    }
}
