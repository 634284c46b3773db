/// Finds the endpoint of a service.
public struct AWSEndpointResolver: Sendable, Hashable {
    /// The region, such as `eu-west-1`.
    public var region: String
    /// An endpoint to use in place of the region's own.
    public var override: String?

    /// Creates a resolver.
    public init(region: String, override: String? = nil) {
        self.region = region
        self.override = override
    }

    /// The endpoint of a service.
    ///
    /// - Throws: ``AWSConfigurationError`` when the region's name can't be part of a host name, or the override
    ///   isn't an address.
    public func endpoint(of service: AWSService) throws -> AWSEndpoint {
        guard Self.isRegion(region) else {
            throw AWSConfigurationError("\"\(region)\" can't be the name of an AWS region")
        }
        if let override { return try AWSEndpoint(custom: override) }
        let partition = AWSPartition.of(region: region)
        return AWSEndpoint(
            scheme: "https",
            authority: "\(service.id).\(region).\(partition.suffix)",
            isCustom: false
        )
    }

    /// The endpoint that the environment or the profile configures for a service, or `nil` for the region's own.
    ///
    /// The order is `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's `services` section, the
    /// profile's `endpoint_url`. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` (or the profile's
    /// `ignore_configured_endpoint_urls`) turns all of them off.
    ///
    /// - Parameters:
    ///   - service: The service to reach.
    ///   - environment: The environment's variables.
    ///   - profile: The profile in use, if there is one.
    /// - Throws: ``AWSConfigurationError`` when what is configured isn't an address, or the profile names a
    ///   `services` section that doesn't exist.
    public static func configuredEndpoint(
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

    private static func isRegion(_ text: String) -> Bool {
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
public enum AWSRegion {
    /// The region of `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's; `nil` where nobody names one.
    public static func configured(environment: [String: String], profile: AWSProfile? = nil) -> String? {
        environment.nonEmpty("AWS_REGION") ?? environment.nonEmpty("AWS_DEFAULT_REGION") ?? profile?.text("region")
    }
}
