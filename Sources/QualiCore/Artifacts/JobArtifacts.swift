public import AWSLite
public import Foundation

/// The input and output artifacts of one job.
public struct JobArtifacts: Sendable {
    /// The artifacts that the pipeline hands in.
    public let inputs: [CodePipeline.Artifact]
    /// The artifacts that the pipeline expects.
    public let outputs: [CodePipeline.Artifact]

    private let encryptionKey: CodePipeline.EncryptionKey?
    /// How long storage in trouble is asked again before a job fails.
    private static let patience: TimeInterval = 300

    private let store: any ArtifactStore
    private let credentials: JobCredentials
    private let clock: any WorkerClock

    package init(
        inputs: [CodePipeline.Artifact],
        outputs: [CodePipeline.Artifact],
        encryptionKey: CodePipeline.EncryptionKey?,
        store: any ArtifactStore,
        credentials: JobCredentials,
        clock: any WorkerClock
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.encryptionKey = encryptionKey
        self.store = store
        self.credentials = credentials
        self.clock = clock
    }

    /// Artifacts for the test of a handler: without renewal of credentials.
    public init(
        inputs: [CodePipeline.Artifact] = [],
        outputs: [CodePipeline.Artifact] = [],
        store: any ArtifactStore,
        credentials: AWSCredentials? = nil,
        clock: any WorkerClock = .system
    ) {
        self.init(
            inputs: inputs,
            outputs: outputs,
            encryptionKey: nil,
            store: store,
            credentials: JobCredentials(credentials, clock: clock) { credentials },
            clock: clock
        )
    }

    /// Reads an artifact as it is stored.
    ///
    /// - Throws: ``JobFailure`` that names the artifact when it is absent, too large or can't be reached.
    public func read(_ artifact: CodePipeline.Artifact, limit: Int = 64 << 20) async throws -> Data {
        try await patiently("read", artifact, limit) { credentials in
            try await store.read(artifact, limit: limit, credentials: credentials)
        }
    }

    /// Writes an artifact.
    ///
    /// - Throws: ``JobFailure`` that names the artifact when it can't be written.
    public func write(_ data: Data, contentType: String, to artifact: CodePipeline.Artifact) async throws {
        try await patiently("written", artifact, data.count) { credentials in
            try await store.write(
                data,
                contentType: contentType,
                to: artifact,
                encryptionKey: encryptionKey,
                credentials: credentials
            )
        }
    }

    /// Does something again and again while storage is in passing trouble.
    private func patiently<Value: Sendable>(
        _ verb: String,
        _ artifact: CodePipeline.Artifact,
        _ size: Int,
        _ body: (AWSCredentials) async throws -> Value
    ) async throws -> Value {
        let deadline = clock.now.addingTimeInterval(Self.patience)
        var backoff = Backoff(first: .seconds(2), longest: .seconds(30))
        while true {
            do {
                return try await credentials.use(body)
            } catch let error as AWSError {
                guard error.isPassing, clock.now < deadline else { throw failure(verb, artifact, error, size) }
            }
            try await clock.sleep(for: backoff.pause())
        }
    }

    private func failure(_ verb: String, _ artifact: CodePipeline.Artifact, _ error: AWSError, _ limit: Int)
        -> JobFailure
    {
        let service = error.service == AWSService.codePipeline.id ? "CodePipeline" : "S3"
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
            return JobFailure(.systemUnavailable, what + "\(service) doesn't answer (\(error.message)).")
        case let code where code.isAccessDenied || code.isExpiredToken:
            // S3 doesn't tell those who may not list a bucket which objects it hasn't.
            let mayBeAbsent = verb == "read" && service == "S3" && error.httpStatus == 403
            let advice =
                mayBeAbsent
                ? ", and that the action which makes the artifact has stored it: S3 may say this of one that isn't there."
                : "."
            return JobFailure(
                .permissionError,
                what + """
                    \(service) says \(error.code): \(error.message). Check that the pipeline's role may use the artifact bucket \
                    and its KMS key\(advice)
                    """
            )
        default:
            return JobFailure(
                error.isPassing ? .systemUnavailable : .jobFailed,
                what + "\(service) says \(error.code): \(error.message)."
            )
        }
    }
}

extension AWSError {
    /// Whether the same call may well succeed later.
    fileprivate var isPassing: Bool {
        isThrottling || code == .transport || code == .malformedReply || (httpStatus ?? 0) >= 500
    }
}
