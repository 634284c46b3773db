package import AWSLite
import CoreMetrics
import Foundation

extension WorkerMonitor {
    /// The operations of AWS that a worker calls, of CodePipeline and of S3.
    static let awsOperations = AWSPermission.all.filter { permission in
        permission.caller == .worker && ["codepipeline", "s3"].contains(permission.service)
    }.map(\.operation)

    /// The same configuration, whose requests are counted, and of whose credentials it is told when they end.
    package func watched(_ configuration: AWSClientConfiguration) -> AWSClientConfiguration {
        var configuration = configuration
        let requests = awsRequests
        configuration.onRequest = { requests.count($0.operation, RequestMetrics.Result($0.error), $0.duration) }
        configuration.credentials = WatchedCredentials(base: configuration.credentials, end: credentialsEnd)
        return configuration
    }
}

extension S3ArtifactStore {
    /// The same store, whose requests are counted.
    func watched(by monitor: WorkerMonitor) -> S3ArtifactStore {
        S3ArtifactStore(monitor.watched(configuration), addressingStyle: addressingStyle)
    }
}

/// Tells a metric when the credentials end that a worker signs with.
private struct WatchedCredentials: AWSCredentialProvider {
    let base: any AWSCredentialProvider
    let end: Meter

    func credentials() async throws -> AWSCredentials {
        let credentials = try await base.credentials()
        end.set(credentials.expiration?.timeIntervalSince1970 ?? 0)
        return credentials
    }
}
