import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// One upload of a file in parts.
struct MultipartUpload {
    let s3: S3
    let bucket: String
    let key: String
    let path: String
    let file: FileAccess.Identity
    let options: S3.UploadOptions

    /// A part that S3 has.
    private struct Part: Sendable {
        var number: Int
        var length: Int
        var crc: UInt64
        var eTag: String
        /// Whether the server has said that it has verified and kept the part's checksum.
        ///
        /// S3 does; others may refuse a checksum that they don't know where the parts are put together.
        var isConfirmed: Bool
    }

    func run(_ contentType: String?, _ encryption: S3.ServerSideEncryption?) async throws -> S3.PutObjectResult {
        let id = try await create(contentType, encryption)
        do {
            let parts = try await uploadParts(id)
            guard try FileAccess.identity(path) == file else { throw S3.changed(path) }
            return try await complete(id, parts)
        } catch {
            // A cancelled task can't send, so this is one of its own; without it the parts would be stored, and paid
            // for, until someone finds them.
            await Task { await abort(id) }.value
            throw error
        }
    }

    private func create(_ contentType: String?, _ encryption: S3.ServerSideEncryption?) async throws -> String {
        var request = S3Request(.createMultipartUpload, .post, bucket, key, query: "uploads=")
        request.describe(contentType, encryption)
        request.headers[.amz("x-amz-checksum-algorithm")] = "CRC32"
        request.headers[.amz("x-amz-checksum-type")] = "FULL_OBJECT"
        return try await s3.call(request) { reply in
            try Self.checkForError(reply)
            guard let id = XMLErrorScanner.text(of: "UploadId", in: reply.body), !id.isEmpty else {
                throw AWSError(.malformedReply, "the reply names no upload", mayHaveBeenProcessed: true)
            }
            return id
        }
    }

