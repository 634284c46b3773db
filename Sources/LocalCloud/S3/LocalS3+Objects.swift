import Foundation

extension LocalS3 {
    func putObject(_ bucket: String, _ key: String, _ request: LocalRequest) throws(S3Failure) -> LocalReply {
        guard key.utf8.count <= 1024 else {
            throw S3Failure(status: 400, code: "KeyTooLongError", message: "Your key is too long")
        }
        if request["Content-Encoding"]?.contains("aws-chunked") == true { throw .notImplemented }
        let encryption = request["x-amz-server-side-encryption"]
        let keyID = request["x-amz-server-side-encryption-aws-kms-key-id"]
        guard encryption == nil || encryption == "aws:kms" || encryption == "AES256",
            keyID == nil || encryption == "aws:kms"
        else {
            throw S3Failure(status: 400, code: "InvalidArgument", message: "The encryption method is not supported")
        }
        if let policy = store.read({ $0.buckets[bucket]?.policy }), policy.requiresKMS {
            guard encryption == "aws:kms" else {
                throw .accessDenied("the bucket's policy asks for x-amz-server-side-encryption: aws:kms")
            }
            guard keyID == policy.keyID else {
                throw .accessDenied("the bucket's policy asks for the key \(policy.keyID ?? "aws/s3 (name none)")")
            }
        }
        try BodyChecksum.check(request)
        var kept = ["Content-Type": request["Content-Type"] ?? "binary/octet-stream"]
        for (name, value) in request.headers {
            let name = name.lowercased()
            let isKept =
                name.hasPrefix("x-amz-meta-") || name.hasPrefix("x-amz-checksum-")
                || name.hasPrefix("x-amz-server-side-encryption") || name == "cache-control"
                || name == "content-disposition" || name == "content-language" || name == "content-encoding"
            if isKept, name != "x-amz-checksum-algorithm" { kept[name] = value }
        }
        if encryption == "aws:kms" {
            kept["x-amz-server-side-encryption-aws-kms-key-id"] =
                keyID ?? "arn:aws:kms:eu-west-1:\(LocalCodePipeline.accountID):alias/aws/s3"
        } else {
            kept["x-amz-server-side-encryption"] = "AES256"
        }
        let now = clock.now
        let object = store.change { [kept] store in
            store.put(request.body, bucket: bucket, key: key, headers: kept, now: now)
        }
        let echoed = kept.filter {
            $0.key.hasPrefix("x-amz-checksum-") || $0.key.hasPrefix("x-amz-server-side-encryption")
        }
        return LocalReply(
            headers: [("ETag", object.eTag), ("x-amz-version-id", object.versionID)] + echoed.map { ($0.key, $0.value) }
        )
    }

    func getObject(_ bucket: String, _ key: String, _ request: LocalRequest) throws(S3Failure) -> LocalReply {
        let versions = store.read { $0.buckets[bucket]?.objects[key] ?? [] }
        let object: LocalObject
        if let id = request.queryValue("versionId") {
            guard let version = versions.first(where: { $0.versionID == id }) else {
                throw S3Failure(status: 404, code: "NoSuchVersion", message: "The specified version does not exist")
            }
            object = version
        } else {
            guard let latest = versions.last else { throw .noSuchKey(key) }
            object = latest
        }
        if let wanted = request["If-Match"], wanted != object.eTag, wanted != "*" {
            throw S3Failure(status: 412, code: "PreconditionFailed", message: "If-Match does not hold")
        }
        if request["If-None-Match"] == object.eTag { return LocalReply(status: 304, headers: [("ETag", object.eTag)]) }
        let whole = request["x-amz-checksum-mode"]?.uppercased() == "ENABLED"
        var headers = object.headers.filter { whole || !$0.key.hasPrefix("x-amz-checksum-") }.map { ($0.key, $0.value) }
        headers += [
            ("ETag", object.eTag), ("x-amz-version-id", object.versionID), ("Accept-Ranges", "bytes"),
            ("Last-Modified", HTTPDate.string(from: object.modified)),
        ]
        var body = object.body
        var status = 200
        if let range = request["Range"] {
            guard let bounds = Self.bounds(range, of: body.count) else {
                throw S3Failure(status: 416, code: "InvalidRange", message: "The requested range is not satisfiable")
            }
            headers.removeAll { $0.0.hasPrefix("x-amz-checksum-") }
            headers.append(("Content-Range", "bytes \(bounds.lowerBound)-\(bounds.upperBound - 1)/\(body.count)"))
            body = Data(body.dropFirst(bounds.lowerBound).prefix(bounds.count))
            status = 206
        }
        headers.append(("Content-Length", String(body.count)))
        return LocalReply(status: status, headers: headers, body: body)
    }

