public import Foundation

/// A stand-in of S3, in memory: single objects, lists, versions; no multipart uploads.
///
/// It verifies signatures by S3's rules, keeps the artifact bucket's usual policy, and holds a job's temporary
/// credentials to the job's own objects.
public final class LocalS3: LocalService, ArtifactObjects {
    /// `s3`.
    package let name = "s3"
    /// The time.
    package let clock: LocalClock

    let store: Watched<ObjectStore>
    private let verifier: SignatureVerifier
    private let region: String

    init(
        behavior: S3Behavior,
        region: String,
        clock: LocalClock,
        registry: CredentialRegistry,
        signingTime: @escaping @Sendable () -> Date
    ) {
        self.clock = clock
        self.region = region
        store = Watched(ObjectStore(behavior: behavior))
        verifier = SignatureVerifier(
            service: "s3",
            region: region,
            registry: registry,
            tolerance: behavior.signatureTolerance,
            signingTime: signingTime,
            clock: clock
        )
    }

    /// How the stand-in behaves; a change counts from the next request on.
    package var behavior: S3Behavior {
        get { store.read(\.behavior) }
        set { store.change { $0.behavior = newValue } }
    }

    static let operations = [
        "ListBuckets", "CreateBucket", "DeleteBucket", "HeadBucket", "GetBucketLocation", "GetBucketVersioning",
        "ListObjectsV2", "PutObject", "GetObject", "HeadObject", "DeleteObject",
    ]

    // MARK: For tests

    /// Makes a bucket, or changes the policy of one.
    package func makeBucket(_ name: String, policy: BucketPolicy = BucketPolicy()) {
        store.change { $0.buckets[name, default: .init(policy: policy)].policy = policy }
    }

    /// Puts an object past all policies.
    public func put(_ body: Data, bucket: String, key: String, contentType: String = "application/octet-stream") {
        let now = clock.now
        store.change { store in
            _ = store.put(body, bucket: bucket, key: key, headers: ["Content-Type": contentType], now: now)
        }
    }

    /// The newest version of an object, or `nil` where there's none.
    package func object(bucket: String, key: String) -> LocalObject? {
        store.read { $0.buckets[bucket]?.objects[key]?.last }
    }

    /// The keys of a bucket, sorted.
    package func keys(in bucket: String) -> [String] {
        store.read { ($0.buckets[bucket]?.objects ?? [:]).filter { !$0.value.isEmpty }.keys.sorted() }
    }

    /// Removes an object with all its versions.
    package func removeObject(bucket: String, key: String) {
        store.change { $0.buckets[bucket]?.objects[key] = nil }
    }

    func copyForSource(
        bucket: String?,
        key: String?,
        to place: ArtifactScope.Object
    ) -> (version: String, summary: String?)? {
        let now = clock.now
        return store.change { store in
            let source = bucket.flatMap { store.buckets[$0] }.flatMap { bucket in
                key.flatMap { bucket.objects[$0]?.last }
            }
            // Without a source object there's an empty archive.
            let emptyZIP = Data([0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18))
            let headers = source?.headers ?? ["Content-Type": "application/zip"]
            _ = store.put(source?.body ?? emptyZIP, bucket: place.bucket, key: place.key, headers: headers, now: now)
            return source.map {
                ($0.versionID, $0.headers["x-amz-meta-codepipeline-artifact-revision-summary"])
            }
        }
    }

    // MARK: LocalService

    /// The operation, by method, place and query.
    package func operation(of request: LocalRequest) -> String {
        let place = Place(request)
        let query = Set(request.queryItems.map(\.name))
        guard place.key != nil else {
            switch request.method {
            case "GET" where place.bucket == nil: return "ListBuckets"
            case "GET" where query.contains("location"): return "GetBucketLocation"
            case "GET" where query.contains("versioning"): return "GetBucketVersioning"
            case "GET" where query.isDisjoint(with: ["uploads", "policy", "acl", "versions", "tagging"]):
                return "ListObjectsV2"
            case "HEAD": return "HeadBucket"
            case "PUT" where query.isEmpty: return "CreateBucket"
            case "DELETE" where query.isEmpty: return "DeleteBucket"
            default: return "Unknown"
            }
        }
        guard query.isDisjoint(with: ["uploads", "uploadId", "acl", "tagging", "partNumber"]) else { return "Unknown" }
        switch request.method {
        case "GET": return "GetObject"
        case "HEAD": return "HeadObject"
        case "PUT": return request["x-amz-copy-source"] == nil ? "PutObject" : "Unknown"
        case "DELETE": return "DeleteObject"
        default: return "Unknown"
        }
    }

    /// The bucket, the key and the access key id.
    package func facts(of request: LocalRequest) -> [String: String] {
        let place = Place(request)
        var facts: [String: String] = [:]
        facts["bucket"] = place.bucket
        facts["key"] = place.key
        facts["accessKeyId"] = request["Authorization"]?.components(separatedBy: "Credential=").dropFirst().first?
            .split(separator: "/").first.map(String.init)
        return facts
    }

