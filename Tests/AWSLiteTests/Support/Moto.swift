import AWSLite
import Foundation
import HTTPTransport

/// A running moto with authentication on.
struct Moto: Decodable {
    var endpoint: String
    var keyID: String
    var secret: String
    var bucket: String
    var kmsKey: String

    func client(secret: String? = nil) throws -> S3 {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        let credentials = AWSCredentials(accessKeyID: keyID, secretAccessKey: Secret(secret ?? self.secret))
        return S3(
            AWSClientConfiguration(
                region: "eu-west-1",
                credentials: StaticCredentialProvider(credentials),
                httpClient: try CurlHTTPClient(configuration),
                endpoint: endpoint
            )
        )
    }

    /// Runs moto for the length of `body`.
    static func withRunning(_ body: (Moto) async throws -> Void) async throws {
        try await OracleServer.with("serve_moto.py", as: Moto.self, body)
    }
}
