import FoundationEssentials
import HTTPTransport
import HTTPTypes

extension S3 {
    /// When and how a file is uploaded in parts.
    public struct UploadOptions: Sendable, Hashable {
        /// The largest file that is uploaded at once, in bytes; S3 takes at most 5 GiB at once.
        public var multipartThreshold = 16 << 20
        /// The size of a part in bytes, where 10,000 of them suffice; else parts are larger.
        ///
        /// S3 wants at least 5 MiB.
        public var partSize = 8 << 20
        /// How many parts are on their way at a time.
        public var concurrentParts = 4

        /// Creates options with the defaults of AWS's own tools, but fewer parts at a time.
        public init() {}

        /// The size of each part of a file but the last.
        func partSize(for length: Int) -> Int {
            let least = (length + Self.mostParts - 1) / Self.mostParts
            guard partSize < least else { return partSize }
            let mebibyte = 1 << 20
            return (least + mebibyte - 1) / mebibyte * mebibyte
        }

        /// S3's limit.
        static let mostParts = 10_000
    }

    /// Writes a file as an object, in constant memory: at once (`PutObject`), or in parts (`CreateMultipartUpload`,
    /// `UploadPart`, `CompleteMultipartUpload`) where it is large.
    ///
    /// Every request's body is signed by its SHA-256 digest, so S3 refuses any other bytes, with or without TLS. An
    /// object written at once keeps that digest as its checksum. One written in parts keeps a CRC-32 over the whole, for
    /// which parts can be read side by side, which S3 verifies when it puts them together, and which whoever reads the
    /// object can verify (a SHA-256 over parts couldn't be without knowing them). So a file is read twice, the second
    /// time as a rule from the page cache. Where the server doesn't confirm the parts' checksums, as OpenStack Swift
    /// doesn't, it isn't told any at the end.
    ///
    /// After a failure or a cancellation the parts that S3 has are given up (`AbortMultipartUpload`), before this
    /// returns. ``AWSClientConfiguration/timeout`` limits how long a transfer may stall, not how long it takes.
    ///
    /// - Parameters:
    ///   - path: The path of a regular file.
    ///   - bucket: The bucket.
    ///   - key: The object's key.
    ///   - contentType: The content's type.
    ///   - encryption: How S3 encrypts the object; `nil` for the bucket's default.
    ///   - options: When and how parts are used.
    /// - Returns: The object's entity tag, and its version in a bucket that keeps versions.
    /// - Throws: ``AWSError``; with ``AWSError/Code/fileFailed`` for a file that can't be read, and
    ///   ``AWSError/Code/fileChanged`` where its size, its time or the file itself changed meanwhile: then there is no
    ///   new object, unless the error's ``AWSError/mayHaveBeenProcessed`` is set.
    public func uploadObject(
        from path: String,
        bucket: String,
        key: String,
        contentType: String? = nil,
        encryption: ServerSideEncryption? = nil,
        options: UploadOptions = UploadOptions()
    ) async throws -> PutObjectResult {
        do {
            let file = try FileAccess.identity(path)
            do {
                guard file.size > options.multipartThreshold else {
                    return try await putFile(file, path, bucket, key, contentType, encryption)
                }
                let upload = MultipartUpload(
                    s3: self,
                    bucket: bucket,
                    key: key,
                    path: path,
                    file: file,
                    options: options
                )
                return try await upload.run(contentType, encryption)
            } catch let error where !(error is CancellationError) && (error as? AWSError)?.code != .fileChanged {
                // S3's word for it would be a wrong digest, or the file's would be a missing end.
                guard try FileAccess.identity(path) == file else { throw Self.changed(path, error as? AWSError) }
                throw error
            }
        } catch {
            throw Self.error(error, "PutObject")
        }
    }

    private func putFile(
        _ file: FileAccess.Identity,
        _ path: String,
        _ bucket: String,
        _ key: String,
        _ contentType: String?,
        _ encryption: ServerSideEncryption?
    ) async throws -> PutObjectResult {
        let range = HTTPFileRange(path: path, length: file.size)
        let digest = try RunningDigest(.sha256)
        try await FileAccess.forEachPiece(of: range) { try digest.update($0) }
        guard try FileAccess.identity(path) == file else { throw Self.changed(path) }
        var request = S3Request(.putObject, .put, bucket, key)
        let sum = try digest.finish()
        request.payload = AWSPayload(range, sha256: sum)
        request.setChecksum("SHA256", sum)
        request.describe(contentType, encryption)
        request.isBulk = true
        return try await call(request) { PutObjectResult($0) }
    }

    static func changed(_ path: String, _ cause: AWSError? = nil) -> AWSError {
        var error = cause ?? AWSError(.fileChanged, "", service: "s3", operation: "PutObject", attempts: 0)
        error.code = .fileChanged
        error.message = "the file '\(path)' changed while it was uploaded"
        return error
    }
}
