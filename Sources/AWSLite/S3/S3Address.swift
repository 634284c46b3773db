import HTTPTransport

extension S3 {
    /// Where a bucket stands in an address, by the names that the setting `addressing_style` has for it.
    public struct AddressingStyle: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case auto, virtual, path
        }
        private let kind: Kind

        private init(kind: Kind) { self.kind = kind }

        /// The style of a name; `nil` for a name that none has.
        init?(name: String) {
            guard let kind = Kind(rawValue: name) else { return nil }
            self.kind = kind
        }

        /// In the host's name at a region's own endpoint, where the bucket's name allows it; else in the path.
        public static var auto: Self { Self(kind: .auto) }
        /// In the host's name wherever the bucket's name and the endpoint allow it, a configured endpoint included.
        public static var virtual: Self { Self(kind: .virtual) }
        /// In the path.
        public static var path: Self { Self(kind: .path) }

        /// The name.
        public var description: String { kind.rawValue }
    }
}

/// Where an object is found.
struct S3Address: Hashable {
    var scheme: String
    var authority: String
    /// The path on the request line, encoded.
    var path: String

    /// Addresses an object by the rules of botocore's clients and their endpoint rule set.
    ///
    /// One difference: over plain http botocore puts a dotted bucket even before an IP address, which is no host; here
    /// it then stands in the path.
    ///
    /// - Throws: ``AWSConfigurationError`` when no bucket or object can have such a name.
    init(endpoint: AWSEndpoint, bucket: String, key: String, style: S3.AddressingStyle) throws {
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
        if Self.isInHost(bucket, endpoint, style) {
            authority = "\(bucket).\(endpoint.authority)"
            path = endpoint.basePath + object
        } else {
            authority = endpoint.authority
            path = "\(endpoint.basePath)/\(bucket)\(object)"
        }
    }

    private static func isInHost(_ bucket: String, _ endpoint: AWSEndpoint, _ style: S3.AddressingStyle) -> Bool {
        let isWanted = style == .virtual || (style == .auto && !endpoint.isCustom)
        guard isWanted, !endpoint.isAddressLiteral else { return false }
        let labels = bucket.split(separator: ".", omittingEmptySubsequences: false)
        // TLS certificates match one label, so a dotted bucket can stand there only without them.
        guard labels.count == 1 || endpoint.scheme == "http" else { return false }
        let isAddress = labels.count == 4 && labels.allSatisfy { UInt8($0) != nil }
        return bucket.utf8.count >= 3 && !isAddress && labels.allSatisfy(isLabel)
    }

    /// Whether it could be a bucket at all, old ones in us-east-1 included.
    private static func isBucket(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                isLabelByte(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            }
    }

    /// Whether it can be one label of a host's name.
    private static func isLabel(_ name: Substring) -> Bool {
        (1...63).contains(name.utf8.count) && name.utf8.allSatisfy(isLabelByte)
            && !name.hasPrefix("-") && !name.hasSuffix("-")
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
}
