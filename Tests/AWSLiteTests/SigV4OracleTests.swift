import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// Compares the signer with botocore's.
@Suite(Oracle.condition, .eachBotocore) struct SigV4OracleTests {
    struct Case: Encodable {
        var service: String
        var region: String
        var time: Int
        var keyID: String
        var secret: String
        var token: String?
        var method: String
        var url: String
        var headers: [[String]]
        var body: Data
        var key: String?
        /// What stands for the digest of the body, where something does.
        var payload: String?
    }

    struct Answer: Decodable {
        var canonical: String
        var authorization: String
        var path: String?
    }

    static let nastyKeys = [
        "a//b", "//", "/leading", "../x", "./x/..", "a/../b", "a+b", "(1)", "é", "e\u{301}", "%41", "%", "%zz", "a b",
        " ",
        "a\tb", "a\nb", "!*'()", "a&b=c;d", "?x#y", "~-._", "日本語/😀.zip", "\u{7F}", "a:b@c,d$e", "[x]{y}|z\\^`\"<>",
        "é +(1).zip", "a?versionId=1", "...", "a/", "\u{FEFF}x",
    ]

    @Test func `S3 requests sign as botocore signs them, for nasty and for random keys`() async throws {
        var generator = SeededGenerator(usual: 4)
        let alphabet = Array("abcXYZ019-_.~/ +%()'!*&=?#@:;,é日😀")
        var keys = Self.nastyKeys
        for _ in 0..<2000 {
            keys.append(
                String(
                    (0..<Int.random(in: 1...24, using: &generator)).compactMap { _ in
                        alphabet.randomElement(using: &generator)
                    }
                )
            )
        }
        var cases: [Case] = []
        var ours: [HTTPRequest] = []
        for key in keys {
            var path = "/" + PercentEncoding.encode(key, keeping: "/")
            if Int.random(in: 0..<4, using: &generator) == 0 { path = loweringEscapes(path) }
            var (request, example) = random(service: "s3", path: path, using: &generator)
            example.key = key
            cases.append(example)
            request.path = String(example.url.dropFirst("https://".count + (request.authority ?? "").utf8.count))
            ours.append(request)
        }
        try await compare(ours, cases)
    }

    @Test func `JSON requests sign as botocore signs them`() async throws {
        var generator = SeededGenerator(usual: 5)
        var cases: [Case] = []
        var ours: [HTTPRequest] = []
        for number in 0..<2000 {
            let paths = [
                "/", "/a/b/", "//a//b", "/a/../b/./c", "/%20x/%C3%A9", "/..", "/a+b/(c)", "/~x/*", "/%c3%a9/%2f",
            ]
            let path = number < 500 ? "/" : paths[number % paths.count]
            let service = ["codepipeline", "sts"][number % 2]
            let (request, example) = random(service: service, path: path, using: &generator)
            cases.append(example)
            ours.append(request)
        }
        try await compare(ours, cases)
    }

    private func compare(_ requests: [HTTPRequest], _ cases: [Case]) async throws {
        let answers = try await Oracle.run("sign.py", cases, as: Answer.self)
        try #require(answers.count == cases.count)
        for (index, answer) in answers.enumerated() {
            let example = cases[index]
            let signer = SigV4Signer(service: example.service, region: example.region)
            let payload =
                example.payload == SigV4PayloadHash.unsigned.text
                ? .unsigned : SigV4PayloadHash.digest(try example.payload ?? SigV4.payloadHash(example.body))
            let signed = try signer.sign(
                requests[index],
                payload: payload,
                credentials: AWSCredentials(
                    accessKeyID: example.keyID,
                    secretAccessKey: Secret(example.secret),
                    sessionToken: example.token.map { Secret($0) }
                ),
                date: Date(timeIntervalSince1970: Double(example.time))
            )
            let canonical = try signer.canonicalRequest(of: signed, payload: payload)
            #expect(canonical.text == answer.canonical, "\(example.url)")
            #expect(signed.headerFields[.authorization] == answer.authorization, "\(example.url)")
            if let key = example.key {
                #expect("/" + PercentEncoding.encode(key, keeping: "/") == answer.path)
            }
        }
    }

    /// A text with the digits of its percent escapes in lower case.
    private func loweringEscapes(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
            for digit in [index + 1, index + 2] where (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(bytes[digit]) {
                bytes[digit] |= 0x20
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A request in our form and in botocore's.
    private func random(
        service: String,
        path: String,
        using generator: inout SeededGenerator
    ) -> (HTTPRequest, Case) {
        func text(_ alphabet: String, _ length: ClosedRange<Int>) -> String {
            let characters = Array(alphabet)
            return String(
                (0..<Int.random(in: length, using: &generator)).compactMap { _ in
                    characters.randomElement(using: &generator)
                }
            )
        }
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        let host =
            ["bucket.s3.eu-west-1.amazonaws.com", "127.0.0.1:4566", "codepipeline.us-east-1.amazonaws.com:443"]
            .randomElement(using: &generator) ?? "h"
        // Repeated names, empty values, names without a value and empty pairs; escapes in both cases; and now and then a
        // character that needs an escape in a signature but none in a query, such as `+`.
        let pairs = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
            let raw = Array("+=/:*'(),;@$!?").randomElement(using: &generator)
            let kept = Int.random(in: 0..<3, using: &generator) == 0 ? raw : nil
            let name =
                ["a", "A", "b", "", PercentEncoding.encode(text(letters + " +/=&%é~-._\u{0}*", 1...6))]
                .randomElement(using: &generator) ?? "a"
            let value = PercentEncoding.encode(text(letters + " +++/=&%é~-._日😀\u{0}*'(),;@$!?", 0...12), keeping: kept)
            let pair = Int.random(in: 0..<6, using: &generator) == 0 ? name : "\(name)=\(value)"
            return Int.random(in: 0..<4, using: &generator) == 0 ? loweringEscapes(pair) : pair
        }
        let target = pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
        let method = ["GET", "PUT", "POST", "HEAD"].randomElement(using: &generator) ?? "GET"
        // Older versions of botocore sign them.
        let traces = Oracle.current == Oracle.newerPython ? ["traceparent", "Tracestate", "baggage"] : []
        var headers: [[String]] = []
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let name =
                (["Content-Type", "X-Amz-Meta-A", "x-amz-meta-B", "X-Amz-Target", "Range", "User-Agent", "If-Match"]
                + traces).randomElement(using: &generator) ?? "X"
            headers.append([name, text(letters + "  \t=;,\"", 0...20).trimmingCharacters(in: .whitespaces)])
        }
        let token = Bool.random(using: &generator) ? text(letters + "+/=", 20...200) : nil
        let length = Int.random(in: 0...64, using: &generator)
        let body = Data((0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let example = Case(
            service: service,
            region: ["eu-west-1", "us-gov-west-1"].randomElement(using: &generator) ?? "r",
            time: Int.random(in: 0...4_000_000_000, using: &generator),
            keyID: "AK" + text(letters, 16...16),
            secret: text(letters + "+/", 40...40),
            token: token,
            method: method,
            url: "https://\(host)\(target)",
            headers: headers,
            body: body,
            payload: ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", nil, nil, nil, nil]
                .randomElement(using: &generator) ?? nil
        )
        var request = HTTPRequest(
            method: HTTPRequest.Method(rawValue: method) ?? .get,
            scheme: "https",
            authority: host,
            path: target
        )
        for pair in headers {
            if let name = HTTPField.Name(pair[0]) {
                request.headerFields.append(HTTPField(name: name, value: pair[1]))
            }
        }
        return (request, example)
    }
}
