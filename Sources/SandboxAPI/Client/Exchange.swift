import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// Sends one request and makes a value or an error of the reply.
struct Exchange: Sendable {
    let url: LabURL
    let httpClient: any HTTPClient
    let limit: CallLimit
    var timeout: Duration
    let now: @Sendable () -> ContinuousClock.Instant
    /// Is told each request that was sent, if anybody is.
    let onRequest: (@Sendable (SandboxRequestReport) -> Void)?
    /// Whether calls go before others that wait.
    var isUrgent = false

    /// The same, for calls that go before others.
    var urgent: Exchange {
        var exchange = self
        exchange.isUrgent = true
        return exchange
    }

    /// Where long replies are read.
    private static let longReplies = HeavyWork(threads: 2)

    /// Makes a value of a reply with a function that knows nothing of its kind.
    ///
    /// So there is one such function, where a compiler would make one for each kind of reply.
    static func reading<Reply: Sendable>(
        _ read: @escaping @Sendable (Data) throws -> Reply,
        _ send: (_ take: @escaping @Sendable (Data) throws -> Void) async throws -> Void
    ) async throws -> Reply {
        let box = Locked<Reply?>(nil)
        try await send { data in
            let reply = try read(data)
            box.withLock { $0 = reply }
        }
        // It has taken one, or thrown.
        guard let reply = box.withLock({ $0 }) else { throw CancellationError() }
        return reply
    }

    /// Sends a call once.
    ///
    /// `take` is given the body of a reply that reports no error.
    ///
    /// - Throws: ``SandboxAPIError``, whose texts hold none of the secrets; `CancellationError`.
    func run(
        _ call: APICall,
        token: Secret?,
        secrets: [Secret],
        take: @escaping @Sendable (Data) throws -> Void
    ) async throws {
        let redact = Redactor((token.map { [$0] } ?? []) + secrets)
        let reply = try await reply(to: call, token: token, redact)
        try await Self.longReplies.run(size: reply.body.count) {
            if let error = SandboxAPIError.reported(by: reply, call, redact) { throw error }
            do {
                try take(reply.body)
            } catch {
                throw SandboxAPIError.malformed(error, reply, call, redact)
            }
        }
    }

    private func reply(to call: APICall, token: Secret?, _ redact: Redactor) async throws -> HTTPReply {
        do {
            let http = httpCall(call, token)
            var reply = try await limit.run(call.operation.rawValue, isUrgent: isUrgent, patience: timeout) {
                try await send(http, call.operation)
            } judge: {
                CallRoom.Answer($0)
            }
            if let search = call.search, reply.response.status.kind == .successful {
                reply.body = search.rest(reply.body)
            }
            return reply
        } catch let error as HTTPClientError {
            throw SandboxAPIError.transport(error, call, redact)
        } catch let error as CancellationError {
            throw error
        } catch {
            let other = HTTPClientError(.other, "\(error)", mayHaveBeenProcessed: true)
            throw SandboxAPIError.transport(other, call, redact)
        }
    }

    private func send(_ http: HTTPCall, _ operation: SandboxOperation) async throws -> HTTPReply {
        guard let onRequest else { return try await httpClient.send(http) }
        let begin = now()
        func tell(_ result: Result<Int, HTTPClientError>) {
            onRequest(SandboxRequestReport(operation: operation, result: result, duration: begin.duration(to: now())))
        }
        do {
            let reply = try await httpClient.send(http)
            tell(.success(reply.response.status.code))
            return reply
        } catch let error as HTTPClientError {
            tell(.failure(error))
            throw error
        }
    }

    private func httpCall(_ call: APICall, _ token: Secret?) -> HTTPCall {
        var http = HTTPCall(
            call.request(to: url, token: token?.reveal()),
            body: call.body.map(HTTPBody.data),
            timeout: timeout,
            responseLimit: call.replyLimit,
            // A kept connection that is dead would leave it unknown whether something was begun.
            usesFreshConnection: call.isStart
        )
        if let search = call.search {
            // A list that has no end takes longer than other replies, but mustn't stand still for longer.
            http.timeout = timeout * 10
            http.stallTimeout = timeout
            http.destination = .reader(search.begin())
        }
        return http
    }
}

extension CallRoom.Answer {
    /// What a reply, or none, tells of the lab's load.
    fileprivate init(_ result: Result<HTTPReply, any Error>) {
        switch result {
        case .success(let reply): self = [429, 503].contains(reply.response.status.code) ? .overload : .given
        case .failure(let error as HTTPClientError) where error.code == .timedOut && error.mayHaveBeenProcessed:
            self = .overload
        case .failure: self = .none
        }
    }
}

