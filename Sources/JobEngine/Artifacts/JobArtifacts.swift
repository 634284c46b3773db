public import AWSLite
public import Foundation
import HTTPTransport

/// The input and output artifacts of one job.
public struct JobArtifacts: Sendable {
    /// The artifacts that the pipeline hands in.
    public let inputs: [CodePipeline.Artifact]
    /// The artifacts that the pipeline expects.
    public let outputs: [CodePipeline.Artifact]

    /// How long storage in trouble is asked again before a job fails.
    private static let patience: TimeInterval = 300

    private let encryptionKey: CodePipeline.EncryptionKey?
    private let store: any ArtifactStore
    private let credentials: JobCredentials
    /// The trouble of all jobs with storage.
    private let outage: OutageLog
    private var waiter: Waiter

    package init(
        inputs: [CodePipeline.Artifact],
        outputs: [CodePipeline.Artifact],
        encryptionKey: CodePipeline.EncryptionKey?,
        store: any ArtifactStore,
        credentials: JobCredentials,
        clock: any WorkerClock
    ) {
        self.init(
            inputs: inputs,
            outputs: outputs,
            encryptionKey: encryptionKey,
            store: store,
            credentials: credentials,
            outage: OutageLog(.storing),
            clock: clock
        )
    }

    /// `outage` tells the trouble of all jobs with storage.
    init(
        inputs: [CodePipeline.Artifact],
        outputs: [CodePipeline.Artifact],
        encryptionKey: CodePipeline.EncryptionKey?,
        store: any ArtifactStore,
        credentials: JobCredentials,
        outage: OutageLog,
        clock: any WorkerClock
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.encryptionKey = encryptionKey
        self.store = store
        self.credentials = credentials
        self.outage = outage
        waiter = .silent(clock)
    }

    /// The same, whose waits are somebody's.
    func told(by waiter: Waiter) -> JobArtifacts {
        var artifacts = self
        artifacts.waiter = waiter
        return artifacts
    }

    /// Artifacts without renewal of credentials: for the test of a handler, or for a job that has none any more.
    package init(
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
    /// One whose checksum is wrong is read once more.
    ///
    /// - Throws: ``JobFailure`` that names the artifact when it is absent, too large, damaged or can't be reached.
    public func read(_ artifact: CodePipeline.Artifact, limit: Int = 64 << 20) async throws -> Data {
        try await read(artifact, limit: limit) { $0 }
    }

    /// Reads an artifact and makes something of it; both once more where it is damaged, as by a box on the way.
    ///
    /// `make` throws a ``JobFailure`` with ``JobFailure/isDamage`` set for bytes that may be others next time.
    ///
    /// - Throws: ``JobFailure`` as ``read(_:limit:)`` does, and what `make` throws.
    package func read<Value: Sendable>(
        _ artifact: CodePipeline.Artifact,
        limit: Int = 64 << 20,
        _ make: (Data) async throws -> Value
    ) async throws -> Value {
        func attempt() async throws -> Value {
            try await make(
                patiently("read", artifact, limit) { credentials in
                    try await store.read(artifact, limit: limit, credentials: credentials)
                }
            )
        }
        do {
            return try await attempt()
        } catch let failure as JobFailure where failure.isDamage {
            return try await attempt()
        }
    }

    /// Writes an artifact.
    ///
    /// - Throws: ``JobFailure`` that names the artifact when it can't be written.
    public func write(_ data: Data, contentType: String, to artifact: CodePipeline.Artifact) async throws {
        try await write(data, contentType: contentType, to: artifact, until: nil)
    }

    /// Writes an artifact, as ``write(_:contentType:to:)`` does.
    ///
    /// `deadline` says until when passing trouble is waited out, if that is known from the job's checkpoint: then the
    /// job may be put back meanwhile.
    ///
    /// - Throws: ``JobFailure``, with ``JobFailure/isPassing`` set if it has waited in vain.
    package func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        until deadline: Date?
    ) async throws {
        try await patiently("written", artifact, data.count, until: deadline) { credentials in
            try await store.write(
                data,
                contentType: contentType,
                to: artifact,
                encryptionKey: encryptionKey,
                credentials: credentials
            )
        }
    }

    /// Reads an artifact of any size into a file, in constant memory where the store is S3.
    ///
    /// One whose checksum is wrong is read once more. A transfer that is broken off begins again; the job's credentials are
    /// renewed on the way.
    ///
    /// - Parameters:
    ///   - artifact: One of the job's artifacts.
    ///   - path: The file, in place of any that is there; its folder has to exist. After a failure it is as it was before.
    ///   - limit: The largest artifact that is read, in bytes.
    /// - Throws: ``JobFailure`` that names the artifact when it is absent, too large, damaged or can't be reached, or the file
    ///   can't be written; `CancellationError` when the task is cancelled.
    public func download(_ artifact: CodePipeline.Artifact, to path: String, limit: Int = .max) async throws {
        func attempt() async throws {
            try await patiently("read", artifact, limit) {
                try await store.download(artifact, to: path, limit: limit, credentials: credentials)
            }
        }
        do {
            try await attempt()
        } catch let failure as JobFailure where failure.isDamage {
            try await attempt()
        }
    }

