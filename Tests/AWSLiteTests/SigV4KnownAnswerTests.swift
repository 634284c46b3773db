import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

/// Answers that others have published.
///
/// The first table is from the AWS Signature Version 4 test suite (`awslabs/aws-c-auth`,
/// `tests/aws-signing-test-suite/v4`, Apache-2.0), the second from "Authenticating Requests: Using the
/// Authorization Header" of the Amazon S3 API Reference.
@Suite struct SigV4KnownAnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var method = HTTPRequest.Method.get
        var path = "/"
        var fields: [(String, String)] = []
        var body = ""
        var signature: String
        var testDescription: String { name }

        func request(host: String) -> HTTPRequest {
            var request = HTTPRequest(method: method, scheme: "https", authority: host, path: path)
            for (name, value) in fields {
                if let name = HTTPField.Name(name) { request.headerFields.append(HTTPField(name: name, value: value)) }
            }
            return request
        }
    }

    static let suite: [Case] = [
        Case(
            name: "get-vanilla",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        ),
        Case(
            name: "get-vanilla-query-order-key-case",
            path: "/?Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        ),
        Case(
            name: "get-unreserved",
            path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
        ),
        Case(
            name: "get-utf8",
            path: "/\u{1234}",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
        ),
        Case(
            name: "get-vanilla-utf8-query",
            path: "/?\u{1234}=bar",
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
        ),
        Case(
            name: "get-header-key-duplicate",
            fields: [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
        ),
        Case(
            name: "get-header-value-trim",
            fields: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
        ),
        Case(
            name: "get-relative",
            path: "/example/..",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        ),
        Case(
            name: "get-slashes",
            path: "//example//",
            signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"
        ),
        Case(
            name: "get-space-normalized",
            path: "/example space/",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"
        ),
        Case(
            name: "post-vanilla",
            method: .post,
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        ),
        Case(
            name: "post-header-key-sort",
            method: .post,
            fields: [("My-Header1", "value1")],
            signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"
        ),
        Case(
            name: "post-x-www-form-urlencoded",
            method: .post,
            fields: [("Content-Type", "application/x-www-form-urlencoded")],
            body: "Param1=value1",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        ),
    ]

    @Test("The cases of the AWS signing test suite", arguments: suite)
    func suiteCase(_ example: Case) throws {
        let signed = try SigV4Signer(service: "service", region: "us-east-1").sign(
            example.request(host: "example.amazonaws.com"),
            body: Data(example.body.utf8),
            credentials: .example,
            date: Date(timeIntervalSince1970: 1_440_938_160)
        )
        let header = try #require(signed.headerFields[.authorization])
        let authorization = try #require(SigV4Authorization(header))
        #expect(authorization.signature == example.signature)
        #expect(authorization.scope.text == "20150830/us-east-1/service/aws4_request")
    }

    @Test func `A session token takes part (post-sts-header-before)`() throws {
        var credentials = AWSCredentials.example
        credentials.sessionToken = Secret(
            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YU"
                + "uwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6"
                + "q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIl"
                + "TJabIQwj2ICCR/oLxBA=="
        )
        let signed = try SigV4Signer(service: "service", region: "us-east-1").sign(
            HTTPRequest(method: .post, scheme: "https", authority: "example.amazonaws.com", path: "/"),
            body: Data(),
            credentials: credentials,
            date: Date(timeIntervalSince1970: 1_440_938_160)
        )
        let header = try #require(signed.headerFields[.authorization])
        #expect(
            SigV4Authorization(header)?.signature
                == "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
        )
    }

    static let s3: [Case] = [
        Case(
            name: "GET object",
            path: "/test.txt",
            fields: [("Range", "bytes=0-9")],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        Case(
            name: "PUT object",
            method: .put,
            path: "/test%24file.text",
            fields: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            body: "Welcome to Amazon S3.",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        Case(
            name: "GET bucket lifecycle",
            path: "/?lifecycle",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        Case(
            name: "GET bucket (list objects)",
            path: "/?max-keys=2&prefix=J",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]

    @Test("The examples of the S3 API Reference", arguments: s3)
    func s3Example(_ example: Case) throws {
        let signed = try SigV4Signer(service: "s3", region: "us-east-1").sign(
            example.request(host: "examplebucket.s3.amazonaws.com"),
            body: Data(example.body.utf8),
            credentials: AWSCredentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE",
                secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            ),
            date: Date(timeIntervalSince1970: 1_369_353_600)
        )
        let header = try #require(signed.headerFields[.authorization])
        #expect(SigV4Authorization(header)?.signature == example.signature)
    }
}
