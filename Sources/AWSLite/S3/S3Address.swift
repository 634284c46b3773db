import HTTPTransport

/// Where an object is found.
struct S3Address: Hashable {
    var scheme: String
    var authority: String
    /// The path on the request line, encoded.
    var path: String

    /// Addresses an object by the rules of botocore's endpoint rule set.
    ///
    /// One difference: over plain http botocore puts a dotted bucket before any host, an IP address included; here
    /// it always stands in the path.
    ///
    /// - Throws: ``AWSConfigurationError`` when no bucket or object can have such a name.
    init(endpoint: AWSEndpoint, bucket: String, key: String, usesPathStyle: Bool) throws {
        guard Self.isBucket(bucket) else {
            throw AWSConfigurationError("\"\(Limits.truncate(bucket, to: 80))\" can't be the name of an S3 bucket")
        }
        guard !bucket.hasSuffix("--x-s3"), !bucket.hasSuffix("--op-s3") else {
            throw AWSConfigurationError("buckets of S3 Express and of Outposts (\(bucket)) aren't supported")
        }
        guard !key.isEmpty, key.utf8.count <= 1024 else {
            throw AWSConfigurationError("an S3 key has to have 1 to 1024 bytes")
        }
        let object = "/" + PercentEncoding.encode(key, keeping: "/")
        scheme = endpoint.scheme
        if usesPathStyle || endpoint.isAddressLiteral || !Self.fitsHostName(bucket) {
            authority = endpoint.authority
            path = "\(endpoint.basePath)/\(bucket)\(object)"
        } else {
            authority = "\(bucket).\(endpoint.authority)"
            path = endpoint.basePath + object
        }
    }

    /// Whether it could be a bucket at all, old ones in us-east-1 included.
    private static func isBucket(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                isLabelByte(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            }
    }

    /// Whether it can be one label of a host's name; with a dot, TLS certificates wouldn't match.
    private static func fitsHostName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && name.utf8.allSatisfy(isLabelByte)
            && !name.hasPrefix("-") && !name.hasSuffix("-")
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
}
