import FoundationEssentials
import HTTPTransport

/// The two operations of the Security Token Service that credentials come from, in its Query protocol.
struct STS: Sendable {
    /// What both operations have in common.
    struct Role: Sendable {
        var arn: String
        var sessionName: String
        var externalID: String?
        var duration: Int?

        fileprivate var parameters: [(String, String)] {
            var all = [("RoleArn", arn), ("RoleSessionName", sessionName)]
            if let externalID { all.append(("ExternalId", externalID)) }
            if let duration { all.append(("DurationSeconds", String(duration))) }
            return all
        }
    }

    private let query: STSQuery
    private let provider: String

    /// Creates a client for the region and the endpoint that the environment and the profile configure.
    ///
    /// - Throws: ``AWSCredentialError`` when there is no region, or the endpoint isn't one.
    init(_ context: CredentialContext, signedBy credentials: AWSCredentials?, provider: String) throws {
        let (_, profile) = try context.profile(for: provider)
        guard let region = AWSRegion.configured(environment: context.variables, profile: profile) else {
            throw AWSCredentialError(.invalid, provider: provider, "AWS_REGION isn't set, and STS is asked in a region")
        }
        let endpoint = try context.endpoint(of: .sts, in: region, for: provider)
        let configuration = AWSClientConfiguration(
            region: region,
            // An unsigned operation asks for none.
            credentials: credentials.map { StaticCredentialProvider($0) } ?? CredentialProviderChain([]),
            httpClient: context.httpClient,
            retry: AWSRetryPolicy(sleep: context.sleep, random: context.random),
            warn: context.warn,
            clock: context.clock
        )
        query = STSQuery(configuration: configuration, endpoint: endpoint)
        self.provider = provider
    }

    /// Takes a role by an identity that may.
    func assumeRole(_ role: Role) async throws -> AWSCredentials {
        try await call(.assumeRole, role.parameters)
    }

    /// Takes a role by an identity provider's token; the request isn't signed.
    func assumeRole(_ role: Role, webIdentityToken: Secret) async throws -> AWSCredentials {
        try await call(
            .assumeRoleWithWebIdentity,
            role.parameters + [("WebIdentityToken", webIdentityToken.reveal())],
            isSigned: false
        )
    }

    private func call(
        _ name: AWSOperationName,
        _ parameters: [(String, String)],
        isSigned: Bool = true
    ) async throws -> AWSCredentials {
        do {
            return try await query.call(name, parameters, isSigned: isSigned) { try read($0) }
        } catch let error as AWSError {
            let passes =
                error.isThrottling || error.isForeign || error.passesByItself
                || STSQuery.retryableCodes.contains(error.code)
            let isRefusal = (400..<600).contains(error.httpStatus ?? 0) && !passes
            throw AWSCredentialError(isRefusal ? .invalid : .unavailable, provider: provider, "\(error)")
        }
    }

    private func read(_ result: XMLElement) throws -> AWSCredentials {
        guard let found = result.child("Credentials"),
            let keyID = found.child("AccessKeyId")?.text, !keyID.isEmpty,
            let secret = found.child("SecretAccessKey")?.text, !secret.isEmpty,
            let token = found.child("SessionToken")?.text, let expiration = found.child("Expiration")?.text
        else { throw XMLElement.Malformed(reason: "no credentials in it") }
        return AWSCredentials(
            accessKeyID: keyID,
            secretAccessKey: Secret(secret),
            sessionToken: Secret(token),
            expiration: try CredentialDocument.date(expiration, provider: provider)
        )
    }
}
