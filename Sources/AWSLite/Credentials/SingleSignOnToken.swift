import COpenSSL
import FoundationEssentials
import HTTPTransport
import HTTPTypes

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The token that `aws sso login` left in its cache, shared with every other AWS tool of the user.
struct SingleSignOnToken: Sendable {
    /// The time left below which the token is renewed, in seconds.
    private static let window: TimeInterval = 15 * 60

    let context: CredentialContext
    let settings: SingleSignOnSource.Settings

    /// The cache file's members that botocore writes; a renewal writes back these and no others, as botocore does.
    private struct Cached: Codable {
        var startUrl: String?
        var region: String?
        var accessToken: String
        var expiresAt: String
        var clientId: String?
        var clientSecret: String?
        var registrationExpiresAt: String?
        var refreshToken: String?
    }

    /// A token that is good now.
    ///
    /// - Throws: ``AWSCredentialError`` with the advice to sign in where there is none.
    func current() async throws -> Secret {
        let path = try cachePath()
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SingleSignOnSource.signIn(settings.profile, "nobody has signed in (there is no \(path))")
        }
        guard var cached = try? JSONDecoder().decode(Cached.self, from: data) else {
            throw SingleSignOnSource.signIn(settings.profile, "\(path) holds no token")
        }
        let name = SingleSignOnSource.name
        var left = try CredentialDocument.date(cached.expiresAt, provider: name).timeIntervalSince(context.clock.now)
        // Only a session's token can be renewed; the older form has none for it.
        if left < Self.window, settings.session != nil, let renewed = try await renew(cached) {
            cached = renewed
            left = try CredentialDocument.date(cached.expiresAt, provider: name).timeIntervalSince(context.clock.now)
            save(cached, path)
        }
        guard left > 0 else { throw SingleSignOnSource.signIn(settings.profile, "the token has expired") }
        return Secret(cached.accessToken)
    }

    /// `~/.aws/sso/cache/`, and the SHA-1 digest of the session's name or the start URL.
    private func cachePath() throws -> String {
        let home = context.variables.nonEmpty("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
        let key = Array((settings.session ?? settings.startURL).utf8)
        do {
            let digest = try RunningDigest(.sha1)
            try digest.update(key.span)
            return "\(home)/.aws/sso/cache/\(Digest.hex(try digest.finish())).json"
        } catch {
            throw SingleSignOnSource.error(.unavailable, "libcrypto has no SHA-1")
        }
    }

    /// A new token by the refresh token; `nil` where there is none, its registration has expired, or it fails.
    private func renew(_ old: Cached) async throws -> Cached? {
        guard let id = old.clientId, let secret = old.clientSecret, let refreshToken = old.refreshToken,
            let registration = old.registrationExpiresAt,
            let end = try? CredentialDocument.date(registration, provider: SingleSignOnSource.name),
            end > context.clock.now
        else { return nil }
        struct Reply: Decodable {
            var accessToken: String
            var expiresIn: Double
            var refreshToken: String?
        }
        let endpoint = try context.endpoint(
            of: .ssoOIDC,
            in: settings.region,
            for: SingleSignOnSource.name
        )
        let request = HTTPRequest(
            method: .post,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath + "/token",
            headerFields: [.contentType: "application/json"]
        )
        let body = try JSONEncoder().encode([
            "grantType": "refresh_token", "clientId": id, "clientSecret": secret, "refreshToken": refreshToken,
        ])
        let reply: HTTPReply
        do {
            reply = try await context.send(request, body: body, provider: SingleSignOnSource.name)
        } catch is AWSCredentialError {
            // The old token may be good for some minutes yet, and says so itself where it isn't.
            return nil
        }
        guard reply.response.status.code == 200, let new = try? JSONDecoder().decode(Reply.self, from: reply.body)
        else {
            return nil
        }
        return Cached(
            startUrl: settings.startURL,
            region: settings.region,
            accessToken: new.accessToken,
            expiresAt: (context.clock.now + new.expiresIn).formatted(.iso8601),
            clientId: id,
            clientSecret: secret,
            registrationExpiresAt: registration,
            refreshToken: new.refreshToken
        )
    }

    /// Puts the new token in the old one's place, whole or not at all, and readable by its owner only.
    ///
    /// A failure is no error: the token in hand works, and the next renewal tries again.
    private func save(_ token: Cached, _ path: String) {
        guard let data = try? JSONEncoder().encode(token) else { return }
        let new = "\(path).\(UUID().uuidString)"
        let file = SystemCalls.open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode: 0o600)
        guard file >= 0 else { return }
        let isWhole = SystemCalls.write(file, data.span) == data.count && fsync(file) == 0
        close(file)
        if !isWhole || !SystemCalls.rename(new, to: path) { SystemCalls.unlink(new) }
    }
}
