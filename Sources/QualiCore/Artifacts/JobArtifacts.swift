public import AWSLite
public import Foundation

/// The input and output artifacts of one job.
public struct JobArtifacts: Sendable {
    /// The artifacts that the pipeline hands in.
    public let inputs: [CodePipeline.Artifact]
    /// The artifacts that the pipeline expects.
    public let outputs: [CodePipeline.Artifact]

    private let encryptionKey: CodePipeline.EncryptionKey?
    private let store: any ArtifactStore
    private let credentials: JobCredentials

    package init(
        inputs: [CodePipeline.Artifact],
        outputs: [CodePipeline.Artifact],
        encryptionKey: CodePipeline.EncryptionKey?,
        store: any ArtifactStore,
        credentials: JobCredentials
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.encryptionKey = encryptionKey
        self.store = store
        self.credentials = credentials
    }

    /// Reads an artifact as it is stored.
    ///
    /// - Throws: ``JobFailure`` that names the artifact when it is absent, too large or can't be reached.
    public func read(_ artifact: CodePipeline.Artifact, limit: Int = 64 << 20) async throws -> Data {
        do {
            return try await credentials.use { credentials in
                try await store.read(artifact, limit: limit, credentials: credentials)
            }
        } catch let error as AWSError {
            throw failure("read", artifact, error, limit)
        }
    }

    /// Writes an artifact.
    ///
    /// - Throws: ``JobFailure`` that names the artifact when it can't be written.
    public func write(_ data: Data, contentType: String, to artifact: CodePipeline.Artifact) async throws {
        do {
            try await credentials.use { credentials in
                try await store.write(
                    data,
                    contentType: contentType,
                    to: artifact,
                    encryptionKey: encryptionKey,
                    credentials: credentials
                )
            }
        } catch let error as AWSError {
            throw failure("written", artifact, error, data.count)
        }
    }

    private func failure(_ verb: String, _ artifact: CodePipeline.Artifact, _ error: AWSError, _ limit: Int)
        -> JobFailure
    {
        let what = "The artifact '\(artifact.name)' (s3://\(artifact.bucket)/\(artifact.key)) can't be \(verb): "
        switch error.code {
        case .noSuchKey, .noSuchBucket, .notFound:
            return JobFailure(
                .revisionUnavailable,
                what + "it isn't there. Check that the action which makes it has stored it before this action runs."
            )
        case .objectTooLarge:
            return JobFailure(.configurationError, what + "it is larger than \(limit >> 20) MiB.")
        case .transport:
            return JobFailure(.systemUnavailable, what + "S3 doesn't answer (\(error.message)).")
        case let code where code.isAccessDenied || code.isExpiredToken:
            return JobFailure(
                .permissionError,
                what + """
                    S3 says \(error.code): \(error.message). Check that the pipeline's role may use the artifact bucket \
                    and its KMS key.
                    """
            )
        default:
            let isServers = (error.httpStatus ?? 0) >= 500 || error.isThrottling
            return JobFailure(
                isServers ? .systemUnavailable : .jobFailed,
                what + "S3 says \(error.code): \(error.message)"
            )
        }
    }
}
