package import Foundation

/// An object as the stand-in of S3 holds it.
package struct LocalObject: Sendable {
    /// The bytes.
    package var body: Data
    /// The entity tag, with its quotation marks.
    package var eTag: String
    /// The id of this version.
    package var versionID: String
    /// When it was put.
    package var modified: Date
    /// The header fields that come back with it: content type, metadata, encryption, checksums.
    package var headers: [String: String]
}

/// The buckets and their objects.
struct ObjectStore: Sendable {
    struct Bucket: Sendable {
        var policy: BucketPolicy
        /// All versions by key, the newest last; an empty list stands for a deleted object.
        var objects: [String: [LocalObject]] = [:]
    }

    var behavior: S3Behavior
    var buckets: [String: Bucket] = [:]

    mutating func put(_ body: Data, bucket: String, key: String, headers: [String: String], now: Date) -> LocalObject {
        let object = LocalObject(
            body: body,
            eTag: "\"\(Digest.hex(Digest.md5(body)))\"",
            versionID: Random.text(32, from: Random.letters),
            modified: now,
            headers: headers
        )
        buckets[bucket]?.objects[key, default: []].append(object)
        return object
    }
}
