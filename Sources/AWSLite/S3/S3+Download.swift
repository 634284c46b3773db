import FoundationEssentials
import HTTPTransport
import HTTPTypes

extension S3 {
    /// When and how an object is downloaded in parts.
    public struct DownloadOptions: Sendable, Hashable {
        /// The size of a part in bytes; an object that isn't larger comes by one request.
        public var partSize = 8 << 20
        /// How many parts are on their way at a time; with 1, every object comes by one request.
        public var concurrentParts = 4

        /// Creates options with the defaults of AWS's own tools, but fewer parts at a time.
        public init() {}
    }

    /// Reads an object (`GetObject`) into a file, in constant memory.
    ///
    /// The bytes go into a new file beside the final one, named like it with a random ending in `.partial`. Only when
    /// all have come, have the right checksum and are on the disk does that file take the final name, in place of any
    /// file of that name. After a failure or a cancellation it is removed, and the final name is as it was before. (If
    /// the process is killed, the partial file stays.)
    ///
    /// The checksum is verified where S3 keeps one over the whole object: SHA-256, SHA-1, CRC-64/NVME, CRC-32C or
    /// CRC-32, else the ETag where that is an MD5 digest. An object that was uploaded in parts may have only a checksum
    /// of checksums; of such a one only the length is verified.
    ///
    /// The first part of a large object comes by a request for the whole, which is given up there; the others by requests
    /// for ranges, several at a time, on the condition that the object is still the same.
    ///
    /// A broken transfer of a part, or of a small object, begins again, as often as the configuration's retry policy says.
    /// ``AWSClientConfiguration/timeout`` limits how long a transfer may stall, not how long it takes; the caller's task
    /// may be cancelled at any time.
    ///
    /// - Parameters:
    ///   - bucket: The bucket.
    ///   - key: The object's key.
    ///   - versionID: The version wanted; `nil` for the latest.
    ///   - path: The file's path; its folder has to exist.
    ///   - limit: The largest object accepted, in bytes.
    ///   - options: When and how parts are used.
    /// - Returns: What S3 says of the object.
    /// - Throws: ``AWSError``; with ``AWSError/Code/objectTooLarge``, ``AWSError/Code/checksumMismatch``,
    ///   ``AWSError/Code/preconditionFailed`` where the object was written anew meanwhile, or
    ///   ``AWSError/Code/fileFailed`` among others.
    public func downloadObject(
        bucket: String,
        key: String,
        versionID: String? = nil,
        to path: String,
        limit: Int,
        options: DownloadOptions = DownloadOptions()
    ) async throws -> ObjectHead {
        let partial = "\(path).\(String(UInt64.random(in: 0...(.max)), radix: 36)).partial"
        do {
            let download = Download(
                s3: self,
                bucket: bucket,
                key: key,
                versionID: versionID,
                path: partial,
                limit: limit,
                options: options
            )
            let response = try await download.run()
            try await FileAccess.commit(partial, as: path)
            return ObjectHead(response)
        } catch {
            FileAccess.remove(partial)
            throw Self.error(error, "GetObject")
        }
    }

    /// A failure of ours in the words of ``AWSError``.
    static func error(_ error: any Error, _ operation: String) -> any Error {
        switch error {
        case let failure as FileAccess.Failure:
            return AWSError(.fileFailed, failure.description, service: "s3", operation: operation)
        case is Digest.Failure:
            return AWSError(.invalidRequest, "libcrypto computes no digest", service: "s3", operation: operation)
        case var failure as AWSError where failure.operation.isEmpty:
            (failure.service, failure.operation) = ("s3", operation)
            return failure
        default:
            return error
        }
    }
}
