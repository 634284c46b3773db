package import AWSLite
import Foundation

/// The temporary credentials that CodePipeline lends a job for its artifacts.
///
/// They live about 15 minutes and don't say so (AWS's own Jenkins plugin renews them at 14 minutes of age), so they are
/// renewed by age, and once more when S3 calls them expired.
package actor JobCredentials: AWSCredentialProvider {
    private static let longestUse: TimeInterval = 12 * 60

    private let renew: @Sendable () async throws -> AWSCredentials?
    private let clock: any WorkerClock
    private var current: AWSCredentials?
    private var fetchedAt: Date

    package init(
        _ current: AWSCredentials?,
        clock: any WorkerClock,
        renew: @escaping @Sendable () async throws -> AWSCredentials?
    ) {
        self.current = current
        self.clock = clock
        self.renew = renew
        fetchedAt = clock.now
    }

    /// Calls `body` with credentials that are still good, and a second time if S3 says that they have expired.
    package nonisolated func use<Value: Sendable>(
        _ body: (AWSCredentials) async throws -> Value
    ) async throws -> Value {
        do {
            return try await body(valid(orNewerThan: nil))
        } catch let error as AWSError where error.code.isExpiredToken || error.code == .invalidToken {
            return try await body(valid(orNewerThan: error))
        }
    }

    /// Credentials that are still good.
    package func credentials() async throws -> AWSCredentials { try await valid(orNewerThan: nil) }

    private func valid(orNewerThan refusal: AWSError?) async throws -> AWSCredentials {
        if refusal == nil, let current, clock.now.timeIntervalSince(fetchedAt) < Self.longestUse { return current }
        let asked = clock.now
        guard let fresh = try await renew() else {
            throw refusal
                ?? AWSError(
                    .accessDenied,
                    "CodePipeline gave this job no credentials for its artifacts",
                    service: AWSService.codePipeline.id,
                    operation: "GetJobDetails"
                )
        }
        current = fresh
        fetchedAt = asked
        return fresh
    }
}
