import HTTPTypes

/// Where S3 sends a request that came to the wrong host, as it does for a while with a new bucket.
///
/// A request bears a session's token and an object's bytes, so not everybody who answers may send it on: only S3's own
/// hosts of the same partition are followed, or, where an endpoint is configured, the hosts beside it.
struct S3Redirect: Hashable {
    var scheme: String
    var authority: String
    /// The path on the request line with its query, as the redirect has it.
    var path: String
    /// The region to sign for; `nil` for the one that was asked.
    var region: String?

    /// Reads a reply's `Location`; `nil` for an address that a request may not be sent on to.
    ///
    /// - Parameters:
    ///   - location: An address, or a path on the same host.
    ///   - request: What was asked.
    ///   - endpoint: Which endpoint that was.
    ///   - bucket: The bucket that was asked for.
    ///   - configuration: What the request was made with.
    init?(
        _ location: String,
        from request: HTTPRequest,
        _ endpoint: AWSEndpoint,
        bucket: String,
        _ configuration: AWSClientConfiguration
    ) {
        guard let parts = Self.parts(of: location, request) else { return nil }
        (scheme, authority, path) = parts
        let target = AWSEndpoint(scheme: scheme, authority: authority, isCustom: true)
        if endpoint.isCustom {
            let isAsSafe = scheme == "https" || endpoint.scheme == "http"
            guard isAsSafe, Self.isBeside(target, endpoint, bucket) else { return nil }
        } else {
            guard scheme == "https", authority == target.host || authority == "\(target.host):443",
                let region = Self.region(of: target.host.lowercased(), path, bucket, configuration)
            else { return nil }
            self.region = region
        }
    }

    /// The parts of an absolute or relative address.
    private static func parts(
        of location: String,
        _ request: HTTPRequest
    ) -> (scheme: String, authority: String, path: String)? {
        let rest = location.prefix { $0 != "#" }
        guard rest.utf8.count <= 4_096, rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        if rest.hasPrefix("/"), !rest.hasPrefix("//") {
            return (request.scheme ?? "", request.authority ?? "", String(rest))
        }
        guard let mark = rest.firstRange(of: "://") else { return nil }
        let authority = rest[mark.upperBound...].prefix { $0 != "/" && $0 != "?" }
        let path = rest[authority.endIndex...]
        guard path.hasPrefix("/"),
            let target = try? AWSEndpoint(custom: "\(rest[..<mark.lowerBound])://\(authority)")
        else { return nil }
        return (target.scheme, target.authority, String(path))
    }

    /// Whether a host is the configured one, one below it, or one beside it under the same domain.
    private static func isBeside(_ target: AWSEndpoint, _ endpoint: AWSEndpoint, _ bucket: String) -> Bool {
        let (host, own) = (target.host.lowercased(), endpoint.host.lowercased())
        if host == own || host == "\(bucket).\(own)" || isLoopback(host) && isLoopback(own) { return true }
        guard !target.isAddressLiteral, !endpoint.isAddressLiteral else { return false }
        if host.hasSuffix(".\(own)") { return true }
        let domain = own.drop { $0 != "." }
        // A domain of one label, such as `.com`, is everybody's.
        return domain.count(where: { $0 == "." }) >= 2 && host.hasSuffix(domain)
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
            || host.hasPrefix("127.") && AWSEndpoint(scheme: "http", authority: host, isCustom: true).isAddressLiteral
    }

    /// The region of one of S3's own hosts; `nil` for any other host, or for another bucket.
    private static func region(
        of host: String,
        _ path: String,
        _ bucket: String,
        _ configuration: AWSClientConfiguration
    ) -> String? {
        let partition = AWSPartition.of(region: configuration.region)
        guard
            let suffix = [partition.suffix, partition.dualStackSuffix].first(where: { host.hasSuffix(".\($0)") })
        else { return nil }
        var name = host.dropLast(suffix.utf8.count + 1)
        if name.hasPrefix("\(bucket.lowercased()).s3") {
            name = name.dropFirst(bucket.utf8.count + 1)
        } else {
            guard path.hasPrefix("/\(bucket)/") else { return nil }
        }
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let service = labels.removeFirst()
        if labels.first == "dualstack" { labels.removeFirst() }
        guard labels.count <= 1, !configuration.usesFIPS || service == "s3-fips" else { return nil }
        var region = labels.first ?? "us-east-1"
        if !["s3", "s3-fips", "s3-external-1"].contains(service) {
            // The old spelling, s3-eu-west-1.
            guard service.hasPrefix("s3-"), labels.isEmpty else { return nil }
            region = service.dropFirst(3)
        }
        guard AWSEndpointResolver.isRegion(String(region)),
            AWSPartition.of(region: String(region)).id == partition.id
        else { return nil }
        return String(region)
    }
}
