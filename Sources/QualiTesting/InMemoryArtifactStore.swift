public import AWSLite
public import Foundation
public import JobEngine

/// An artifact store from memory, which a test fills and looks into.
public actor InMemoryArtifactStore: ArtifactStore {
    /// An artifact that was written.
    public struct Write: Sendable, Hashable {
        /// Which it is.
        public let artifact: CodePipeline.Artifact
        /// Its bytes.
        public let data: Data
        /// Its media type.
        public let contentType: String

        /// Creates one, to compare with.
        package init(_ data: Data, contentType: String, to artifact: CodePipeline.Artifact) {
            self.artifact = artifact
            self.data = data
            self.contentType = contentType
        }
    }

    /// What is stored, by key, whatever its bucket.
    public private(set) var objects: [String: Data]
    /// What handlers have written, in order.
    public private(set) var writes: [Write] = []
    package private(set) var usedCredentials: [AWSCredentials] = []
    private var errors: [any Error] = []
    private var outage: @Sendable () -> (any Error)? = { nil }

    /// Creates a store that holds artifacts.
    public init(_ artifacts: [CodePipeline.Artifact: Data] = [:]) {
        objects = Dictionary(artifacts.map { ($0.key.key, $0.value) }) { $1 }
    }

    /// Reads and writes fail with these errors, one call after the other, before they work.
    ///
    /// Passing trouble, such as `AWSError(.transport, "no connection")`, is waited out on the job's clock before a handler sees it.
    public func fail(with errors: [any Error]) { self.errors += errors }

    /// Reads and writes fail until a clock shows this time.
    package func fail(with error: any Error, until time: Date, of clock: any WorkerClock) {
        outage = { clock.now < time ? error : nil }
    }

    /// Stores an object, as an earlier action of the pipeline does.
    public func put(_ data: Data, at key: String) { objects[key] = data }

    private func note(_ credentials: AWSCredentials) throws {
        usedCredentials.append(credentials)
        if let error = outage() { throw error }
        if !errors.isEmpty { throw errors.removeFirst() }
    }

    /// Reads an artifact.
    ///
    /// - Throws: `AWSError` as S3 has it, for one that isn't there or is larger than `limit`; what it was told to fail with.
    package func read(_ artifact: CodePipeline.Artifact, limit: Int, credentials: AWSCredentials) throws -> Data {
        try note(credentials)
        guard let data = objects[artifact.key] else { throw AWSError(.noSuchKey, "no such key") }
        guard data.count <= limit else { throw AWSError(.objectTooLarge, "too large") }
        return data
    }

    /// Writes an artifact.
    ///
    /// - Throws: What it was told to fail with.
    package func write(
        _ data: Data,
        contentType: String,
        to artifact: CodePipeline.Artifact,
        encryptionKey: CodePipeline.EncryptionKey?,
        credentials: AWSCredentials
    ) throws {
        try note(credentials)
        objects[artifact.key] = data
        writes.append(Write(data, contentType: contentType, to: artifact))
    }
}

extension CodePipeline.Artifact {
    /// An artifact of a pipeline that there isn't, for a test.
    public static func forTest(_ name: String) -> Self {
        Self(name: name, bucket: "artifacts", key: "Nightly/\(name)")
    }
}
