/// Finds the endpoint of a service, by the rules that botocore's rule sets state for it.
///
/// Whether a host exists isn't known here: the rules make FIPS and dual-stack names for every region. Not covered:
/// S3's accelerated, access point, Outposts and Express endpoints, and the legacy global endpoints of S3 and STS
/// (`us-east-1` means its regional host).
package struct AWSEndpointResolver: Sendable, Hashable {
    /// The region, such as `eu-west-1`.
    package var region: String
    /// An endpoint to use in place of the region's own.
    package var override: String?
    /// Whether only hosts with FIPS 140 validated cryptography will do.
    package var usesFIPS: Bool
    /// Whether only hosts with IPv6 as well as IPv4 addresses will do.
    package var usesDualStack: Bool

    /// Creates a resolver.
    package init(region: String, override: String? = nil, usesFIPS: Bool = false, usesDualStack: Bool = false) {
        self.region = region
        self.override = override
        self.usesFIPS = usesFIPS
        self.usesDualStack = usesDualStack
    }

    /// The endpoint of a service.
    ///
    /// - Throws: ``AWSConfigurationError`` when the region's name can't be part of a host name or is a pseudo
    ///   region such as `aws-global`, the override isn't an address, or FIPS or dual-stack is asked for where there
    ///   is no such endpoint: with an override, or FIPS for S3 in China.
    package func endpoint(of service: AWSService) throws -> AWSEndpoint {
        guard Self.isRegion(region) else {
            throw AWSConfigurationError("\"\(region)\" can't be the name of an AWS region")
        }
        // botocore maps some of them to a region to sign for; naming that region is clearer.
        guard !region.hasSuffix("-global") else {
            throw AWSConfigurationError("\"\(region)\" stands for no region; name one, such as us-east-1")
        }
        if let override {
            guard !usesFIPS, !usesDualStack else {
                throw AWSConfigurationError(
                    "\(usesFIPS ? "FIPS" : "dual-stack") can't be combined with a custom endpoint (of \(service.id))"
                )
            }
            return try AWSEndpoint(custom: override)
        }
        let partition = AWSPartition.of(region: region)
        let authority =
            service == .s3
            ? try s3Host(in: partition)
            : ordinaryHost(of: service, in: partition)
        return AWSEndpoint(scheme: "https", authority: authority, isCustom: false)
    }

    private func ordinaryHost(of service: AWSService, in partition: AWSPartition) -> String {
        // In GovCloud every ordinary host of STS is a FIPS one.
        let hasOwnFIPSName = !(service == .sts && partition.id == "aws-us-gov" && !usesDualStack)
        let name = usesFIPS && hasOwnFIPSName ? "\(service.id)-fips" : service.id
        return "\(name).\(region).\(usesDualStack ? partition.dualStackSuffix : partition.suffix)"
    }

    private func s3Host(in partition: AWSPartition) throws -> String {
        if usesFIPS, partition.id == "aws-cn" {
            throw AWSConfigurationError("S3 has no FIPS endpoints in China")
        }
        return "\(usesFIPS ? "s3-fips" : "s3")\(usesDualStack ? ".dualstack" : "").\(region).\(partition.suffix)"
    }

    /// The endpoint that the environment or the profile configures for a service.
    ///
    /// The order is `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's `services` section, the
    /// profile's `endpoint_url`. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` (or the profile's
    /// `ignore_configured_endpoint_urls`) turns all of them off.
    ///
    /// - Parameters:
    ///   - service: The service to reach.
    ///   - environment: The environment's variables.
    ///   - profile: The profile in use, if there is one.
    /// - Returns: The endpoint; `nil` for the region's own.
    /// - Throws: ``AWSConfigurationError`` when what is configured isn't an address, or the profile names a
    ///   `services` section that doesn't exist.
    package static func configuredEndpoint(
        of service: AWSService,
        environment: [String: String],
        profile: AWSProfile? = nil
    ) throws -> String? {
        let ignored =
            environment.nonEmpty("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            ?? profile?.text("ignore_configured_endpoint_urls")
        if ignored?.lowercased() == "true" { return nil }
        for name in ["AWS_ENDPOINT_URL_\(service.environmentName)", "AWS_ENDPOINT_URL"] {
            if let address = environment.nonEmpty(name) { return try checked(address, from: name) }
        }
        guard let profile else { return nil }
        if let address = try profile.serviceSettings(of: service)["endpoint_url"], !address.isEmpty {
            return try checked(address, from: "the services section of \(profile.place)")
        }
        return try profile.text("endpoint_url").map { try checked($0, from: "endpoint_url of \(profile.place)") }
    }

    private static func checked(_ address: String, from source: String) throws -> String {
        do {
            _ = try AWSEndpoint(custom: address)
            return address
        } catch let error as AWSConfigurationError {
            throw AWSConfigurationError("\(source): \(error.message)")
        }
    }

    /// Whether a text can be a region's name, which becomes part of a host's.
    static func isRegion(_ text: String) -> Bool {
        let bytes = text.utf8
        let isLabel = bytes.allSatisfy { byte in
            byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        }
        return isLabel && (1...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-")
            && bytes.last != UInt8(ascii: "-")
    }
}

/// Finds the region.
package enum AWSRegion {
    /// The region of `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's; `nil` where nobody names one.
    package static func configured(environment: [String: String], profile: AWSProfile? = nil) -> String? {
        environment.nonEmpty("AWS_REGION") ?? environment.nonEmpty("AWS_DEFAULT_REGION") ?? profile?.text("region")
    }
}
