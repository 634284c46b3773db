import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// A client of AWS CodePipeline: the operations that a job worker and a registrar of action types need.
///
/// Every operation throws ``AWSError``, or `CancellationError` when the task is cancelled.
public struct CodePipeline: Sendable {
    /// What the client works with; a copy of the client with, say, another retry policy is cheap.
    package var configuration: AWSClientConfiguration

    /// Creates a client.
    public init(_ configuration: AWSClientConfiguration) {
        self.configuration = configuration
    }

    /// How an operation without output members reads its reply.
    struct Nothing: Decodable {}

    /// Calls an operation of the protocol AWS JSON 1.1.
    ///
    /// An empty body counts as an object without members. What has none anyway must bear the request's id: an empty 200
    /// is also what a server says that knows nothing of the host.
    func call<Input: Encodable, Output: Decodable & Sendable>(
        _ name: AWSOperationName,
        _ input: Input,
        retrySafety: AWSOperation.RetrySafety = .idempotent,
        retryableCodes: Set<AWSError.Code> = [],
        as type: Output.Type = Output.self
    ) async throws -> Output {
        let operation = AWSOperation(
            service: .codePipeline,
            name: name,
            retrySafety: retrySafety,
            proof: type == Nothing.self ? .requestID : .content,
            retryableCodes: retryableCodes
        )
        let (request, body) = try request(for: operation) { try $0.encode(input) }
        let caller = AWSCaller(configuration: configuration)
        var output: Output?
        try await caller.call(operation, request, payload: caller.payload(of: body, operation)) { reply in
            output = try await Self.decoded(reply) { try PlainJSON.decode(Output.self, from: $0) }
        }
        return try AWSCaller.taken(output)
    }

    private func request(
        for operation: AWSOperation,
        _ encode: (JSONEncoder) throws -> Data
    ) throws(AWSError) -> (HTTPRequest, Data) {
        do {
            let endpoint = try configuration.resolver.endpoint(of: operation.service)
            let request = HTTPRequest(
                method: .post,
                scheme: endpoint.scheme,
                authority: endpoint.authority,
                path: endpoint.basePath + "/",
                headerFields: [
                    .contentType: "application/x-amz-json-1.1",
                    .amz("X-Amz-Target"): "CodePipeline_20150709.\(operation.name.rawValue)",
                ]
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .secondsSince1970
            return (request, try encode(encoder))
        } catch let error as AWSConfigurationError {
            throw .unsent(.invalidConfiguration, error.message, operation)
        } catch {
            throw .unsent(.invalidRequest, "the request can't be written as JSON", operation)
        }
    }

    private static func decoded<Output: Sendable>(
        _ reply: HTTPReply,
        _ decode: @escaping @Sendable (Data) throws -> Output
    ) async throws -> Output {
        do {
            let text = reply.body.isEmpty ? Data("{}".utf8) : reply.body
            return try await AWSCaller.heavyWork.run(size: text.count) { try decode(text) }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw MalformedReply(error, reply)
        }
    }
}

extension CodePipeline {
    /// Reads a list page by page until there is no more.
    ///
    /// `page` reads the page of a token, `nil` for the first, and returns its items and the next page's token.
    func pages<Item>(
        of operation: AWSOperationName,
        _ page: (_ token: String?) async throws -> ([Item], String?)
    ) async throws -> [Item] {
        var items: [Item] = []
        try await eachPage(of: operation) { token in
            let (more, next) = try await page(token)
            items += more
            try Self.check(items.count, operation)
            return next
        }
        return items
    }

    /// A list that is kept as a whole has fewer items.
    private static let mostItems = 100_000

    /// Checks that a list that is kept as a whole has an end.
    static func check(_ count: Int, _ operation: AWSOperationName) throws {
        guard count > mostItems else { return }
        throw AWSError(
            .malformedReply,
            "there are more than \(mostItems) items",
            service: AWSService.codePipeline.id,
            operation: operation.rawValue
        )
    }

    /// Twelve months of a pipeline that runs an action every half minute have fewer.
    private static let mostPages = 20_000

    /// Reads pages until there is no more.
    ///
    /// `page` reads the page of a token, `nil` for the first, and returns the next page's token, or `nil` where no more
    /// is wanted.
    func eachPage(of operation: AWSOperationName, _ page: (_ token: String?) async throws -> String?) async throws {
        var seen: Set<String> = []
        var token: String?
        repeat {
            token = try await page(token).flatMap { $0.isEmpty ? nil : $0 }
            if let token, !seen.insert(token).inserted || seen.count >= Self.mostPages {
                throw AWSError(
                    .malformedReply,
                    seen.count < Self.mostPages
                        ? "the pages don't end: a page's token came twice"
                        : "there are more than \(Self.mostPages) pages",
                    service: AWSService.codePipeline.id,
                    operation: operation.rawValue
                )
            }
        } while token != nil
    }
}

/// Why a reply with a status of success can't be read; says where, never what it holds.
struct MalformedReply: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error, _ reply: HTTPReply) {
        let type = reply.response.headerFields[.contentType] ?? "unknown type"
        let kind = Limits.truncate(type, to: 100)
        if let tooMany = error as? JSONSize.TooManyValues {
            description = "the reply can't be read: \(tooMany)"
            return
        }
        guard !reply.body.isEmpty else {
            description = "the reply is empty"
            return
        }
        guard let reason = Self.reason(error) else {
            description = "the reply isn't JSON (\(reply.body.count) bytes of \(kind))"
            return
        }
        description = "the reply can't be understood: \(reason)"
    }

    /// Where a JSON document differs from what was expected; `nil` when it isn't JSON.
    static func reason(_ error: any Error) -> String? {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (key.map { [$0] } ?? [])
            let text = keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
            return text.isEmpty ? "the document" : text
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context)?: return "\(path(context, key)) is missing"
        case .valueNotFound(_, let context)?: return "\(path(context)) is null"
        case .typeMismatch(_, let context)?: return "\(path(context)) is of another type"
        case .dataCorrupted(let context)? where !context.codingPath.isEmpty: return "\(path(context)) is malformed"
        default: return nil
        }
    }
}

extension KeyedDecodingContainer {
    /// A time, which CodePipeline sends in seconds since 1970; `nil` where there is none, or something else.
    func time(_ key: Key) -> Date? {
        let seconds = try? decodeIfPresent(Double.self, forKey: key)
        return seconds.map { Date(timeIntervalSince1970: $0) }
    }
}
