import AWSLite
import Foundation
import HTTPTransport

/// Waits that took no time.
final class Waits: Sendable {
    private let storage = Locked<[Duration]>([])

    var all: [Duration] { storage.withLock { $0 } }

    func append(_ wait: Duration) { storage.withLock { $0.append(wait) } }
}

extension AWSCredentials {
    static let example = AWSCredentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    )
    static let temporary = AWSCredentials(
        accessKeyID: "ASIDEXAMPLE",
        secretAccessKey: Secret("temporary-secret"),
        sessionToken: Secret("temporary-token")
    )
}

extension AWSClientConfiguration {
    /// A configuration that never waits; jitter is always at its largest.
    static func test(
        _ client: any HTTPClient,
        credentials: any AWSCredentialProvider = StaticCredentialProvider(.example),
        endpoint: String? = nil,
        attempts: Int = 3,
        waits: Waits = Waits()
    ) -> AWSClientConfiguration {
        AWSClientConfiguration(
            region: "eu-west-1",
            credentials: credentials,
            httpClient: client,
            endpoint: endpoint,
            retry: AWSRetryPolicy(attempts: attempts, sleep: { waits.append($0) }, random: { 0.5 }),
            clock: AWSClock(now: { Date(timeIntervalSince1970: 1_440_938_160) })
        )
    }
}

/// A folder that is removed at the end.
func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("awslite-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}
