public import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// A client of Amazon S3: whole objects, as artifacts need them.
///
/// Every operation throws ``AWSError``, or `CancellationError` when the task is cancelled. Keys may be any text
/// and are sent byte for byte.
public struct S3: Sendable {
    /// What the client works with.
    public var configuration: AWSClientConfiguration
    /// Whether the bucket always stands in the path, never in the host's name.
    public var usesPathStyle: Bool

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - configuration: What the client works with.
    ///   - usesPathStyle: `true` to put the bucket into the path even where its name and the endpoint allow it to
    ///     stand in the host's name.
    public init(_ configuration: AWSClientConfiguration, usesPathStyle: Bool = false) {
        self.configuration = configuration
        self.usesPathStyle = usesPathStyle
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
        var headers = HTTPFields()
        if let contentType { headers[.contentType] = contentType }
        if let encryption {
            headers[.amz("x-amz-server-side-encryption")] = encryption.algorithm
            headers[.amz("x-amz-server-side-encryption-aws-kms-key-id")] = encryption.keyID
        }
        if let digest = try? Digest.sha256(body) {
            headers[.amz("x-amz-checksum-sha256")] = Data(digest).base64EncodedString()
        }
        return try await call("PutObject", .put, bucket: bucket, key: key, headers: headers, body: body) { reply in
            PutObjectResult(
                eTag: reply.response.headerFields[.eTag],
                versionID: reply.response.headerFields[.amz("x-amz-version-id")]
            )
        }
    }

    /// Reads an object (`GetObject`).
    ///
    /// - Parameters:
    ///   - bucket: The bucket.
    ///   - key: The object's key.
    ///   - versionID: The version wanted; `nil` for the latest.
    ///   - limit: The largest body accepted, in bytes.
    /// - Throws: ``AWSError``; with ``AWSError/Code/objectTooLarge`` where the object is larger than the limit.
    public func getObject(
        bucket: String,
        key: String,
        versionID: String? = nil,
        limit: Int
    ) async throws -> Object {
        try await call(
            "GetObject",
            .get,
            bucket: bucket,
            key: key,
            versionID: versionID,
            // Errors have a body too.
            responseLimit: max(limit, 64 << 10)
        ) { reply in
            guard reply.body.count <= limit else {
                throw AWSError(
                    .objectTooLarge,
                    "the object has \(reply.body.count) bytes, more than the \(limit) allowed",
                    httpStatus: reply.response.status.code
                )
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
    /// - Throws: ``AWSError``. A HEAD's error has no body, so its code follows from the status alone:
    ///   ``AWSError/Code/notFound`` for 404, ``AWSError/Code/accessDenied`` for 403.
    public func headObject(bucket: String, key: String, versionID: String? = nil) async throws -> ObjectHead {
        try await call("HeadObject", .head, bucket: bucket, key: key, versionID: versionID) { reply in
            ObjectHead(reply.response)
        }
    }

    private func call<Output>(
        _ name: String,
        _ method: HTTPRequest.Method,
        bucket: String,
        key: String,
        versionID: String? = nil,
        headers: HTTPFields = [:],
        body: Data? = nil,
        responseLimit: Int = 1 << 20,
        mayFollow: Bool = true,
        decode: (HTTPReply) throws -> Output
    ) async throws -> Output {
        let operation = AWSOperation(service: .s3, name: name, errorFormat: .xml, responseLimit: responseLimit)
        var request: HTTPRequest
        do {
            let resolver = AWSEndpointResolver(region: configuration.region, override: configuration.endpoint)
            let address = try S3Address(
                endpoint: resolver.endpoint(of: .s3),
                bucket: bucket,
                key: key,
                usesPathStyle: usesPathStyle
            )
            let query = versionID.map { "?versionId=\(PercentEncoding.encode($0))" } ?? ""
            request = HTTPRequest(
                method: method,
                scheme: address.scheme,
                authority: address.authority,
                path: address.path + query,
                headerFields: headers
            )
        } catch let error as AWSConfigurationError {
            throw AWSError(.invalidConfiguration, error.message, service: "s3", operation: name, attempts: 0)
        }
        do {
            return try await AWSCaller(configuration: configuration)
                .call(operation, request, body: body, decode: decode)
        } catch let error as AWSError {
            guard mayFollow, let elsewhere = client(following: error) else { throw error }
            return try await elsewhere.call(
                name,
                method,
                bucket: bucket,
                key: key,
                versionID: versionID,
                headers: headers,
                body: body,
                responseLimit: responseLimit,
                mayFollow: false,
                decode: decode
            )
        }
    }

    /// A client of the region that the bucket is in, where S3 refused for that reason alone.
    private func client(following error: AWSError) -> S3? {
        guard let region = error.bucketRegion, region != configuration.region, configuration.endpoint == nil,
            let status = error.httpStatus, [301, 307, 400].contains(status)
        else { return nil }
        var elsewhere = self
        elsewhere.configuration.region = region
        return elsewhere
    }
}
