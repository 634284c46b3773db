import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// One download of an object into a file.
struct Download {
    let s3: S3
    let bucket: String
    let key: String
    let versionID: String?
    let path: String
    let limit: Int
    let options: S3.DownloadOptions

    /// Returns the head that came with the whole or with its beginning.
    func run() async throws -> HTTPResponse {
        guard options.concurrentParts > 1, options.partSize > 0, options.partSize <= limit else {
            return try await getWhole()
        }
        let response = try await get(atMost: options.partSize, acceptsBeginning: true)
        guard let length = length(of: response), let eTag = response.headerFields[.eTag] else {
            return try await getWhole()
        }
        guard length > options.partSize else {
            try await verify(response)
            return response
        }
        try await getRest(of: length, eTag, response)
        return response
    }

    private func getWhole() async throws -> HTTPResponse {
        let response = try await get(atMost: limit, acceptsBeginning: false)
        try await verify(response)
        return response
    }

    private func get(atMost size: Int, acceptsBeginning: Bool) async throws -> HTTPResponse {
        var request = S3Request(.getObject, .get, bucket, key, versionID: versionID)
        request.headers[.amz("x-amz-checksum-mode")] = "ENABLED"
        request.responseLimit = size
        request.acceptsBeginning = acceptsBeginning
        request.destination = .file(path)
        request.isBulk = true
        return try await s3.call(request) { reply in
            if let length = length(of: reply.response), length > limit {
                throw AWSError(
                    .objectTooLarge,
                    "the object has \(length) bytes, more than the \(limit) allowed",
                    httpStatus: reply.response.status.code
                )
            }
            return reply.response
        }
    }

    private func length(of response: HTTPResponse) -> Int? {
        response.headerFields[.contentLength].flatMap { Int($0) }
    }

    /// Verifies the checksum; that the length is the one promised, the transport has seen to.
    private func verify(_ response: HTTPResponse) async throws {
        guard var checksum = try ObjectChecksum(response.headerFields) else { return }
        let file = HTTPFileRange(path: path, length: try FileAccess.identity(path).size)
        try await FileAccess.forEachPiece(of: file) { try checksum.update($0) }
        try checksum.verify()
    }

    // MARK: Parts

    /// Gets all parts but the first.
    ///
    /// Each part's CRC is computed while others come. Where the object's checksum is a digest, which has to be computed
    /// from the first byte to the last, the file is read once all are there.
    private func getRest(of length: Int, _ eTag: String, _ response: HTTPResponse) async throws {
        let size = options.partSize
        let algorithm = try ObjectChecksum(response.headerFields)?.algorithmOfParts
        let ranges = stride(from: 0, to: length, by: size).map { offset in
            HTTPFileRange(path: path, offset: offset, length: min(size, length - offset))
        }
        let values = try await withThrowingTaskGroup(of: (index: Int, crc: UInt64).self) { group in
            var values = [UInt64](repeating: 0, count: ranges.count)
            for (index, range) in ranges.enumerated() {
                if index >= options.concurrentParts, let part = try await group.next() { values[part.index] = part.crc }
                group.addTask {
                    if index > 0 { try await get(range, of: length, eTag) }
                    guard let algorithm else { return (index, 0) }
                    var crc = CRC(algorithm)
                    try await FileAccess.forEachPiece(of: range) { crc.update($0) }
                    return (index, crc.value)
                }
            }
            for try await part in group { values[part.index] = part.crc }
            return values
        }
        guard let algorithm else { return try await verify(response) }
        let whole = zip(values, ranges).reduce(UInt64(0)) {
            CRC.combine($0, $1.0, secondLength: $1.1.length, algorithm)
        }
        try ObjectChecksum(response.headerFields)?.verify(CRC.bytes(whole, algorithm))
    }

    private func get(_ range: HTTPFileRange, of length: Int, _ eTag: String) async throws {
        var request = S3Request(.getObject, .get, bucket, key, versionID: versionID)
        let bytes = "\(range.offset)-\(range.offset + range.length - 1)"
        request.headers[.range] = "bytes=\(bytes)"
        request.headers[.ifMatch] = eTag
        request.responseLimit = range.length
        request.destination = .fileAt(path, offset: range.offset)
        // The range itself, which no page has.
        request.proof = .content
        request.isBulk = true
        do {
            try await s3.call(request) { reply in
                guard reply.response.status.code == 206,
                    reply.response.headerFields[.contentRange] == "bytes \(bytes)/\(length)",
                    self.length(of: reply.response) == range.length
                else { throw AWSError(.malformedReply, "the reply isn't the range that was asked for") }
            }
        } catch var error as AWSError where error.code == .preconditionFailed {
            error.message = "the object was written anew while it was read"
            throw error
        }
    }
}
