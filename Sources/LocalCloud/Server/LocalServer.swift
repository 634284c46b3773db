import FlyingFox
import FlyingSocks
import Foundation

/// An HTTP server on the loopback address for one ``LocalService``; it applies faults and writes the journal.
package final class LocalServer: Sendable {
    /// The service's name.
    package var name: String { service.name }
    /// The port on which the server listens.
    package let port: Int
    /// The server's address without a trailing slash, such as `http://127.0.0.1:50123`.
    package var url: String { "http://127.0.0.1:\(port)" }

    private static var socketPool: any AsyncSocketPool {
        SharedSocketPool.shared
    }

    private let service: any LocalService
    private init(service: any LocalService, port: Int) {
        self.service = service
        self.port = port
    }

    /// Runs a server for the length of a closure.
    ///
    /// When the closure ends, all connections are closed at once, those of hanging requests too.
    ///
    /// - Parameters:
    ///   - service: What answers the requests.
    ///   - port: The port on 127.0.0.1; 0 takes a free one.
    ///   - faults: What goes wrong.
    ///   - journal: Where requests are noted.
    ///   - body: What to do while the server listens.
    /// - Returns: What the closure returns.
    /// - Throws: ``StartError`` when the port can't be had, and whatever the closure throws.
    @discardableResult
    package static func withRunning<R>(
        _ service: any LocalService,
        port: Int = 0,
        faults: FaultPlan = FaultPlan(),
        journal: RequestJournal = RequestJournal(),
        _ body: (LocalServer) async throws -> R
    ) async throws -> R {
        guard let number = UInt16(exactly: port) else { throw StartError(message: "\(port) is no port number") }
        let host = ServiceHost(service: service, faults: faults, journal: journal)
        let server = HTTPServer(
            config: .init(
                address: try sockaddr_in.inet(ip4: "127.0.0.1", port: number),
                // FlyingFox would answer 500 for a hanging request after its time-out; ours is never.
                timeout: 10 * 365 * 86_400,
                sharedRequestReplaySize: 1 << 30,
                pool: Self.socketPool,
                logger: .disabled
            ),
            handler: host
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let start = Watched<Result<Void, StartError>?>(nil)
            group.addTask {
                do {
                    try await server.run()
                } catch {
                    start.change {
                        $0 = $0 ?? .failure(StartError(message: "no server on 127.0.0.1:\(port): \(error)"))
                    }
                }
            }
            group.addTask {
                try await server.waitUntilListening(timeout: 30)
                start.change { $0 = $0 ?? .success(()) }
            }
            try await start.wait(for: { $0 }).get()
            guard case .ip4(_, let bound) = await server.listeningAddress else {
                throw StartError(message: "no server on 127.0.0.1:\(port)")
            }
            return try await body(LocalServer(service: service, port: Int(bound)))
        }
    }

    /// The server can't listen.
    package struct StartError: Error, CustomStringConvertible {
        /// What happened.
        package let message: String
        /// The message.
        package var description: String { message }
    }
}

/// Turns FlyingFox's requests into ours, and ours replies into its.
private struct ServiceHost: HTTPHandler {
    let service: any LocalService
    let faults: FaultPlan
    let journal: RequestJournal

    func handleRequest(_ incoming: HTTPRequest) async throws -> HTTPResponse {
        var request = LocalRequest(
            method: incoming.method.rawValue,
            path: incoming.target.path(),
            query: incoming.target.query(),
            headers: incoming.headers.keys.map {
                ($0.rawValue, incoming.headers.values(for: $0).joined(separator: ","))
            },
            body: try await incoming.bodyData
        )
        let operation = service.operation(of: request)
        request.operation = operation
        let fault = faults.take(for: request, operation: operation, service: service.name)
        let number = journal.begin(
            request,
            service: service.name,
            operation: operation,
            facts: service.facts(of: request),
            fault: fault?.name
        )
        return await answer(request, fault: fault?.kind, number: number)
    }