    /// Writes a file of any size as an artifact, in constant memory where the store is S3.
    ///
    /// - Parameters:
    ///   - path: The file, which mustn't change meanwhile.
    ///   - contentType: The content's type, as in `application/zip`.
    ///   - artifact: One of the job's artifacts.
    /// - Throws: ``JobFailure`` that names the artifact when it can't be written, or the file can't be read;
    ///   `CancellationError` when the task is cancelled.
    public func upload(_ path: String, contentType: String, to artifact: CodePipeline.Artifact) async throws {
        try await patiently("written", artifact, .max) {
            try await store.upload(
                path,
                contentType: contentType,
                to: artifact,
                encryptionKey: encryptionKey,
                credentials: credentials
            )
        }
    }

    /// Moves a file, again and again while storage is in passing trouble, which is counted from its first failure: a transfer
    /// may take hours.
    private func patiently(
        _ verb: String,
        _ artifact: CodePipeline.Artifact,
        _ limit: Int,
        transfer: () async throws -> Void
    ) async throws {
        let (clock, deadline) = (waiter.clock, Locked<Date?>(nil))
        do {
            try await waiter.persist(outage, Backoff(first: .seconds(2), longest: .seconds(30))) { error in
                guard let error = error as? AWSError, error.isPassing else { return .lasting }
                let end = deadline.withLock { deadline in
                    let end = deadline ?? clock.now.addingTimeInterval(Self.patience)
                    deadline = end
                    return end
                }
                return .passing(until: end, error.wordsOfWaiting)
            } _: {
                try await transfer()
            }
        } catch let error as AWSError {
            throw failure(verb, artifact, error, limit)
        }
    }

    /// Does something again and again while storage is in passing trouble.
    private func patiently<Value: Sendable>(
        _ verb: String,
        _ artifact: CodePipeline.Artifact,
        _ size: Int,
        until kept: Date? = nil,
        _ body: (AWSCredentials) async throws -> Value
    ) async throws -> Value {
        let patienceEnd = waiter.clock.now.addingTimeInterval(Self.patience)
        let deadline = max(kept ?? patienceEnd, patienceEnd)
        do {
            return try await waiter.persist(
                outage,
                Backoff(first: .seconds(2), longest: .seconds(30)),
                mayPutBack: kept.map { $0 > patienceEnd } ?? false
            ) { error in
                guard let error = error as? AWSError, error.isPassing else { return .lasting }
                return .passing(until: deadline, error.wordsOfWaiting)
            } _: {
                try await credentials.use(body)
            }
        } catch let error as AWSError {
            throw failure(verb, artifact, error, size)
        }
    }

    private func failure(_ verb: String, _ artifact: CodePipeline.Artifact, _ error: AWSError, _ limit: Int)
        -> JobFailure
    {
        var failure = reason(verb, artifact, error, limit)
        failure.isPassing = error.isPassing
        failure.isDamage = error.code == .checksumMismatch
        return failure
    }

    private func reason(_ verb: String, _ artifact: CodePipeline.Artifact, _ error: AWSError, _ limit: Int)
        -> JobFailure
    {
        let service = error.owner
        let what = "The artifact '\(artifact.name)' (s3://\(artifact.bucket)/\(artifact.key)) can't be \(verb): "
        switch error.code {
        case _ where error.isForeign:
            return JobFailure(
                .systemUnavailable,
                what + "something in between answers for \(service) (\(error.message))."
            )
        case .noSuchKey, .noSuchBucket, .notFound:
            return JobFailure(
                .revisionUnavailable,
                what + "it isn't there. Check that the action which makes it has stored it before this action runs."
            )
        case .objectTooLarge:
            return JobFailure(.configurationError, what + "it is larger than \(limit >> 20) MiB.")
        case .fileFailed, .fileChanged:
            return JobFailure(.jobFailed, what + "\(error.message).")
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
    ///
    /// That holds for credentials that have expired, which CodePipeline renews, and for a page from in between, which
    /// tells nothing of S3.
    fileprivate var isPassing: Bool {
        isThrottling || isForeign || passesByItself || code.isExpiredToken
            || [.transport, .malformedReply, .credentialsUnavailable, .invalidToken, "TemporaryRedirect"].contains(code)
    }

    /// What is waited for, in words.
    fileprivate var wordsOfWaiting: String { "\(owner): \(message.cut(to: 300))" }

    /// Who has said it.
    fileprivate var owner: String { service == AWSService.codePipeline.id ? "CodePipeline" : "S3" }
}
