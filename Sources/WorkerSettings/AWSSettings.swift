package import AWSLite
package import HTTPTransport

/// The region, the credentials, and how AWS is reached.
package struct AWSSettings: Sendable {
    /// The region.
    package var region: String
    /// Where credentials come from.
    package var credentials: any AWSCredentialProvider
    /// CodePipeline's endpoint; `nil` for the region's.
    package var codePipelineEndpoint: String?
    /// S3's endpoint; `nil` for the region's.
    package var s3Endpoint: String?
    /// STS's endpoint; `nil` for the region's.
    package var stsEndpoint: String?
    /// The certificates to trust; `nil` for the system's.
    package var caBundle: String?
    /// Whether FIPS endpoints are used.
    package var usesFIPS = false
    /// Whether endpoints that also have IPv6 addresses are used.
    package var usesDualStack = false
    /// Where buckets stand in an S3 address.
    package var s3AddressingStyle = S3.AddressingStyle.auto
    /// AWS's time, as its clients learn it.
    package private(set) var clock = AWSClock()
    /// Where the warnings of AWS's clients go.
    package let warnings = WarningRelay()

    /// Reads AWS's settings.
    package init(_ reader: inout SettingReader) {
        let variables = Self.variables(&reader)
        caBundle = reader.certificates(.awsCABundle)
        for path in Self.sharedFiles(variables) {
            guard let mode = SecretFile.modeOpenToWriters(path) else { continue }
            reader.note(
                "AWS configuration:",
                "\(path) can be changed by others on this host (mode \(mode)). Wanted: chmod o-w \(path)"
            )
        }
        region = ""
        credentials = CredentialProviderChain([])
        let environment: AWSEnvironment
        do {
            environment = try AWSEnvironment(variables, warn: warnings.warn)
            credentials = environment.credentials
            if caBundle == nil { caBundle = try Self.profileCABundle(variables) }
        } catch {
            reader.note("AWS configuration:", "\(error)")
            return
        }
        if let region = environment.region {
            self.region = region
            do {
                _ = try AWSEndpointResolver(region: region).endpoint(of: .codePipeline)
            } catch {
                reader.note(Setting.region.name, "is '\(region)'. Wanted: a region, such as eu-west-1.")
            }
        } else {
            reader.note(Setting.region.name, "is missing. Wanted: the pipelines' region, such as eu-west-1.")
        }
        clock = environment.clock
        usesFIPS = environment.usesFIPS
        usesDualStack = environment.usesDualStack
        do {
            s3AddressingStyle = try environment.s3AddressingStyle()
        } catch {
            reader.note("AWS configuration:", "\(error)")
        }
        codePipelineEndpoint = endpoint(of: .codePipeline, environment, &reader)
        s3Endpoint = endpoint(of: .s3, environment, &reader)
        stsEndpoint = endpoint(of: .sts, environment, &reader)
    }

    /// How a problem with all sources of credentials begins.
    static let credentialsTitle = "AWS credentials:"

    /// Where the credentials come from, in words; `nil` before some have come.
    package var credentialSource: String? { (credentials as? CredentialProviderChain)?.sourceName }

    /// Asks for credentials once, so that a worker without any says so at its start.
    ///
    /// - Returns: What is secret in them.
    package func checkCredentials(_ reader: inout SettingReader) async -> [Secret] {
        do {
            let found = try await credentials.credentials()
            return [found.secretAccessKey, found.sessionToken].compactMap { $0 }
        } catch let error as AWSCredentialError where !error.isTransient {
            reader.note(
                Self.credentialsTitle,
                "\(error). Wanted: an access key, a profile, or a role of this host, as every AWS tool takes them.",
                // A metadata service that is still silent when the host starts looks like none.
                mayPass: error.code == .notConfigured
            )
        } catch {
            // A source that is down for now may be back when the first request is signed.
        }
        return []
    }

    /// What a client of a service needs.
    package func client(_ httpClient: any HTTPClient, endpoint: String?) -> AWSClientConfiguration {
        var configuration = AWSClientConfiguration(
            region: region,
            credentials: credentials,
            httpClient: httpClient,
            endpoint: endpoint
        )
        configuration.clock = clock
        configuration.usesFIPS = usesFIPS
        configuration.usesDualStack = usesDualStack
        configuration.warn = warnings.warn
        return configuration
    }

    /// A client of HTTP for AWS.
    ///
    /// - Throws: `HTTPClientError` when libcurl can't start or the certificates can't be read.
    package func httpClient() throws -> CurlHTTPClient {
        var configuration = CurlHTTPClient.Configuration()
        configuration.caBundle = caBundle
        return try CurlHTTPClient(configuration)
    }

    /// The merged settings as AWS tools know them: the original worker's names stand for an access key pair.
    private static func variables(_ reader: inout SettingReader) -> [String: String] {
        var variables = reader.sources.merged
        guard reader.text(.accessKeyID) == nil else { return variables }
        let id = reader.text(.oldAccessKeyID)
        let secret = reader.text(.oldSecretAccessKey)
        switch (id, secret) {
        case (let id?, let secret?):
            variables[Setting.accessKeyID.name] = id
            variables[Setting.secretAccessKey.name] = secret
            // A token would belong to another key.
            variables["AWS_SESSION_TOKEN"] = nil
            variables["AWS_SECURITY_TOKEN"] = nil
        case (.some, nil):
            reader.note(Setting.oldSecretAccessKey.name, "is missing, though AWS_KEY_NAME is set. Wanted: its secret.")
        case (nil, .some):
            reader.note(Setting.oldAccessKeyID.name, "is missing, though AWS_KEY is set. Wanted: the access key's id.")
        case (nil, nil): break
        }
        return variables
    }

    /// The endpoint that is configured for a service; one that no request could be sent to is a problem.
    private func endpoint(
        of service: AWSService,
        _ environment: AWSEnvironment,
        _ reader: inout SettingReader
    ) -> String? {
        do {
            let configured = try environment.endpoint(of: service)
            // A region that is missing or wrong has been noted already.
            let isUsable = (try? AWSEndpointResolver(region: region).endpoint(of: service)) != nil
            let resolver = AWSEndpointResolver(
                region: isUsable ? region : "us-east-1",
                override: configured,
                usesFIPS: usesFIPS,
                usesDualStack: usesDualStack
            )
            _ = try resolver.endpoint(of: service)
            return configured
        } catch {
            let problem = "\(error)"
            // AWS_ENDPOINT_URL is asked for once per service.
            if !reader.problems.contains(where: { $0.message == problem }) {
                reader.note("AWS endpoint:", problem)
            }
            return nil
        }
    }

    private static func sharedFiles(_ variables: [String: String]) -> [String] {
        let location = AWSProfileFiles.Location(environment: variables)
        return [location.configuration, location.credentials]
    }

    private static func profileCABundle(_ variables: [String: String]) throws -> String? {
        try AWSProfileFiles(environment: variables).selectedProfile()?.text("ca_bundle")
    }
}