    private func uploadParts(_ id: String) async throws -> [Part] {
        let size = options.partSize(for: file.size)
        let count = (file.size + size - 1) / size
        return try await withThrowingTaskGroup(of: Part.self) { group in
            var parts: [Part] = []
            for number in 1...count {
                if number > max(options.concurrentParts, 1), let part = try await group.next() { parts.append(part) }
                let offset = (number - 1) * size
                let range = HTTPFileRange(path: path, offset: offset, length: min(size, file.size - offset))
                group.addTask { try await uploadPart(number, range, id) }
            }
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.number < $1.number }
        }
    }

    private func uploadPart(_ number: Int, _ range: HTTPFileRange, _ id: String) async throws -> Part {
        let digest = try RunningDigest(.sha256)
        var crc = CRC(.crc32)
        try await FileAccess.forEachPiece(of: range) { bytes in
            try digest.update(bytes)
            crc.update(bytes)
        }
        var request = S3Request(
            .uploadPart,
            .put,
            bucket,
            key,
            query: "partNumber=\(number)&uploadId=\(PercentEncoding.encode(id))"
        )
        request.payload = AWSPayload(range, sha256: try digest.finish())
        request.setChecksum("CRC32", crc.bytes)
        request.isBulk = true
        let (sum, sent) = (crc.value, Data(crc.bytes).base64EncodedString())
        return try await s3.call(request) { reply in
            let fields = reply.response.headerFields
            // There is one, or the reply wouldn't be taken for S3's.
            let eTag = fields[.eTag] ?? ""
            let kept = fields[.amz("x-amz-checksum-crc32")]
            guard kept == nil || kept == sent else {
                throw AWSError(
                    .checksumMismatch,
                    "S3 has part \(number) with another CRC-32 checksum than was sent",
                    mayHaveBeenProcessed: true
                )
            }
            return Part(number: number, length: range.length, crc: sum, eTag: eTag, isConfirmed: kept != nil)
        }
    }

    private func complete(_ id: String, _ parts: [Part]) async throws -> S3.PutObjectResult {
        var request = S3Request(
            .completeMultipartUpload,
            .post,
            bucket,
            key,
            query: "uploadId=\(PercentEncoding.encode(id))"
        )
        var document = #"<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#
        for part in parts {
            let checksum = Data(CRC.bytes(part.crc, .crc32)).base64EncodedString()
            let element = part.isConfirmed ? "<ChecksumCRC32>\(checksum)</ChecksumCRC32>" : ""
            document +=
                "<Part><ETag>\(Self.escape(part.eTag))</ETag>\(element)<PartNumber>\(part.number)</PartNumber></Part>"
        }
        document += "</CompleteMultipartUpload>"
        request.payload = try AWSPayload(Data(document.utf8))
        request.headers[.contentType] = "application/xml"
        let whole = parts.reduce(UInt64(0)) { CRC.combine($0, $1.crc, secondLength: $1.length, .crc32) }
        let checksum = Data(CRC.bytes(whole, .crc32)).base64EncodedString()
        let isConfirmed = parts.allSatisfy(\.isConfirmed)
        if isConfirmed {
            request.headers[.amz("x-amz-checksum-crc32")] = checksum
            request.headers[.amz("x-amz-checksum-type")] = "FULL_OBJECT"
        }
        request.headers[.amz("x-amz-mp-object-size")] = "\(file.size)"
        // S3 keeps the connection alive with spaces while it puts a large object together.
        request.isBulk = true
        do {
            return try await s3.call(request) { reply in
                try Self.checkForError(reply)
                guard let eTag = XMLErrorScanner.text(of: "ETag", in: reply.body) else {
                    throw AWSError(.malformedReply, "the reply has no ETag", mayHaveBeenProcessed: true)
                }
                return S3.PutObjectResult(eTag: eTag, versionID: S3.PutObjectResult(reply).versionID)
            }
        } catch let error as AWSError where error.code == "NoSuchUpload" && error.earlierAttemptMayHaveBeenProcessed {
            // Most likely an earlier attempt has done it, and its reply was lost.
            let expected = isConfirmed ? .checksum(checksum) : Self.eTag(of: parts).map(Proof.eTag)
            guard let expected, let object = try await finished(expected) else { throw error }
            return object
        }
    }

    /// What tells this upload's object from another.
    private enum Proof: Sendable {
        /// The CRC-32 checksum of the whole.
        case checksum(String)
        /// The tag that follows from those of the parts.
        case eTag(String)
    }

    /// The tag of an object whose parts are tagged by their MD5 digests, as S3 and its likes make it: the digest of the
    /// digests, and how many there are; `nil` where the parts' tags are others.
    private static func eTag(of parts: [Part]) -> String? {
        let digests = parts.compactMap { ObjectChecksum.md5(inTag: $0.eTag) }
        // A system under FIPS rules has no MD5.
        guard digests.count == parts.count, let digest = try? RunningDigest(.md5) else { return nil }
        do {
            for bytes in digests { try digest.update(bytes.span) }
            return "\"\(Digest.hex(try digest.finish()))-\(parts.count)\""
        } catch {
            return nil
        }
    }

    /// The object, where it is the one that this upload was to make; `nil` where it isn't, or can't be asked about.
    private func finished(_ expected: Proof) async throws -> S3.PutObjectResult? {
        var request = S3Request(.headObject, .head, bucket, key)
        request.headers[.amz("x-amz-checksum-mode")] = "ENABLED"
        do {
            return try await s3.call(request) { reply in
                let fields = reply.response.headerFields
                let isOurs =
                    switch expected {
                    case .checksum(let checksum): fields[.amz("x-amz-checksum-crc32")] == checksum
                    case .eTag(let eTag): fields[.eTag] == eTag
                    }
                return isOurs && fields[.contentLength] == "\(file.size)" ? S3.PutObjectResult(reply) : nil
            }
        } catch is AWSError {
            return nil
        }
    }

    private func abort(_ id: String) async {
        let request = S3Request(
            .abortMultipartUpload,
            .delete,
            bucket,
            key,
            query: "uploadId=\(PercentEncoding.encode(id))"
        )
        // The failure that led here is the one to report.
        try? await s3.call(request) { reply in
            // A page that says 200 has given nothing up.
            guard reply.response.status.code == 204 || ErrorReply.requestID(of: reply) != nil else {
                throw AWSError(.malformedReply, "the reply isn't S3's", mayHaveBeenProcessed: true)
            }
        }
    }

    /// S3 may begin a reply as a success before it knows, and end it as an error; botocore takes it for a 500, too.
    private static func checkForError(_ reply: HTTPReply) throws {
        guard XMLErrorScanner.scan(reply.body).code != nil else { return }
        var failed = reply
        failed.response.status = .internalServerError
        throw ErrorReply(failed, format: .xml).error(hiding: nil)
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
