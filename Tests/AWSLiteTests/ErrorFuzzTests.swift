import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// Feeds broken error bodies to both readers.
///
/// `FUZZ_ITERATIONS` raises their number.
@Suite struct ErrorFuzzTests {
    private static let iterations =
        ProcessInfo.processInfo.environment["FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 1000

    private static let seeds = [
        #"{"__type":"a.b#JobNotFoundException:http://x","message":"m","Message":"n","code":"c","x":{"__type":"y"}}"#,
        "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>a &lt;b&gt; &#233; &#x1F600;</Message>"
            + "<Region>eu-west-1</Region></Error>",
    ].map { Array($0.utf8) }

    /// A body with some bytes changed, removed, repeated or cut off.
    private func mutant(_ generator: inout SeededGenerator) -> Data {
        var bytes = Self.seeds.randomElement(using: &generator) ?? []
        let interesting = Array("<>&;#/\"{}[]:,\\ \u{0}é".utf8)
        for _ in 0..<Int.random(in: 1...12, using: &generator) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(interesting.randomElement(using: &generator) ?? 0, at: index)
            case 3:
                let piece = bytes[index..<min(bytes.count, index + 8)]
                let times = Int.random(in: 1...500, using: &generator)
                bytes.insert(contentsOf: Array(repeating: piece, count: times).joined(), at: index)
            default: bytes.removeLast(min(bytes.count, Int.random(in: 0...20, using: &generator)))
            }
        }
        return Data(bytes)
    }

    @Test(.timeLimit(.minutes(10))) func `Whatever the body, an error comes, and it is short`() async throws {
        var generator = SeededGenerator(usual: 9)
        for number in 0..<Self.iterations {
            let client = OneReply(status: 400, body: mutant(&generator))
            let error = await #expect(throws: AWSError.self, "mutant \(number)") {
                if number.isMultiple(of: 2) {
                    _ = try await S3(.test(client, attempts: 1)).getObject(bucket: "bucket", key: "k", limit: 1)
                } else {
                    _ = try await CodePipeline(.test(client, attempts: 1)).getJobDetails(id: "j")
                }
            }
            #expect((error?.message.utf16.count ?? 0) <= 2000)
            #expect((error?.code.rawValue.utf8.count ?? 0) <= 128)
            #expect((error?.description.utf16.count ?? 0) <= 3000)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `A body made to take long doesn't`() async {
        let count = 1 << 18
        for piece in ["<Error", "<Error>", "&amp;", "<Code>", "&", "<Error><Code>&#"] {
            let body = Data(("<Error><Message>" + String(repeating: piece, count: count / piece.utf8.count)).utf8)
            let error = await expectErrorOfAnyCode {
                _ = try await S3(.test(OneReply(status: 400, body: body), attempts: 1))
                    .getObject(bucket: "bucket", key: "k", limit: 1)
            }
            #expect((error?.message.utf16.count ?? 0) <= 2000)
        }
        let nested = Data(String(repeating: #"{"a":["#, count: count).utf8)
        _ = await expectErrorOfAnyCode {
            _ = try await CodePipeline(.test(OneReply(status: 400, body: nested), attempts: 1)).getJobDetails(id: "j")
        }
    }

    private func expectErrorOfAnyCode(_ body: () async throws -> Void) async -> AWSError? {
        await #expect(throws: AWSError.self) { try await body() }
    }

    private struct OneReply: HTTPClient {
        var status: Int
        var body: Data

        func send(_ call: HTTPCall) async throws -> HTTPReply {
            HTTPReply(HTTPResponse(status: .init(code: status)), body: body)
        }
    }
}
