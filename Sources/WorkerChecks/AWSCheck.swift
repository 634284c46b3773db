import AWSLite
import Foundation
import HTTPTransport
import QualiCore

/// The checks of all that is AWS's: the ways to CodePipeline and STS, credentials, rights and action types.
struct AWSCheck: Sendable {
    private let aws: WorkerCheck.AWS
    private let names: ParameterNames

    init(_ aws: WorkerCheck.AWS, _ names: ParameterNames) {
        self.aws = aws
        self.names = names
    }

    private static let identity = "AWS identity"

    /// Tries everything.
    ///
    /// - Returns: The results, and what is secret in the credentials that were found.
    /// - Throws: `CancellationError`.
    func run() async throws -> (results: [CheckResult], secrets: [Secret]) {
        async let credentials = credentials()
        guard aws.obstacle == nil, let client = aws.client,
            let link = link(
                "CodePipeline",
                .codePipeline,
                aws.codePipelineEndpoint,
                names.codePipelineEndpoint,
                client
            )
        else {
            let reason = aws.obstacle ?? "there is no client"
            let key = try await credentials
            let links = LinkCheck.notTried("CodePipeline", reason) + [.notTried("CodePipeline clock", reason)]
            return (
                links + LinkCheck.notTried("STS", reason) + [key.result, .notTried(Self.identity, reason)]
                    + RightsCheck.notTried(reason) + ActionTypesCheck.notTried(aws.actions, reason),
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

    private func link(
        _ title: String,
        _ service: AWSService,
        _ endpoint: String?,
        _ endpointName: String,
        _ client: CurlHTTPClient
    ) -> Link? {
        let resolver = AWSEndpointResolver(
            region: aws.region,
            override: endpoint,
            usesFIPS: aws.usesFIPS,
            usesDualStack: aws.usesDualStack
        )
        guard let found = try? resolver.endpoint(of: service) else { return nil }
        return Link(
            title: title,
            address: "\(found.scheme)://\(found.authority)",
            client: client,
            addressName: found.isCustom ? endpointName : names.region,
            trustName: names.awsCertificates,
            proxyName: names.awsProxy
        )
    }

    private func clock(_ link: Link, _ way: LinkCheck) async throws -> CheckResult {
        guard way.stands else { return .notTried("CodePipeline clock", "there is no way to CodePipeline") }
        return try await ClockCheck(link: link, isSigned: true, timeout: WorkerCheck.timeout).run()
    }

    /// The way to STS, which a worker can do without: what is wrong with it is no more than a warning.
    ///
    /// - Returns: The lines, and why STS can't be asked.
    private func stsLink(_ client: CurlHTTPClient) async throws -> ([CheckResult], String?) {
        let title = "STS"
        if aws.codePipelineEndpoint != nil, aws.stsEndpoint == nil {
            let reason = "CodePipeline's endpoint is set, \(names.stsEndpoint) isn't"
            return (LinkCheck.notTried(title, reason), reason)
        }
        guard let link = link(title, .sts, aws.stsEndpoint, names.stsEndpoint, client) else {
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
        if let reason = aws.credentialsObstacle { return CredentialsCheck(notTried: reason) }
        return try await CredentialsCheck.run(aws.credentials, names, timeout: WorkerCheck.timeout)
    }

    private func identity(
        _ client: CurlHTTPClient,
        _ obstacle: String?,
        _ key: CredentialsCheck
    ) async throws -> (who: (result: CheckResult, caller: SecurityTokenService.CallerIdentity?), failure: AWSFailure?) {
        guard key.isFound else { return ((.notTried(Self.identity, "there are no credentials"), nil), nil) }
        if let obstacle { return ((.notTried(Self.identity, obstacle), nil), nil) }
        do {
            let service = SecurityTokenService(configuration(client, aws.stsEndpoint))
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
        let codePipeline = CodePipeline(configuration(client, aws.codePipelineEndpoint))
        return try await RightsCheck(
            codePipeline: codePipeline,
            caller: caller,
            types: aws.actions.typeIDs,
            parameters: names
        ).run()
    }

    private func actionTypes(_ rights: RightsCheck.Outcome) -> [CheckResult] {
        guard let registered = rights.actionTypes else {
            return ActionTypesCheck.notTried(aws.actions, "the action types can't be listed")
        }
        return ActionTypesCheck(aws.actions, names, portal: aws.portal, registered: registered).results
    }

    /// One attempt, within a short time.
    private func configuration(_ client: CurlHTTPClient, _ endpoint: String?) -> AWSClientConfiguration {
        var configuration = AWSClientConfiguration(
            region: aws.region,
            credentials: aws.credentials,
            httpClient: SecondTry(base: client),
            endpoint: endpoint
        )
        configuration.clock = aws.clock
        configuration.usesFIPS = aws.usesFIPS
        configuration.usesDualStack = aws.usesDualStack
        configuration.warn = aws.warn
        configuration.retry = .none
        configuration.timeout = WorkerCheck.timeout
        configuration.callTimeout = WorkerCheck.timeout
        return configuration
    }
}
