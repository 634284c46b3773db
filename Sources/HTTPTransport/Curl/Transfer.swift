import CLibcurl
import FoundationEssentials
import HTTPTypes

/// One exchange: its curl handle, what curl must not outlive, and what has been received so far.
final class Transfer: CurlJob, @unchecked Sendable {
    // `@unchecked`: created on the caller's thread, then touched by the loop's thread alone.

    private static let headLimit = 256 << 10
    /// Many more than any server sends; a few ten thousand would be too many for `HTTPFields`.
    private static let mostFields = 1_000
    private static let fileBufferSize = 256 << 10
    private static let shortBufferSize = 16 << 10
    /// Bytes per second below which a transfer counts as stalled.
    private static let stallSpeed = 1 << 10

    private let call: HTTPCall
    private let configuration: CurlHTTPClient.Configuration
    private let words = CurlWords()
    private var lines: CurlLines?
    private var continuation: CheckedContinuation<HTTPReply, any Error>?

    private(set) var state = CurlJobState.new
    private(set) var handle: CurlHandle?
    private var fields = HTTPFields()
    private var headSize = 0
    private var isHeadWhole = false
    private var source: BodySource?
    private var sink: BodySink
    /// What one of the callbacks stopped curl for.
    private var failure: HTTPClientError?

    init(_ call: HTTPCall, _ configuration: CurlHTTPClient.Configuration) {
        self.call = call
        self.configuration = configuration
        sink = BodySink(call)
    }

    deinit {
        release()
    }

    // MARK: Life

    /// Takes who waits for the reply, before the loop knows of this.
    func attach(_ continuation: CheckedContinuation<HTTPReply, any Error>) {
        self.continuation = continuation
    }

    func prepare(_ handle: CurlHandle) throws {
        state = .running
        self.handle = handle
        guard let url else {
            throw HTTPClientError(
                .invalidRequest,
                "a request needs an http or https scheme and a host",
                mayHaveBeenProcessed: false
            )
        }
        source = try call.body.map { try BodySource($0) }
        let result = setUp(handle, url)
        guard result == CURLE_OK else {
            throw HTTPClientError(
                .invalidRequest,
                curlText(result),
                mayHaveBeenProcessed: false
            )
        }
    }

    func finish(_ result: CURLcode) {
        guard let handle else { return }
        let outcome = Result { try reply(handle, result) }
        release()
        continuation?.resume(with: outcome)
        continuation = nil
    }

    func abandon(_ error: any Error) {
        release()
        continuation?.resume(throwing: error)
        continuation = nil
    }

    private func release() {
        state = .ended
        handle = nil
        lines = nil
        source = nil
        sink.close()
    }

    // MARK: Request

    private var url: String? {
        guard let scheme = call.request.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let authority = call.request.authority, !authority.isEmpty
        else { return nil }
        return "\(scheme)://\(authority)\(call.request.path ?? "/")"
    }

    private func setUp(_ handle: CurlHandle, _ url: String) -> CURLcode {
        var steps = CurlOptions(handle: handle)
        steps.set(CURLOPT_URL, url)
        // The path is signed, so curl must not tidy up dots in it.
        steps.set(CURLOPT_PATH_AS_IS, 1)
        steps.set(CURLOPT_PROTOCOLS_STR, "http,https")
        steps.set(CURLOPT_NOSIGNAL, 1)
        // Gives up a name lookup that hangs instead of waiting for its thread.
        steps.set(CURLOPT_QUICK_EXIT, 1)
        steps.set(CURLOPT_TCP_KEEPALIVE, 1)
        steps.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        steps.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        steps.set(CURLOPT_TIMEOUT_MS, call.timeout.wholeMilliseconds)
        steps.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
        if let stall = call.stallTimeout {
            steps.set(CURLOPT_LOW_SPEED_LIMIT, Self.stallSpeed)
            steps.set(CURLOPT_LOW_SPEED_TIME, (stall.wholeMilliseconds + 999) / 1_000)
        }
        // Larger steps for files: fewer system calls, still little memory. Other bodies are short, and curl's own 64 KiB
        // would cost the allocator a round of tidying up for each request.
        if case .file = call.body?.content {
            steps.set(CURLOPT_UPLOAD_BUFFERSIZE, Self.fileBufferSize)
        } else {
            steps.set(CURLOPT_UPLOAD_BUFFERSIZE, Self.shortBufferSize)
        }
        if call.destination != .memory { steps.set(CURLOPT_BUFFERSIZE, Self.fileBufferSize) }
        steps.set(configuration)
        setUpMethod(&steps)
        setUpFields(&steps)

        steps.add(handle.setWords(words))
        steps.add(handle.spareFiles())
        steps.add(handle.setReceiver(self))
        return steps.result
    }

