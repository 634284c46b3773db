import AWSLite
import Foundation
import HTTPTransport
import QualiCore

/// The checks of all that is AWS's: the ways to CodePipeline and STS, credentials, rights and action types.
struct AWSCheck: Sendable {
    private let settings: WorkerSettings
    private let sources: SettingSources
    private let settingsCheck: SettingsCheck

    init(_ settings: WorkerSettings, _ sources: SettingSources, _ settingsCheck: SettingsCheck) {
        self.settings = settings
        self.sources = sources
        self.settingsCheck = settingsCheck
    }

    private static let keySettings: [Setting] = [
        .accessKeyID, .secretAccessKey, .sessionToken, .oldAccessKeyID, .oldSecretAccessKey,
    ]
    private static let identity = "AWS identity"

    /// Tries everything.
    ///
    /// - Returns: The results, and what is secret in the credentials that were found.
    /// - Throws: `CancellationError`.
    func run() async throws -> (results: [CheckResult], secrets: [Secret]) {
        async let credentials = credentials()
        let keyless = settingsCheck.obstacle(in: .aws, except: Self.keySettings + [.s3Endpoint])
        guard keyless == nil, let client = try? settings.aws.httpClient(),
            let link = link("CodePipeline", .codePipeline, settings.aws.codePipelineEndpoint, client)
        else {
            let reason = keyless ?? "there is no client"
            let key = try await credentials
            let links = LinkCheck.notTried("CodePipeline", reason) + [.notTried("CodePipeline clock", reason)]
            return (
                links + LinkCheck.notTried("STS", reason) + [key.result, .notTried(Self.identity, reason)]
                    + RightsCheck.notTried(reason) + ActionTypesCheck.notTried(settings.actions.names, reason),
                key.secrets
            )
        }
        async let sts = stsLink(client)
        let way = try await LinkCheck.run(link)
        async let clock = clock(link, way)
        let (stsResults, untriedIdentity) = try await sts
        let key = try await credentials
        let (who, identityFailure) = try await identity(client, untriedIdentity, key)
        let rights = try await rights(client, way, key, who.caller)
        var identity = who.result
        if let refusal = rights.refusal, identityFailure == nil {
            identity = .failed(Self.identity, refusal.evidence, fix: refusal.fix)
        }
        return (
            way.results + [try await clock] + stsResults + [key.result, identity] + rights.results
                + actionTypes(rights),
            key.secrets
        )
    }

    // MARK: The ways

    private func link(_ title: String, _ service: AWSService, _ endpoint: String?, _ client: CurlHTTPClient) -> Link? {
        let resolver = AWSEndpointResolver(
            region: settings.aws.region,
            override: endpoint,
            usesFIPS: settings.aws.usesFIPS,
            usesDualStack: settings.aws.usesDualStack
        )
        guard let found = try? resolver.endpoint(of: service) else { return nil }
        return Link(
            title: title,
            address: "\(found.scheme)://\(found.authority)",
            client: client,
            addressSetting: found.isCustom ? "AWS_ENDPOINT_URL_\(service.environmentName)" : Setting.region.name,
            trustSetting: .awsCABundle,
            proxySetting: .proxy
        )
    }

    private func clock(_ link: Link, _ way: LinkCheck) async throws -> CheckResult {
        guard way.stands else { return .notTried("CodePipeline clock", "there is no way to CodePipeline") }
        return try await ClockCheck(link: link, isSigned: true, timeout: CheckRun.timeout).run()
    }

    /// The way to STS, which a worker can do without: what is wrong with it is no more than a warning.
    ///
    /// - Returns: The lines, and why STS can't be asked.
    private func stsLink(_ client: CurlHTTPClient) async throws -> ([CheckResult], String?) {
        let title = "STS"
        if settings.aws.codePipelineEndpoint != nil, settings.aws.stsEndpoint == nil {
            let reason = "CodePipeline's endpoint is set, AWS_ENDPOINT_URL_STS isn't"
            return (LinkCheck.notTried(title, reason), reason)
        }
        guard let link = link(title, .sts, settings.aws.stsEndpoint, client) else {
            return (LinkCheck.notTried(title, "it has no endpoint"), "STS has no endpoint")
        }
        let way = try await LinkCheck.run(link)
        guard !way.stands else { return (way.results, nil) }
        let results = way.results.map { result in
            guard result.status == .failed else { return result }
            let evidence = result.evidence + "; jobs need STS only where it gives the credentials"
            return CheckResult.warning(result.name, evidence, fix: result.fix ?? "")
        }
        return (results, "STS can't be reached")
    }

    // MARK: Who, and what they may

    private func credentials() async throws -> CredentialsCheck {
        if let reason = settingsCheck.obstacle(in: .aws, except: Setting.all.filter { !Self.keySettings.contains($0) })
        {
            return CredentialsCheck(notTried: reason)
        }
        return try await CredentialsCheck.run(settings.aws, sources, timeout: CheckRun.timeout)
    }

    private func identity(
        _ client: CurlHTTPClient,
        _ obstacle: String?,
        _ key: CredentialsCheck
    ) async throws -> (who: (result: CheckResult, caller: SecurityTokenService.CallerIdentity?), failure: AWSFailure?) {
        guard key.isFound else { return ((.notTried(Self.identity, "there are no credentials"), nil), nil) }
        if let obstacle { return ((.notTried(Self.identity, obstacle), nil), nil) }
        do {
            let service = SecurityTokenService(configuration(client, settings.aws.stsEndpoint))
            let caller = try await service.callerIdentity()
            return ((.ok(Self.identity, "\(caller.arn) in account \(caller.account)"), caller), nil)
        } catch let error as AWSError {
            let failure = AWSFailure(error)
            guard failure.kind == .credentials else {
                return ((.notTried(Self.identity, "STS doesn't tell: \(failure.evidence)"), nil), nil)
            }
            return ((.failed(Self.identity, failure.evidence, fix: failure.fix), nil), failure)
        }
    }

    private func rights(
        _ client: CurlHTTPClient,
        _ way: LinkCheck,
        _ key: CredentialsCheck,
        _ caller: SecurityTokenService.CallerIdentity?
    ) async throws -> RightsCheck.Outcome {
        guard way.stands else { return .init(results: RightsCheck.notTried("there is no way to CodePipeline")) }
        guard key.isFound else { return .init(results: RightsCheck.notTried("there are no credentials")) }
        let codePipeline = CodePipeline(configuration(client, settings.aws.codePipelineEndpoint))
        return try await RightsCheck(
            codePipeline: codePipeline,
            caller: caller,
            types: settings.actions.names.typeIDs
        ).run()
    }

    private func actionTypes(_ rights: RightsCheck.Outcome) -> [CheckResult] {
        guard let registered = rights.actionTypes else {
            return ActionTypesCheck.notTried(settings.actions.names, "the action types can't be listed")
        }
        let lab = settings.lab.url
        let portal = settings.actions.portal ?? (lab.isEmpty ? nil : PortalLinks(besideAPI: lab))
        return ActionTypesCheck(settings.actions.names, portal: portal, registered: registered).results
    }

    /// One attempt, within a short time.
    private func configuration(_ client: CurlHTTPClient, _ endpoint: String?) -> AWSClientConfiguration {
        var configuration = settings.aws.client(SecondTry(base: client), endpoint: endpoint)
        configuration.retry = .none
        configuration.timeout = CheckRun.timeout
        configuration.callTimeout = CheckRun.timeout
        return configuration
    }
}
