public import AWSLite
package import Foundation
import HTTPTransport

/// Where a pipeline keeps its artifacts; ``S3ArtifactStore`` is the real one.
package protocol ArtifactStore: Sendable {
    /// Reads an artifact.
    ///
    /// - Throws: `AWSError` as S3 reports it, with the code `ObjectTooLarge` for one of more than `limit` bytes.
    func read(_ artifact: CodePipeline.Artifact, limit: Int, credentials: AWSCredentials) async throws -> Data

    /// Writes an artifact.
    ///
    /// - Parameters:
    ///   - data: The artifact's bytes.
    ///   - contentType: Their media type, as in `application/zip`.
    ///   - artifact: One of the job's artifacts.
    ///   - encryptionKey: The pipeline's KMS key; `nil` for the account's default one.
    ///   - credentials: The job's own.
    /// - Throws: `AWSError` as S3 reports it.
    func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: AWSCredentials
    ) async throws

    /// Reads an artifact of any size into a file, in place of any that is there; by default through memory.
    ///
    /// - Parameters:
    ///   - artifact: One of the job's artifacts.
    ///   - path: The file; its folder has to exist. After a failure it is as it was before.
    ///   - limit: The largest artifact that is read, in bytes.
    ///   - credentials: What is good at any moment of a transfer that may take longer than one of them lives.
    /// - Throws: `AWSError` as ``read(_:limit:credentials:)`` does, with the code `FileFailed` where the file can't be written.
    func download(
        _ artifact: CodePipeline.Artifact,
        to path: String,
        limit: Int,
        credentials: any AWSCredentialProvider
    ) async throws

    /// Writes a file of any size as an artifact; by default through memory.
    ///
    /// - Throws: `AWSError` as S3 reports it, with the code `FileFailed` where the file can't be read, and `FileChanged` where
    ///   it changed meanwhile.
    func upload(
        _ path: String,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: any AWSCredentialProvider
    ) async throws
}

extension ArtifactStore {
    /// Reads an artifact into memory, and writes the file then.
    ///
    /// - Throws: `AWSError`; for a file that can't be read or written, the system's error.
    package func download(
        _ artifact: CodePipeline.Artifact,
        to path: String,
        limit: Int,
        credentials: any AWSCredentialProvider
    ) async throws {
        let data = try await read(artifact, limit: limit, credentials: credentials.credentials())
        do {
            try await HeavyWork.ofJobs.run { _ in try data.write(to: URL(fileURLWithPath: path), options: .atomic) }
        } catch let error as CocoaError {
            throw AWSError(.fileFailed, "\(path) can't be written: \(error.localizedDescription)")
        }
    }

    /// Reads the file into memory, and writes the artifact then.
    ///
    /// - Throws: `AWSError`; for a file that can't be read or written, the system's error.
    package func upload(
        _ path: String,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: any AWSCredentialProvider
    ) async throws {
        let data: Data
        do {
            data = try await HeavyWork.ofJobs.run { _ in try Data(contentsOf: URL(fileURLWithPath: path)) }
        } catch let error as CocoaError {
            throw AWSError(.fileFailed, "\(path) can't be read: \(error.localizedDescription)")
        }
        try await write(
            data,
            contentType: contentType,
            to: artifact,
            encryptionKey: encryptionKey,
            credentials: credentials.credentials()
        )
    }
}

/// Artifacts in S3, read and written with the credentials of their job.
public struct S3ArtifactStore: ArtifactStore {
    /// How S3 is called.
    let configuration: AWSClientConfiguration
    /// Where buckets stand.
    let addressingStyle: S3.AddressingStyle

    /// Creates a store; the configuration's own credentials are never used.
    ///
    /// - Parameters:
    ///   - configuration: How S3 is called.
    ///   - addressingStyle: Where buckets stand: in the host's name or in the path.
    public init(_ configuration: AWSClientConfiguration, addressingStyle: S3.AddressingStyle = .auto) {
        self.configuration = configuration
        self.addressingStyle = addressingStyle
    }

    private func s3(_ credentials: AWSCredentials) -> S3 { s3(StaticCredentialProvider(credentials)) }

    private func s3(_ credentials: any AWSCredentialProvider) -> S3 {
        var configuration = configuration
        configuration.credentials = credentials
        return S3(configuration, addressingStyle: addressingStyle)
    }

    /// Reads an artifact.
    ///
    /// - Throws: `AWSError`.
    package func read(
        _ artifact: CodePipeline.Artifact,
        limit: Int,
        credentials: AWSCredentials
    ) async throws -> Data {
        try await s3(credentials).getObject(bucket: artifact.bucket, key: artifact.key, limit: limit).body
    }

    /// Writes an artifact, encrypted by KMS as the policy of CodePipeline's buckets demands.
    ///
    /// - Throws: `AWSError`.
    package func write(
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

    /// Reads an artifact into a file, in constant memory.
    ///
    /// - Throws: `AWSError`; for a file that can't be read or written, the system's error.
    package func download(
        _ artifact: CodePipeline.Artifact,
        to path: String,
        limit: Int,
        credentials: any AWSCredentialProvider
    ) async throws {
        _ = try await s3(credentials)
            .downloadObject(bucket: artifact.bucket, key: artifact.key, to: path, limit: limit)
    }

    /// Writes a file as an artifact, in constant memory, encrypted by KMS as the policy of CodePipeline's buckets demands.
    ///
    /// - Throws: `AWSError`; for a file that can't be read or written, the system's error.
    package func upload(
        _ path: String,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: any AWSCredentialProvider
    ) async throws {
        _ = try await s3(credentials)
            .uploadObject(
                from: path,
                bucket: artifact.bucket,
                key: artifact.key,
                contentType: contentType,
                encryption: .kms(keyID: encryptionKey?.id)
            )
    }
}
