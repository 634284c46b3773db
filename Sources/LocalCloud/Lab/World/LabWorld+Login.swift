import Foundation

extension LabWorld {
    mutating func login(_ request: LocalRequest, _ now: Date) throws(LabError) -> LocalReply {
        guard let body = try? JSON(parsing: request.body), let domain = body["domain"]?.string,
            body["username"]?.string != nil || body["token"]?.string != nil
        else { throw LabError(status: behavior.validationStatus, message: "Parameter is not a valid login") }
        let username = body["username"]?.string
        let account = accounts.first { account in
            if let username {
                account.username == username && account.password == body["password"]?.string
            } else {
                account.identityToken != nil && account.identityToken == body["token"]?.string
            }
        }
        let failures = failedLogins[username ?? ""] ?? (0, .distantPast)
        guard failures.end <= now else { throw .loginFailed(username ?? "", "The user is locked out") }
        guard let account, account.domains.contains(domain), !behavior.refusesLogins else {
            let isLocked = behavior.failedLoginsToLock.map { failures.count + 1 >= $0 } ?? false
            let end = isLocked ? now + behavior.lockTime / .seconds(1) : .distantPast
            failedLogins[username ?? ""] = (isLocked ? 0 : failures.count + 1, end)
            throw .loginFailed(username ?? "")
        }
        failedLogins[username ?? ""] = nil
        return .json(.string(issueToken(to: account, domain, now)))
    }

    /// Makes a token for another user.
    mutating func token(_ request: LocalRequest, _ session: Session, _ now: Date) throws(LabError) -> LocalReply {
        guard session.account.isAdmin else { throw .forbidden }
        let body = (try? JSON(parsing: request.body)) ?? .null
        guard let account = accounts.first(where: { $0.username == body["username"]?.string }) else { throw .notFound }
        let domain = body["domain"]?.string ?? session.domain
        guard account.domains.contains(domain) else { throw .loginFailed(account.username) }
        return .json(.string(issueToken(to: account, domain, now)))
    }

    func session(of request: LocalRequest) throws(LabError) -> String {
        guard let field = request["Authorization"], !field.isEmpty else { throw .noAuthentication }
        // The scheme is compared as HTTP does; all after it is the token, word for word.
        guard field.prefix(6).lowercased() == "basic " else { throw .invalidToken(field, behavior) }
        return String(field.dropFirst(6))
    }

    mutating func session(of request: LocalRequest, _ now: Date) throws(LabError) -> Session {
        let token = try session(of: request)
        guard let session = sessions[token], session.expires > now else {
            sessions[token] = nil
            throw .invalidToken(token, behavior)
        }
        if behavior.tokenLifeSlides { sessions[token]?.expires = now + behavior.tokenLifetime / .seconds(1) }
        return session
    }

    private mutating func issueToken(to account: LabAccount, _ domain: String, _ now: Date) -> String {
        let token: String
        switch behavior.tokenStyle {
        case .empty: return ""
        case .base64: token = LabToken.base64()
        case .base64WithSlash: token = LabToken.base64WithSlash()
        case .identityProvider: token = LabToken.identityProvider()
        }
        sessions[token] = Session(
            account: account,
            domain: domain,
            expires: now + behavior.tokenLifetime / .seconds(1)
        )
        return token
    }
}

/// Tokens of the shapes that the lab issues.
enum LabToken {
    static func base64() -> String {
        Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
    }

    static func base64WithSlash() -> String {
        let text = Array(base64())
        return "/" + String(text[1..<9]) + "+" + String(text[10...])
    }

    static func identityProvider() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
        func text(_ count: Int) -> String { String((0..<count).compactMap { _ in letters.randomElement() }) }
        return "\(base64())^\(text(36)).\(text(1_250)).\(text(342))"
    }
}
