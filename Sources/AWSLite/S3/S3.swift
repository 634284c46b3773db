public import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// A client of Amazon S3: whole objects, as artifacts need them, in memory or from and to files.
///
/// Every operation throws ``AWSError``, or `CancellationError` when the task is cancelled. Keys may be any text
/// and are sent byte for byte.
public struct S3: Sendable {
    /// What the client works with.
    package var configuration: AWSClientConfiguration
    /// Where the bucket stands.
    package var addressingStyle: AddressingStyle

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - configuration: What the client works with.
    ///   - addressingStyle: Where the bucket stands: in the host's name or in the path.
    public init(_ configuration: AWSClientConfiguration, addressingStyle: AddressingStyle = .auto) {
        self.configuration = configuration
        self.addressingStyle = addressingStyle
    }

    /// Writes an object (`PutObject`).
    ///
    /// S3 checks the body against its SHA-256 digest, in the signature and as a checksum.
    ///
    /// - Throws: ``AWSError``.
    public func putObject(
        bucket: String,
        key: String,
        body: Data,
        contentType: String? = nil,
        encryption: ServerSideEncryption? = nil
    ) async throws -> PutObjectResult {
        var request = S3Request(.putObject, .put, bucket, key)
        do {
            let digest = try await AWSCaller.heavyWork.run(size: body.count) { try Digest.sha256(body) }
            request.payload = AWSPayload(body, sha256: digest)
            request.setChecksum("SHA256", digest)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw AWSError(.invalidRequest, "libcrypto computes no SHA-256", service: "s3", operation: "PutObject")
        }
        request.describe(contentType, encryption)
        return try await call(request) { PutObjectResult($0) }
    }

    /// Reads an object (`GetObject`) into memory.
    ///
    /// Its checksum is verified where S3 keeps one over the whole object, as ``downloadObject(bucket:key:versionID:to:limit:options:)``
    /// does.
    ///
    /// - Parameters:
    ///   - bucket: The bucket.
    ///   - key: The object's key.
    ///   - versionID: The version wanted; `nil` for the latest.
    ///   - limit: The largest body accepted, in bytes.
    /// - Returns: The object's content, and what S3 tells of it.
    /// - Throws: ``AWSError``; with ``AWSError/Code/objectTooLarge`` where the object is larger than the limit, and
    ///   ``AWSError/Code/checksumMismatch`` where its bytes aren't those that were written.
    public func getObject(
        bucket: String,
        key: String,
        versionID: String? = nil,
        limit: Int
    ) async throws -> Object {
        var request = S3Request(.getObject, .get, bucket, key, versionID: versionID)
        request.headers[.amz("x-amz-checksum-mode")] = "ENABLED"
        // Errors have a body too.
        request.responseLimit = max(limit, 64 << 10)
        return try await call(request) { reply in
            guard reply.body.count <= limit else {
                throw AWSError(
                    .objectTooLarge,
                    "the object has \(reply.body.count) bytes, more than the \(limit) allowed",
                    httpStatus: reply.response.status.code
                )
            }
            try await AWSCaller.heavyWork.run(size: reply.body.count) {
                guard var checksum = try ObjectChecksum(reply.response.headerFields) else { return }
                try checksum.update(reply.body.span)
                try checksum.verify()
            }
            let head = ObjectHead(reply.response)
            return Object(
                body: reply.body,
                eTag: head.eTag,
                contentType: head.contentType,
                versionID: head.versionID,
                metadata: head.metadata
            )
        }
    }

    /// Asks about an object without reading it (`HeadObject`).
    ///
    /// - Throws: ``AWSError``. A HEAD's error has no body, so its code follows from the status where the reply bears S3's
    ///   id of the request: ``AWSError/Code/notFound`` for 404, ``AWSError/Code/accessDenied`` for 403.
    public func headObject(bucket: String, key: String, versionID: String? = nil) async throws -> ObjectHead {
        try await call(S3Request(.headObject, .head, bucket, key, versionID: versionID)) { ObjectHead($0.response) }
    }
}