    /// Answers a request.
    package func reply(to request: LocalRequest) async -> LocalReply {
        var reply: LocalReply
        do throws(S3Failure) {
            reply = try answer(request)
        } catch {
            reply = errorReply(error)
        }
        reply.headers += [
            ("x-amz-request-id", Random.text(16, from: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")),
            ("x-amz-id-2", Random.text(64, from: Random.base64)),
        ]
        return reply
    }

    /// An error as S3's XML has it.
    package func errorReply(status: Int, code: String, message: String) -> LocalReply {
        errorReply(S3Failure(status: status, code: code, message: message))
    }

    private func errorReply(_ failure: S3Failure) -> LocalReply {
        let xml =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(xmlEscaped(failure.code))</Code>"
            + "<Message>\(xmlEscaped(failure.message))</Message>\(failure.elements)"
            + "<RequestId>LOCAL</RequestId><HostId>local</HostId></Error>"
        return .text(xml, status: failure.status, contentType: "application/xml")
    }

    private func answer(_ request: LocalRequest) throws(S3Failure) -> LocalReply {
        let place = Place(request)
        let operation = operation(of: request)
        if behavior.verifiesSignatures {
            switch verifier.caller(of: request) {
            case .success(let caller): try authorize(caller, operation, place)
            case .failure(let refusal): throw S3Failure(refusal)
            }
        }
        guard let bucket = place.bucket else {
            guard operation == "ListBuckets" else { throw .notImplemented }
            return listBuckets()
        }
        guard let key = place.key else { return try answerForBucket(operation, bucket, request) }
        guard operation != "Unknown" else { throw .notImplemented }
        if store.read({ $0.buckets[bucket] }) == nil {
            guard behavior.createsBuckets, operation == "PutObject" else { throw .noSuchBucket(bucket) }
            makeBucket(bucket)
        }
        switch operation {
        case "PutObject": return try putObject(bucket, key, request)
        case "DeleteObject":
            store.change { $0.buckets[bucket]?.objects[key] = nil }
            return LocalReply(status: 204)
        default: return try getObject(bucket, key, request)
        }
    }

    /// A job's credentials open its own objects and nothing else.
    private func authorize(_ caller: SignatureVerifier.Caller, _ operation: String, _ place: Place) throws(S3Failure) {
        guard let scope = caller.scope else { return }
        let object = ArtifactScope.Object(bucket: place.bucket ?? "", key: place.key ?? "")
        let isAllowed =
            switch operation {
            case "GetObject", "HeadObject": scope.readable.contains(object)
            case "PutObject": scope.writable.contains(object)
            default: false
            }
        guard isAllowed else {
            throw .accessDenied("the job's credentials do not allow s3:\(operation) on \(object.bucket)/\(object.key)")
        }
        let (behavior, isThere) = store.read { store in
            (store.behavior, store.buckets[object.bucket]?.objects[object.key]?.isEmpty == false)
        }
        if behavior.hidesAbsentObjectsFromJobs, operation != "PutObject", !isThere {
            throw .accessDenied("the job's credentials do not allow s3:ListBucket on \(object.bucket)")
        }
    }

    private func answerForBucket(_ operation: String, _ bucket: String, _ request: LocalRequest) throws(S3Failure)
        -> LocalReply
    {
        if operation == "CreateBucket" {
            makeBucket(bucket, policy: .open)
            return LocalReply(headers: [("Location", "/\(bucket)")])
        }
        guard store.read({ $0.buckets[bucket] }) != nil else { throw .noSuchBucket(bucket) }
        switch operation {
        case "HeadBucket": return LocalReply(headers: [("x-amz-bucket-region", region)])
        case "GetBucketLocation":
            return xml("<LocationConstraint xmlns=\"\(Self.namespace)\">\(region)</LocationConstraint>")
        case "GetBucketVersioning":
            return xml(
                "<VersioningConfiguration xmlns=\"\(Self.namespace)\"><Status>Enabled</Status></VersioningConfiguration>"
            )
        case "DeleteBucket":
            guard keys(in: bucket).isEmpty else {
                throw S3Failure(status: 409, code: "BucketNotEmpty", message: "The bucket is not empty")
            }
            store.change { $0.buckets[bucket] = nil }
            return LocalReply(status: 204)
        case "ListObjectsV2": return listObjects(bucket, request)
        default: throw .notImplemented
        }
    }

    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    func xml(_ content: String) -> LocalReply {
        .text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + content, contentType: "application/xml")
    }

    private func listBuckets() -> LocalReply {
        let names = store.read { $0.buckets.keys.sorted() }
        let list = names.map {
            "<Bucket><Name>\($0)</Name><CreationDate>\(HTTPDate.iso8601(from: clock.now))</CreationDate></Bucket>"
        }
        return xml(
            "<ListAllMyBucketsResult xmlns=\"\(Self.namespace)\"><Owner><ID>local</ID></Owner><Buckets>\(list.joined())"
                + "</Buckets></ListAllMyBucketsResult>"
        )
    }
}

/// Where a request points.
struct Place {
    var bucket: String?
    var key: String?

    init(_ request: LocalRequest) {
        var path = request.path[...]
        if path.first == "/" { path = path.dropFirst() }
        let host = request["Host"].map { $0.split(separator: ":").first.map(String.init) ?? "" } ?? ""
        let labels = host.split(separator: ".")
        // `bucket.localhost`, or a bucket before one of S3's own names; a number is no name.
        if labels.count > 1, labels.last == "localhost" || host.hasSuffix(".amazonaws.com"), labels.first != "s3" {
            let end = labels.last == "localhost" ? labels.count - 1 : labels.lastIndex(of: "s3") ?? 1
            bucket = labels[..<end].joined(separator: ".")
        } else {
            let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            bucket = parts.first.flatMap { $0.isEmpty ? nil : $0.removingPercentEncoding ?? String($0) }
            path = parts.count > 1 ? parts[1] : ""
        }
        key = path.isEmpty ? nil : path.removingPercentEncoding ?? String(path)
    }
}
