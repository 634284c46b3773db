import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct SigV4SignerTests {
    private let date = Date(timeIntervalSince1970: 1_440_938_160)

    private func request(_ path: String = "/", scheme: String = "https", authority: String = "h") -> HTTPRequest {
        HTTPRequest(method: .get, scheme: scheme, authority: authority, path: path)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", "19700101T000000Z"), ("2000-02-29T23:59:59Z", "20000229T235959Z"),
        ("2024-12-31T12:00:00Z", "20241231T120000Z"), ("2100-03-01T00:00:01Z", "21000301T000001Z"),
        ("1969-12-31T23:59:59Z", "19691231T235959Z"),
    ])
    func `A timestamp is in UTC, whatever the year`(_ iso: String, _ expected: String) throws {
        #expect(SigV4.timestamp(try Date(iso, strategy: .iso8601)) == expected)
    }

    @Test func `A fraction of a second is dropped`() {
        #expect(SigV4.timestamp(Date(timeIntervalSince1970: 1_440_938_160.999)) == "20150830T123600Z")
    }

    @Test func `JSON services send no digest of the body, S3 does and signs it`() throws {
        let json = try SigV4Signer(service: "codepipeline", region: "r")
            .sign(request(), body: Data("{}".utf8), credentials: .temporary, date: date)
        let s3 = try SigV4Signer(service: "s3", region: "r")
            .sign(request(), body: Data(), credentials: .temporary, date: date)
        let name = try #require(HTTPField.Name("x-amz-content-sha256"))
        #expect(json.headerFields[name] == nil)
        #expect(s3.headerFields[name] == SigV4.emptyPayloadHash)
        let header = try #require(s3.headerFields[.authorization])
        let signedHeaders = ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]
        #expect(SigV4Authorization(header)?.signedHeaders == signedHeaders)
    }

    @Test(arguments: [
        "Authorization", "Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE",
        "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Amzn-Trace-Id", "Host", "Traceparent",
        "tracestate", "Baggage",
    ])
    func `What proxies may touch isn't signed`(_ name: String) throws {
        var request = request()
        request.headerFields[try #require(HTTPField.Name(name))] = "x"
        let signed = try SigV4Signer(service: "codepipeline", region: "r")
            .sign(request, body: Data(), credentials: .example, date: date)
        let header = try #require(signed.headerFields[.authorization])
        #expect(SigV4Authorization(header)?.signedHeaders == ["host", "x-amz-date"])
        let plain = try SigV4Signer(service: "codepipeline", region: "r")
            .sign(self.request(), body: Data(), credentials: .example, date: date)
        #expect(header == plain.headerFields[.authorization])
    }

    @Test func `Fields that look like what proxies may touch are signed and sent`() throws {
        var request = request()
        for name in ["Us", "Exporter", "X-Used", "Connected-", "User-Agents"] {
            request.headerFields[try #require(HTTPField.Name(name))] = "x"
        }
        request.headerFields[.userAgent] = "x"
        let signed = try SigV4Signer(service: "codepipeline", region: "r")
            .sign(request, body: Data(), credentials: .example, date: date)
        let header = try #require(signed.headerFields[.authorization])
        let signedHeaders = ["connected-", "exporter", "host", "us", "user-agents", "x-amz-date", "x-used"]
        #expect(SigV4Authorization(header)?.signedHeaders == signedHeaders)
        #expect(signed.headerFields[.userAgent] == "x")
    }

    @Test func `A day, region, service or key has a signature of its own, whatever was signed before`() throws {
        func signature(_ service: String, _ region: String, _ credentials: AWSCredentials, _ date: Date) throws
            -> String
        {
            let signed = try SigV4Signer(service: service, region: region)
                .sign(request(), body: Data(), credentials: credentials, date: date)
            return try #require(signed.headerFields[.authorization])
        }
        var others = Set<String>()
        for _ in 0..<2 {
            others.insert(try signature("sts", "r", .example, date))
            others.insert(try signature("kms", "r", .example, date))
            others.insert(try signature("sts", "s", .example, date))
            others.insert(try signature("sts", "r", .temporary, date))
            others.insert(try signature("sts", "r", .example, date.addingTimeInterval(86_400)))
        }
        #expect(others.count == 5)
    }

    @Test func `More signers than are kept at once still sign alike`() async throws {
        let date = date
        let request = request()
        func signatures() async throws -> [String] {
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let signed = try SigV4Signer(service: "sts", region: "region-\(number)")
                            .sign(request, body: Data(), credentials: .temporary, date: date)
                        return (number, signed.headerFields[.authorization] ?? "")
                    }
                }
                var found = [String](repeating: "", count: 100)
                for try await (number, signature) in group { found[number] = signature }
                return found
            }
        }
        let first = try await signatures()
        #expect(Set(first).count == 100)
        #expect(try await signatures() == first)
    }

    @Test func `Signing again replaces the earlier signature and token`() throws {
        let signer = SigV4Signer(service: "s3", region: "r")
        let once = try signer.sign(request(), body: Data(), credentials: .temporary, date: date)
        let again = try signer.sign(once, body: Data(), credentials: .example, date: date)
        let fresh = try signer.sign(request(), body: Data(), credentials: .example, date: date)
        #expect(again == fresh)
    }

    @Test(arguments: [
        ("https", "h:443", "h"), ("http", "h:80", "h"), ("http", "h:443", "h:443"), ("https", "h:80", "h:80"),
    ])
    func `A default port isn't part of the host`(_ scheme: String, _ authority: String, _ host: String) throws {
        let signed = try SigV4Signer(service: "s3", region: "r").sign(
            request(scheme: scheme, authority: authority),
            body: Data(),
            credentials: .example,
            date: date
        )
        #expect(signed.authority == host)
    }

    @Test(arguments: ["/a//b", "/../x", "/a+b", "/%C3%A9%20%2B%281%29.zip", "/%2541", "/./", "/a/"])
    func `S3 signs the path exactly as it is sent`(_ path: String) throws {
        let canonical = try SigV4Signer(service: "s3", region: "r")
            .canonicalRequest(of: request(path), payload: .unsigned)
        #expect(canonical.path == path)
        #expect(canonical.payloadHash == "UNSIGNED-PAYLOAD")
    }

    @Test(arguments: [
        ("/a//b", "/a/b"), ("/../x", "/x"), ("/a/./b/", "/a/b/"), ("/a%20b", "/a%2520b"), ("/a/..", "/"), ("//", "/"),
    ])
    func `Other services normalise the path and encode it again`(_ path: String, _ expected: String) throws {
        let canonical = try SigV4Signer(service: "sts", region: "r")
            .canonicalRequest(of: request(path), payload: .unsigned)
        #expect(canonical.path == expected)
    }

    @Test func `The query is sorted as it's written by name, then value, and a missing value gets its sign`() throws {
        let canonical = try SigV4Signer(service: "s3", region: "r")
            .canonicalRequest(of: request("/?b=2&a&b=10&%C3%A9=1&B=%2f&a-b=x=y"), payload: .unsigned)
        #expect(canonical.query == "%C3%A9=1&B=%2f&a=&a-b=x=y&b=10&b=2")
    }

    @Test func `The query begins at the question mark, whatever character a combining mark makes of it`() throws {
        let canonical = try SigV4Signer(service: "s3", region: "r")
            .canonicalRequest(of: request("/a?\u{301}=1"), payload: .unsigned)
        #expect(canonical.path == "/a")
        #expect(canonical.query == "%CC%81=1")
    }

    @Test func `A canonical request's parts are those of its text`() {
        let canonical = SigV4CanonicalRequest(
            method: "PUT",
            path: "/é",
            query: "b=1&a",
            headers: [("Host", "h"), ("X-Empty", " "), ("X-A", "1:2"), ("X-A", "3")],
            signedHeaders: ["host", "x-a", "x-empty", "x-missing"],
            payloadHash: "p",
            pathStyle: .verbatim
        )
        #expect(
            canonical.text
                == "PUT\n/é\na=&b=1\nhost:h\nx-a:1:2,3\nx-empty:\nx-missing:\n\nhost;x-a;x-empty;x-missing\np"
        )
        #expect(canonical.method == "PUT")
        #expect(canonical.path == "/é")
        #expect(canonical.query == "a=&b=1")
        #expect(canonical.headers.map(\.name) == ["host", "x-a", "x-empty", "x-missing"])
        #expect(canonical.headers.map(\.value) == ["h", "1:2,3", "", ""])
        #expect(canonical.signedHeaders == "host;x-a;x-empty;x-missing")
        #expect(canonical.payloadHash == "p")
    }

    @Test func `Header values are trimmed, collapsed and merged in order`() {
        let canonical = SigV4CanonicalRequest(
            method: "GET",
            path: "/",
            query: "",
            headers: [("X-A", "  1   2\t3 "), ("Host", "h"), ("x-a", "4"), ("X-Unsigned", "u")],
            signedHeaders: ["X-A", "host"],
            payloadHash: "p",
            pathStyle: .verbatim
        )
        #expect(canonical.text == "GET\n/\n\nhost:h\nx-a:1 2 3,4\n\nhost;x-a\np")
    }

    @Test func `A server can verify a signature from the raw request`() throws {
        let body = Data("{}".utf8)
        let signed = try SigV4Signer(service: "codepipeline", region: "eu-west-1")
            .sign(request("/x y/?q=1"), body: body, credentials: .temporary, date: date)
        let authorization = try #require(SigV4Authorization(signed.headerFields[.authorization] ?? ""))
        func signature(_ body: Data) throws -> String {
            let canonical = SigV4CanonicalRequest(
                method: "GET",
                path: "/x y/",
                query: "q=1",
                headers: [("Host", "h")] + signed.headerFields.map { ($0.name.rawName, $0.value) },
                signedHeaders: authorization.signedHeaders,
                payloadHash: try SigV4.payloadHash(body),
                pathStyle: .normalized
            )
            let text = try SigV4.stringToSign(canonical, timestamp: "20150830T123600Z", scope: authorization.scope)
            let secret = AWSCredentials.temporary.secretAccessKey
            return try SigV4.signature(of: text, secretAccessKey: secret, scope: authorization.scope)
        }
        #expect(SigV4.matches(try signature(body), authorization.signature))
        #expect(!SigV4.matches(try signature(Data("{ }".utf8)), authorization.signature))
    }

    @Test(arguments: [
        "", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=h, Signature=s",
        "AWS4-HMAC-SHA256X Credential=k/d/r/s/aws4_request, SignedHeaders=h, Signature=s",
        "AWS4-HMAC-SHA256 Credential=k/d/r/s/aws4_request, SignedHeaders=h",
    ])
    func `A malformed authorization is none`(_ header: String) {
        #expect(SigV4Authorization(header) == nil)
    }

    @Test func `An authorization without spaces after its commas is read`() throws {
        let header = "AWS4-HMAC-SHA256 Credential=k/d/r/s/aws4_request,SignedHeaders=a;b,Signature=s"
        let authorization = try #require(SigV4Authorization(header))
        #expect(authorization.accessKeyID == "k")
        #expect(authorization.signedHeaders == ["a", "b"])
    }

    @Test func `A request without host or path can't be signed`() {
        let signer = SigV4Signer(service: "s3", region: "r")
        for broken in [
            HTTPRequest(method: .get, scheme: "https", authority: nil, path: "/"),
            HTTPRequest(method: .get, scheme: "https", authority: "h", path: nil),
            HTTPRequest(method: .get, scheme: "https", authority: "h", path: "x"),
        ] {
            #expect(throws: AWSSigningError.incompleteRequest) {
                try signer.sign(broken, body: Data(), credentials: .example, date: date)
            }
        }
    }
}