    private func setUpMethod(_ steps: inout CurlOptions) {
        let method = call.request.method
        if call.usesFreshConnection { steps.set(CURLOPT_FRESH_CONNECT, 1) }
        if let body = call.body, body.count > 0 {
            // The body goes through a callback that can't rewind. That is what stops curl from sending a request
            // again of its own accord when a kept connection breaks after the request has been written.
            steps.set(CURLOPT_POST, 1)
            steps.add(steps.handle.setBodySize(body.count))
            steps.add(steps.handle.setSender(self))
        } else if method == .head {
            steps.set(CURLOPT_NOBODY, 1)
        } else if method == .post || method == .put {
            // Without a body there is nothing that can't be rewound: a fresh connection is what can't be dead.
            steps.set(CURLOPT_POST, 1)
            steps.add(steps.handle.setBodySize(0))
            steps.set(CURLOPT_COPYPOSTFIELDS, "")
            steps.set(CURLOPT_FRESH_CONNECT, 1)
        }
        steps.set(CURLOPT_CUSTOMREQUEST, method.rawValue)
    }

    private func setUpFields(_ steps: inout CurlOptions) {
        // A name with nothing after its colon keeps curl from adding that field itself.
        var lines = ["Expect:"]
        if !call.request.headerFields.contains(.accept) { lines.append("Accept:") }
        if !call.request.headerFields.contains(.contentType) { lines.append("Content-Type:") }
        for field in call.request.headerFields where field.name != .contentLength {
            lines.append(field.value.isEmpty ? "\(field.name.rawName);" : "\(field.name.rawName): \(field.value)")
        }
        let list = CurlLines()
        self.lines = list
        for line in lines {
            guard list.add(line) else {
                steps.add(CURLE_OUT_OF_MEMORY)
                return
            }
        }
        steps.add(steps.handle.setFields(list))
        if !call.request.headerFields.contains(.userAgent) {
            steps.set(CURLOPT_USERAGENT, configuration.userAgent)
        }
    }

    // MARK: Callbacks

    func sendBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let source else { return 0 }
        do {
            return try unsafe source.read(into: buffer)
        } catch {
            failure = HTTPClientError(error, mayHaveBeenProcessed: true)
            return Int(CURL_READFUNC_ABORT)
        }
    }

    func receiveHead(_ bytes: BorrowedBytes) -> Int {
        headSize += bytes.count
        guard headSize <= Self.headLimit, fields.count < Self.mostFields else {
            failure = HTTPClientError(
                .responseTooLarge,
                "the reply's head is larger than \(Self.headLimit) bytes or has \(Self.mostFields) fields",
                mayHaveBeenProcessed: true
            )
            return 0
        }
        if bytes.starts(with: "HTTP/".utf8) {
            // An interim reply (100) was before this one.
            fields = HTTPFields()
            isHeadWhole = false
        } else if bytes.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }) {
            isHeadWhole = true
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: bytes[..<colon], as: UTF8.self))
        {
            func isBlank(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }
            let value = bytes[(colon + 1)...].drop(while: isBlank)
            let end = value.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? value.startIndex
            fields.append(HTTPField(name: name, value: String(decoding: value[..<end], as: UTF8.self)))
        }
        return bytes.count
    }

    func receiveBody(_ bytes: Span<UInt8>) -> Int {
        do {
            return try sink.write(bytes, status: status)
        } catch {
            failure = error
            return 0
        }
    }

    // MARK: Reply

    private var status: Int {
        handle?.number(CURLINFO_RESPONSE_CODE) ?? 0
    }

    private func reply(_ handle: CurlHandle, _ result: CURLcode) throws -> HTTPReply {
        // Where the beginning has come, it's us who ended the transfer.
        guard result == CURLE_OK || sink.isCutOff && failure == nil && result == CURLE_WRITE_ERROR else {
            throw error(handle, result)
        }
        // libcurl takes a head that the connection's end has cut for a whole one.
        guard isHeadWhole else {
            throw HTTPClientError(
                .connectionLost,
                "\(call.request.authority ?? ""): the connection ended within the reply's head",
                mayHaveBeenProcessed: true
            )
        }
        let status = status
        guard (100...599).contains(status) else {
            throw HTTPClientError(.malformedResponse, "the reply has the status \(status)", mayHaveBeenProcessed: true)
        }
        // Where there is no tunnel, a proxy's refusal comes as the reply; no server may send that status.
        guard status != 407 else {
            throw HTTPClientError(
                .proxyFailed,
                "\(call.request.authority ?? ""): the proxy wants a user and a password that it knows",
                mayHaveBeenProcessed: false
            )
        }
        let body = try sink.finish(status: status)
        return HTTPReply(HTTPResponse(status: .init(code: status), headerFields: fields), body: body)
    }

    private func error(_ handle: CurlHandle, _ result: CURLcode) -> HTTPClientError {
        if let failure { return failure }
        let failure = CurlFailure(result, of: handle, words: words.text)
        return HTTPClientError(
            failure.code,
            "\(call.request.authority ?? ""): \(failure.message)",
            mayHaveBeenProcessed: !failure.isBeforeRequest && wasSent(handle)
        )
    }

    /// Whether enough of the request may have been written for a server to act on it.
    private func wasSent(_ handle: CurlHandle) -> Bool {
        // A body is asked for only when the server's head goes out; libcurl's size has what went to a proxy in it.
        if let source, let body = call.body, body.count > 0 { return source.sent > 0 }
        return handle.number(CURLINFO_REQUEST_SIZE) > 0
    }
}