    /// Reads `bytes=0-9`, `bytes=5-` and `bytes=-5`.
    private static func bounds(_ range: String, of count: Int) -> Range<Int>? {
        guard range.hasPrefix("bytes=") else { return nil }
        let parts = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch (Int(parts[0]), Int(parts[1])) {
        case (nil, let suffix?) where parts[0].isEmpty && suffix > 0 && count > 0: return max(0, count - suffix)..<count
        case (let first?, nil) where parts[1].isEmpty && first < count: return first..<count
        case (let first?, let last?) where first <= last && first < count: return first..<min(count, last + 1)
        default: return nil
        }
    }

    func listObjects(_ bucket: String, _ request: LocalRequest) -> LocalReply {
        let prefix = request.queryValue("prefix") ?? ""
        let delimiter = request.queryValue("delimiter") ?? ""
        let limit = request.queryValue("max-keys").flatMap(Int.init) ?? 1_000
        let after = request.queryValue("continuation-token") ?? request.queryValue("start-after") ?? ""
        let isEncoded = request.queryValue("encoding-type") == "url"
        func shown(_ key: String) -> String {
            isEncoded
                ? key.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-_.~/")))
                    ?? key
                : xmlEscaped(key)
        }
        var entries = ""
        var groups: [String] = []
        var count = 0
        var last: String?
        var isTruncated = false
        for key in keys(in: bucket) where key.hasPrefix(prefix) && key > after {
            var group: String?
            if !delimiter.isEmpty, let end = key.dropFirst(prefix.count).range(of: delimiter)?.upperBound {
                group = String(key[..<end])
            }
            if let group, groups.contains(group) || group == after {
                last = key
                continue
            }
            guard count < limit else {
                isTruncated = true
                break
            }
            count += 1
            last = key
            if let group {
                groups.append(group)
            } else if let object = object(bucket: bucket, key: key) {
                entries +=
                    "<Contents><Key>\(shown(key))</Key><LastModified>\(HTTPDate.iso8601(from: object.modified))</LastModified>"
                    + "<ETag>\(xmlEscaped(object.eTag))</ETag><Size>\(object.body.count)</Size>"
                    + "<StorageClass>STANDARD</StorageClass></Contents>"
            }
        }
        entries += groups.map { "<CommonPrefixes><Prefix>\(shown($0))</Prefix></CommonPrefixes>" }.joined()
        let next = isTruncated ? "<NextContinuationToken>\(xmlEscaped(last ?? ""))</NextContinuationToken>" : ""
        return xml(
            "<ListBucketResult xmlns=\"\(Self.namespace)\"><Name>\(bucket)</Name><Prefix>\(shown(prefix))</Prefix>"
                + (delimiter.isEmpty ? "" : "<Delimiter>\(shown(delimiter))</Delimiter>")
                + (isEncoded ? "<EncodingType>url</EncodingType>" : "")
                + "<KeyCount>\(count)</KeyCount><MaxKeys>\(limit)</MaxKeys><IsTruncated>\(isTruncated)</IsTruncated>\(next)"
                + "\(entries)</ListBucketResult>"
        )
    }
}
