import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// One operation on an object, before it has an address and a signature.
struct S3Request {
    var name: AWSOperationName
    var method: HTTPRequest.Method
    var bucket: String
    var key: String
    /// The query, encoded, in the order in which it is sent.
    var query: String
    var headers = HTTPFields()
    var payload: AWSPayload?
    var responseLimit = 1 << 20
    var acceptsBeginning = false
    var destination = HTTPDestination.memory
    /// Whether either body may be large.
    var isBulk = false
    /// What shows that a success is S3's.
    var proof: ReplyProof

    init(
        _ name: AWSOperationName,
        _ method: HTTPRequest.Method,
        _ bucket: String,
        _ key: String,
        query: String = "",
        versionID: String? = nil
    ) {
        (self.name, self.method, self.bucket, self.key) = (name, method, bucket, key)
        // What is put, got or asked about here is an object, or a part of one.
        proof = [.put, .get, .head].contains(method) ? .eTag : .content
        self.query = versionID.map { "versionId=\(PercentEncoding.encode($0))" } ?? query
    }

    /// Sets what a new object is to have.
    mutating func describe(_ contentType: String?, _ encryption: S3.ServerSideEncryption?) {
        headers[.contentType] = contentType
        headers[.amz("x-amz-server-side-encryption")] = encryption?.algorithm
        headers[.amz("x-amz-server-side-encryption-aws-kms-key-id")] = encryption?.keyID
    }

    /// Sets the body's checksum, which S3 verifies and keeps.
    mutating func setChecksum(_ algorithm: String, _ bytes: [UInt8]) {
        headers[.amz("x-amz-sdk-checksum-algorithm")] = algorithm
        headers[HTTPField.Name("x-amz-checksum-\(algorithm.lowercased())") ?? .accept] = Data(bytes)
            .base64EncodedString()
    }
}

extension S3 {
    /// Sends a request to where its bucket is.
    func call<Output>(
        _ request: S3Request,
        decode: (HTTPReply) async throws -> Output
    ) async throws -> Output {
        var output: Output?
        try await call(request, mayFollow: true) { output = try await decode($0) }
        return try AWSCaller.taken(output)
    }

    private func call(
        _ request: S3Request,
        mayFollow: Bool,
        take: (HTTPReply) async throws -> Void
    ) async throws {
        var way = try way(of: request, mayFollow: mayFollow)
        do {
            try await way.send(request.payload, take)
        } catch let error as AWSError {
            if mayFollow, let elsewhere = client(following: error, from: way.configuration.region) {
                elsewhere.configuration.memory.remember(
                    region: elsewhere.configuration.region,
                    ofBucket: request.bucket
                )
                return try await elsewhere.call(request, mayFollow: false, take: take)
            }
            guard way.follow(error, bucket: request.bucket) else { throw error }
            try await way.send(request.payload, take)
        }
    }

    /// Where a request goes, and how.
    private struct Way {
        let operation: AWSOperation
        let endpoint: AWSEndpoint
        var http: HTTPRequest
        var configuration: AWSClientConfiguration

        /// Goes where a redirect leads: once, and signed anew, for a signature holds for one host and path.
        mutating func follow(_ error: AWSError, bucket: String) -> Bool {
            guard
                let place = error.redirect.flatMap({
                    S3Redirect($0, from: http, endpoint, bucket: bucket, configuration)
                })
            else { return false }
            (http.scheme, http.authority, http.path) = (place.scheme, place.authority, place.path)
            configuration.region = place.region ?? configuration.region
            return true
        }

        func send(_ payload: AWSPayload?, _ take: (HTTPReply) async throws -> Void) async throws {
            try await AWSCaller(configuration: configuration).call(operation, http, payload: payload, take: take)
        }
    }

    private func way(of request: S3Request, mayFollow: Bool) throws -> Way {
        let operation = AWSOperation(
            service: .s3,
            name: request.name,
            proof: request.proof,
            errorFormat: .xml,
            responseLimit: request.responseLimit,
            destination: request.destination,
            acceptsBeginning: request.acceptsBeginning,
            isBulk: request.isBulk
        )
        var configuration = configuration
        if mayFollow, configuration.endpoint == nil,
            let region = configuration.memory.region(ofBucket: request.bucket)
        {
            configuration.region = region
        }
        let http: HTTPRequest
        let endpoint: AWSEndpoint
        do {
            endpoint = try configuration.resolver.endpoint(of: .s3)
            let address = try S3Address(
                endpoint: endpoint,
                bucket: request.bucket,
                key: request.key,
                style: addressingStyle
            )
            http = HTTPRequest(
                method: request.method,
                scheme: address.scheme,
                authority: address.authority,
                path: address.path + (request.query.isEmpty ? "" : "?\(request.query)"),
                headerFields: request.headers
            )
        } catch let error as AWSConfigurationError {
            throw AWSError.unsent(.invalidConfiguration, error.message, operation)
        }
        return Way(operation: operation, endpoint: endpoint, http: http, configuration: configuration)
    }

    /// A client of the region that the bucket is in, where S3 refused for that reason alone.
    private func client(following error: AWSError, from asked: String) -> S3? {
        guard let region = error.bucketRegion, region != asked, configuration.endpoint == nil,
            let status = error.httpStatus, [301, 307, 400].contains(status)
        else { return nil }
        var elsewhere = self
        elsewhere.configuration.region = region
        return elsewhere
    }
}
