public import AWSLite
public import Foundation

/// Where a pipeline keeps its artifacts; ``S3ArtifactStore`` is the real one.
public protocol ArtifactStore: Sendable {
    /// Reads an artifact.
    ///
    /// - Throws: `AWSError` as S3 reports it, with the code `ObjectTooLarge` for one of more than `limit` bytes.
    func read(_ artifact: CodePipeline.Artifact, limit: Int, credentials: AWSCredentials) async throws -> Data

    /// Writes an artifact.
    ///
    /// - Parameter encryptionKey: The pipeline's KMS key; `nil` for the account's default one.
    /// - Throws: `AWSError` as S3 reports it.
    func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: AWSCredentials
    ) async throws
}

/// Artifacts in S3, read and written with the credentials of their job.
public struct S3ArtifactStore: ArtifactStore {
    private let configuration: AWSClientConfiguration
    private let addressingStyle: S3.AddressingStyle

    /// Creates a store; the configuration's own credentials are never used.
    ///
    /// - Parameters:
    ///   - configuration: How S3 is called.
    ///   - addressingStyle: Where buckets stand: in the host's name or in the path.
    public init(_ configuration: AWSClientConfiguration, addressingStyle: S3.AddressingStyle = .auto) {
        self.configuration = configuration
        self.addressingStyle = addressingStyle
    }

    private func s3(_ credentials: AWSCredentials) -> S3 {
        var configuration = configuration
        configuration.credentials = StaticCredentialProvider(credentials)
        return S3(configuration, addressingStyle: addressingStyle)
    }

    /// Reads an artifact.
    public func read(
        _ artifact: CodePipeline.Artifact,
        limit: Int,
        credentials: AWSCredentials
    ) async throws -> Data {
        try await s3(credentials).getObject(bucket: artifact.bucket, key: artifact.key, limit: limit).body
    }

    /// Writes an artifact, encrypted by KMS as the policy of CodePipeline's buckets demands.
    public func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: AWSCredentials
    ) async throws {
        _ = try await s3(credentials).putObject(
            bucket: artifact.bucket,
            key: artifact.key,
            body: data,
            contentType: contentType,
            encryption: .kms(keyID: encryptionKey?.id)
        )
    }
}
