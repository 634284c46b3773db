import FoundationEssentials
import HTTPTransport
import HTTPTypes

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

    private static let service = AWSService.sts
    private let configuration: AWSClientConfiguration
    private let endpoint: AWSEndpoint
    private let provider: String

    /// Creates a client for the region and the endpoint that the environment and the profile configure.
    ///
    /// - Throws: ``AWSCredentialError`` when there is no region, or the endpoint isn't one.
    init(_ context: CredentialContext, signedBy credentials: AWSCredentials?, provider: String) throws {
        let (_, profile) = try context.profile(for: provider)
        guard let region = AWSRegion.configured(environment: context.variables, profile: profile) else {
            throw AWSCredentialError(.invalid, provider: provider, "AWS_REGION isn't set, and STS is asked in a region")
        }
        endpoint = try context.endpoint(of: .sts, in: region, for: provider)
        configuration = AWSClientConfiguration(
            region: region,
            // An unsigned operation asks for none.
            credentials: credentials.map { StaticCredentialProvider($0) } ?? CredentialProviderChain([]),
            httpClient: context.httpClient,
            retry: AWSRetryPolicy(sleep: context.sleep, random: context.random),
            now: context.now
        )
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
        let all = [("Action", name.rawValue), ("Version", "2011-06-15")] + parameters
        let body = all.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        let request = HTTPRequest(
            method: .post,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath + "/",
            headerFields: [.contentType: "application/x-www-form-urlencoded; charset=utf-8"]
        )
        let operation = AWSOperation(
            service: Self.service,
            name: name,
            // STS couldn't reach the identity provider, which passes.
            retryableCodes: ["IDPCommunicationError"],
            errorFormat: .xml,
            isSigned: isSigned,
            responseLimit: 256 << 10
        )
        do {
            return try await AWSCaller(configuration: configuration)
                .call(operation, request, body: Data(body.utf8)) { try read($0.body, name) }
        } catch let error as AWSError {
            let passes =
                error.isThrottling || error.code.isTransient || operation.retryableCodes.contains(error.code)
            let isRefusal = (400..<500).contains(error.httpStatus ?? 0) && !passes
            throw AWSCredentialError(isRefusal ? .invalid : .unavailable, provider: provider, "\(error)")
        }
    }

    private func read(_ body: Data, _ name: AWSOperationName) throws -> AWSCredentials {
        let document = try XMLElement.parse(body)
        guard document.name == "\(name.rawValue)Response",
            let found = document.child("\(name.rawValue)Result")?.child("Credentials"),
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
