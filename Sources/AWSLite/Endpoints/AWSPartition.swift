/// A group of regions that share a suffix of host names.
package struct AWSPartition: Sendable, Hashable {
    /// The partition's id, as in ARNs.
    package let id: String
    /// The end of its ordinary host names.
    package let suffix: String
    /// The end of the host names that have IPv6 addresses as well.
    package let dualStackSuffix: String
    /// The beginnings of its regions' names.
    private let prefixes: [String]

    /// The partition of a region; `aws` where none matches.
    package static func of(region: String) -> AWSPartition {
        known.first { $0.contains(region) } ?? aws
    }

    /// The ordinary partition.
    package static let aws = AWSPartition(
        id: "aws",
        suffix: "amazonaws.com",
        dualStackSuffix: "api.aws",
        prefixes: ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"]
    )

    /// Every partition that botocore 1.43.11's `partitions.json` lists, in its order.
    package static let known: [AWSPartition] = [
        aws,
        AWSPartition(
            id: "aws-cn",
            suffix: "amazonaws.com.cn",
            dualStackSuffix: "api.amazonwebservices.com.cn",
            prefixes: ["cn"]
        ),
        AWSPartition(
            id: "aws-eusc",
            suffix: "amazonaws.eu",
            dualStackSuffix: "api.amazonwebservices.eu",
            prefixes: ["eusc-de"]
        ),
        AWSPartition(
            id: "aws-iso",
            suffix: "c2s.ic.gov",
            dualStackSuffix: "api.aws.ic.gov",
            prefixes: ["us-iso"]
        ),
        AWSPartition(
            id: "aws-iso-b",
            suffix: "sc2s.sgov.gov",
            dualStackSuffix: "api.aws.scloud",
            prefixes: ["us-isob"]
        ),
        AWSPartition(
            id: "aws-iso-e",
            suffix: "cloud.adc-e.uk",
            dualStackSuffix: "api.cloud-aws.adc-e.uk",
            prefixes: ["eu-isoe"]
        ),
        AWSPartition(
            id: "aws-iso-f",
            suffix: "csp.hci.ic.gov",
            dualStackSuffix: "api.aws.hci.ic.gov",
            prefixes: ["us-isof"]
        ),
        AWSPartition(id: "aws-us-gov", suffix: "amazonaws.com", dualStackSuffix: "api.aws", prefixes: ["us-gov"]),
    ]

    /// Whether a region's name is `<prefix>-<word>-<number>`.
    private func contains(_ region: String) -> Bool {
        prefixes.contains { prefix in
            guard region.hasPrefix("\(prefix)-") else { return false }
            let rest = region.dropFirst(prefix.count + 1).split(separator: "-", omittingEmptySubsequences: false)
            return rest.count == 2 && !rest[0].isEmpty && !rest[1].isEmpty
                && rest[0].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                && rest[1].allSatisfy { $0.isASCII && $0.isNumber }
        }
    }
}
