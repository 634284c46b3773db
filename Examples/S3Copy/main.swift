// Copies a file to S3 or an object to a file: S3Copy FILE s3://bucket/key, or the other way round.

import AWSLite
import FoundationEssentials
import Glibc

let arguments = CommandLine.arguments.dropFirst()
guard let source = arguments.first, let target = arguments.last, arguments.count == 2,
    let remote = [source, target].first(where: { $0.hasPrefix("s3://") }),
    source.hasPrefix("s3://") != target.hasPrefix("s3://"),
    let slash = remote.dropFirst(5).firstIndex(of: "/")
else {
    print("usage: S3Copy FILE s3://bucket/key | S3Copy s3://bucket/key FILE")
    exit(2)
}
let bucket = String(remote.dropFirst(5)[..<slash])
let key = String(remote[remote.index(after: slash)...])

do {
    // Region, credentials and endpoint from the environment and the shared files, as for AWS's own tools.
    let environment = try AWSEnvironment(ProcessInfo.processInfo.environment)
    let s3 = S3(try environment.configuration(of: .s3), addressingStyle: try environment.s3AddressingStyle())
    if source == remote {
        _ = try await s3.downloadObject(bucket: bucket, key: key, to: target, limit: 5 << 40)
    } else {
        _ = try await s3.uploadObject(from: source, bucket: bucket, key: key)
    }
} catch {
    print("\(error)")
    exit(1)
}
