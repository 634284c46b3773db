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

    @Test func `What proxies may touch is sent but not signed`() throws {
        var request = request()
        for name in ["User-Agent", "Expect", "TE", "X-Amzn-Trace-Id", "Transfer-Encoding", "Connection"] {
            request.headerFields[try #require(HTTPField.Name(name))] = "x"
        }
        let signed = try SigV4Signer(service: "codepipeline", region: "r")
            .sign(request, body: Data(), credentials: .example, date: date)
        let header = try #require(signed.headerFields[.authorization])
        #expect(SigV4Authorization(header)?.signedHeaders == ["host", "x-amz-date"])
        #expect(signed.headerFields[.userAgent] == "x")
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

    @Test func `The query is sorted by encoded name, then value, and a missing value gets its sign`() throws {
        let canonical = try SigV4Signer(service: "s3", region: "r")
            .canonicalRequest(of: request("/?b=2&a&b=10&%C3%A9=1&B=%2f&a-b=x=y"), payload: .unsigned)
        #expect(canonical.query == "%C3%A9=1&B=%2F&a=&a-b=x%3Dy&b=10&b=2")
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