    private func answer(_ request: LocalRequest, fault: Fault.Kind?, number: Int) async -> HTTPResponse {
        switch fault {
        case nil:
            return finish(number, await service.reply(to: request), to: request)
        case .status(let status, let code, let message, let headers):
            var reply = service.errorReply(status: status, code: code, message: message)
            reply.headers += headers
            return finish(number, reply, to: request)
        case .reply(let reply):
            return finish(number, reply(request), to: request)
        case .resetBeforeProcessing:
            journal.finish(number, status: nil)
            return .closedConnection
        case .loseReply:
            let reply = await service.reply(to: request)
            journal.finish(number, status: reply.status)
            return .closedConnection
        case .hang(let processing):
            if processing { _ = await service.reply(to: request) }
            // Ends by cancellation alone, when the server stops.
            try? await Task.sleep(for: .seconds(365 * 86_400))
            return .closedConnection
        case .delay(let duration):
            try? await Task.sleep(for: duration)
            return finish(number, await service.reply(to: request), to: request)
        case .sendRepeatedly(let times, let passesFirst):
            let first = await service.reply(to: request)
            var last = first
            for _ in 1..<max(times, 1) { last = await service.reply(to: request) }
            return finish(number, passesFirst ? first : last, to: request)
        case .truncateBody:
            let reply = await service.reply(to: request)
            journal.finish(number, status: reply.status)
            return HTTPResponse(truncating: reply)
        }
    }

    private func finish(_ number: Int, _ reply: LocalReply, to request: LocalRequest) -> HTTPResponse {
        journal.finish(number, status: reply.status)
        return HTTPResponse(reply, isHead: request.method == "HEAD")
    }
}

extension HTTPResponse {
    /// Makes FlyingFox close the connection before it has written a byte.
    fileprivate static var closedConnection: HTTPResponse { HTTPResponse(webSocket: ConnectionCloser()) }

    fileprivate init(_ reply: LocalReply, isHead: Bool) {
        self.init(
            statusCode: reply.statusCode,
            headers: reply.httpHeaders,
            body: isHead ? Data() : reply.body
        )
    }

    fileprivate init(truncating reply: LocalReply) {
        self.init(
            statusCode: reply.statusCode,
            headers: reply.httpHeaders,
            body: HTTPBodySequence(from: BrokenBody(data: reply.body), count: max(1, reply.body.count))
        )
    }
}

extension LocalReply {
    fileprivate var statusCode: HTTPStatusCode {
        HTTPStatusCode(status, phrase: HTTPURLResponsePhrase.phrase(for: status))
    }

    fileprivate var httpHeaders: HTTPHeaders {
        var result = HTTPHeaders()
        for (name, value) in headers { result.addValue(value, for: HTTPHeader(name)) }
        if self["Date"] == nil { result.addValue(HTTPDate.string(from: Date()), for: .date) }
        return result
    }
}

private enum HTTPURLResponsePhrase {
    static func phrase(for status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 416: "Range Not Satisfiable"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}

/// Throws before FlyingFox writes anything, which makes it close the connection.
private struct ConnectionCloser: WSHandler {
    func makeFrames(for client: AsyncThrowingStream<WSFrame, any Error>) async throws -> AsyncStream<WSFrame> {
        throw SocketError.disconnected
    }
}

/// A body that breaks off in its middle.
private struct BrokenBody: AsyncBufferedSequence {
    typealias Element = UInt8
    let data: Data

    func makeAsyncIterator() -> Iterator { Iterator(rest: Array(data.prefix(data.count / 2))) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        var rest: [UInt8]

        mutating func next() async throws -> UInt8? {
            guard !rest.isEmpty else { throw SocketError.disconnected }
            return rest.removeFirst()
        }

        mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
            guard !rest.isEmpty else { throw SocketError.disconnected }
            defer { rest.removeFirst(Swift.min(count, rest.count)) }
            return Array(rest.prefix(count))
        }
    }
}