/// A reply that isn't what the API promises.
struct MalformedReply: Error {
    var reason: String
}

/// Reads replies.
enum Reply {
    /// An object, which has to be the one that was asked for.
    ///
    /// `names` tells what it may be called by.
    ///
    /// - Throws: ``OtherThing`` too, where a box on the way has made another path of the request's, with a part that needs
    ///   escapes in one.
    static func object<Value: Decodable>(
        _ data: Data,
        asked name: String,
        names: (Value) -> [String]
    ) throws -> Value {
        let value: Value = try object(data)
        guard APICall.isFragile(name) else { return value }
        let found = names(value)
        guard found.contains(where: { $0.lowercased() == name.lowercased() }) else {
            throw OtherThing(asked: name, found: found.first ?? "")
        }
        return value
    }

    /// A reply is about something else than what was asked for.
    struct OtherThing: Error {
        var asked: String
        var found: String
    }

    /// An object.
    static func object<Value: Decodable>(_ data: Data) throws -> Value {
        guard !isBlank(data) else { throw MalformedReply(reason: "it is empty") }
        return try JSON.decode(Value.self, from: data)
    }

    /// The list of sandboxes, without those that can't be read.
    static func sandboxes(_ data: Data) throws -> [SandboxSummary] {
        _ = try JSONSize.check(data)
        return try SandboxListScanner.list(data) ?? list(data)
    }

    /// The states of those sandboxes in the list whose ids are wanted; of one that is there twice, the last.
    static func states(_ data: Data, of ids: Set<String>) throws -> [String: SandboxState] {
        try observation(data, of: ids, bearing: []).states
    }

    /// Those states, and which sandboxes have names that end with one of some tags, all of which are equally long.
    static func observation(_ data: Data, of ids: Set<String>, bearing tags: Set<String>) throws -> SandboxObservation {
        var bearers: [String: Set<String>] = [:]
        func note(_ tag: String, _ id: String, _ state: SandboxState) {
            guard tags.contains(tag), !state.isEnding, !state.isEnded else { return }
            bearers[tag, default: []].insert(id)
        }
        let length = tags.first?.utf8.count
        let scanned = SandboxListScanner.states(data, of: ids, nameEnd: length ?? .max) { end, id, state in
            note(String(decoding: end, as: UTF8.self), id, state)
        }
        if let scanned { return SandboxObservation(states: scanned, bearers: bearers) }
        let all = try sandboxes(data)
        bearers = [:]
        if let length { for sandbox in all { note(String(sandbox.name.suffix(length)), sandbox.id, sandbox.state) } }
        let states = all.lazy.filter { ids.contains($0.id) }.map { ($0.id, $0.state) }
        return SandboxObservation(states: Dictionary(states) { $1 }, bearers: bearers)
    }

    /// A list, without the elements that can't be read.
    static func list<Value: Decodable>(_ data: Data) throws -> [Value] {
        let list: LenientList<Value> = try object(data)
        return list.values
    }

    /// A bare JSON string that is a token.
    static func token(_ data: Data) throws -> Secret {
        let token: String = try object(data)
        guard !token.isEmpty else { throw MalformedReply(reason: "the token in it is empty") }
        // It goes into a header as it is.
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw MalformedReply(reason: "the token in it has characters that no header may have")
        }
        return Secret(token)
    }

    /// A text: a JSON string, or the body as it is.
    static func text(_ data: Data) -> String {
        if let text = try? JSON.decode(String.self, from: data) { return text }
        return String(decoding: data, as: UTF8.self)
    }

    /// Nothing that matters.
    static func nothing(_ data: Data) {}

    /// `{"result": "success"}`; all else, and nothing at all, may be of somebody on the way who has passed nothing on.
    static func result(_ data: Data) throws {
        let reply: Result = try object(data)
        guard let result = reply.result else { throw MalformedReply(reason: "it has no “result”") }
        guard result.folded == "success" else { throw RejectedResult(result: result) }
    }

    struct RejectedResult: Error {
        var result: String
    }

    private struct Result: Decodable {
        var result: String?

        init(from decoder: any Decoder) throws {
            result = try LenientObject(decoder).filledString("result")
        }
    }

    static func isBlank(_ data: Data) -> Bool {
        data.lend { $0.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 } }
    }
}
