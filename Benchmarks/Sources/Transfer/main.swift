// Copies a file to S3 or back and prints MB a second, CPU seconds and peak MiB: Transfer upload|download ENDPOINT FILE
import AWSLite
import Foundation
import Measure

let path = CommandLine.arguments[3]
let s3 = S3(try configuration(CommandLine.arguments[2], connections: 32))
let (before, start) = (Usage(), ContinuousClock.now)
if CommandLine.arguments[1] == "upload" {
    _ = try await s3.uploadObject(from: path, bucket: "bucket", key: "object")
} else {
    _ = try await s3.downloadObject(bucket: "bucket", key: "object", to: path, limit: 5 << 40)
}
let (seconds, after) = ((ContinuousClock.now - start) / .seconds(1), Usage())
let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
print(String(format: "%.0f %.2f %.0f", Double(size) / 1e6 / seconds, after.cpu - before.cpu, after.peak))
