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
        let process = try Oracle.process("serve_moto.py")
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.run()
        // Reading blocks, so it has a thread of its own, not one of Swift's pool.
        let line = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var data = Data()
                while !data.contains(UInt8(ascii: "\n")), case let more = output.fileHandleForReading.availableData,
                    !more.isEmpty
                {
                    data += more
                }
                continuation.resume(returning: data)
            }
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(JSONDecoder().decode(Moto.self, from: line)))
        } catch {
            result = .failure(error)
        }
        try input.fileHandleForWriting.close()
        for await _ in ended.stream {}
        try result.get()
    }
}
