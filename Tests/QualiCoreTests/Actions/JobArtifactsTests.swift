import AWSLite
import Foundation
import HTTPTransport
import Logging
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite(.timeLimit(.minutes(1)))
struct JobArtifactsTests {
    private static let artifact = CodePipeline.Artifact(name: "Lab", bucket: "bucket", key: "key")

    private static func credentials(_ number: Int) -> AWSCredentials {
        .init(accessKeyID: "ASIA\(number)", secretAccessKey: Secret("s"))
    }

    private let store = InMemoryArtifactStore()
    private let clock = ManualClock()
    private let renewals = Locked(0)

    /// Artifacts whose first credentials have the number 0, and the renewed ones the numbers from 1.
    private func artifacts(hasCredentials: Bool = true) -> JobArtifacts {
        JobArtifacts(
            inputs: [Self.artifact],
            outputs: [],
            encryptionKey: nil,
            store: store,
            credentials: JobCredentials(hasCredentials ? Self.credentials(0) : nil, clock: clock) { [renewals] in
                let number = renewals.withLock { number in
                    number += 1
                    return number
                }
                return hasCredentials ? Self.credentials(number) : nil
            },
            clock: clock
        )
    }

    private func used() async -> [String] { await store.usedCredentials.map(\.accessKeyID) }

    // MARK: Trouble

    @Test(arguments: [
        AWSError(.slowDown, "slow down", httpStatus: 503), AWSError(.transport, "connection lost"),
        AWSError("InternalError", "try again", httpStatus: 500), AWSError(.malformedReply, "<html>"),
        AWSError("RequestTimeout", "too slow", httpStatus: 400), AWSError("TemporaryRedirect", "", httpStatus: 307),
        AWSError.page(403), AWSError.page(302), AWSError.page(404), AWSError(.credentialsUnavailable, "not now"),
    ])
    func `passing trouble of storage is waited out`(error: AWSError) async throws {
        await store.put(Data("x".utf8), at: "key")
        await store.fail(with: [error, error, error])
        let artifacts = artifacts()
        // Nobody sleeps after the last attempt, so the clock is moved by hand.
        async let data = artifacts.read(Self.artifact)
        for _ in 1...3 { await clock.wakeNext() }
        #expect(try await data == Data("x".utf8))
        #expect(await used().count == 4)
    }

    @Test func `a write is repeated as a read is`() async throws {
        await store.fail(with: [AWSError(.slowDown, "slow down", httpStatus: 503)])
        let artifacts = artifacts()
        async let written: Void = artifacts.write(Data("x".utf8), contentType: "text/plain", to: Self.artifact)
        await clock.wakeNext()
        try await written
        #expect(await store.objects["key"] == Data("x".utf8))
    }

    @Test func `trouble that doesn't pass fails the job as the system's`() async throws {
        await store.fail(with: Array(repeating: AWSError(.transport, "no route to host"), count: 100))
        let bench = try LabBench(clock: clock) { _, _ in .empty }
        let artifacts = artifacts()
        let failure = try await #require(throws: JobFailure.self) {
            try await bench.running { try await artifacts.read(Self.artifact) }
        }
        #expect(failure.type == .systemUnavailable)
        #expect(failure.message.contains("'Lab' (s3://bucket/key)"))
        #expect((300...340).contains(LabBench.seconds(clock)))
    }

    @Test func `trouble is told in the log once for all jobs, and shown while it lasts`() async throws {
        let book = LogBook()
        let outage = OutageLog(.storing)
        let shown = Locked<[String?]>([])
        await store.put(Data("x".utf8), at: "key")
        await store.fail(
            with: AWSError(.transport, "connection reset"),
            until: clock.now.addingTimeInterval(60),
            of: clock
        )
        try await clock.running {
            try await withThrowingTaskGroup { jobs in
                for _ in 1...10 {
                    let artifacts = JobArtifacts(
                        inputs: [Self.artifact],
                        outputs: [],
                        encryptionKey: nil,
                        store: store,
                        credentials: JobCredentials(Self.credentials(0), clock: clock) { nil },
                        outage: outage,
                        clock: clock
                    )
                    .told(
                        by: Waiter(
                            clock: clock,
                            logger: book.logger,
                            show: { text in shown.withLock { $0.append(text) } }
                        )
                    )
                    jobs.addTask { _ = try await artifacts.read(Self.artifact) }
                }
                try await jobs.waitForAll()
            }
        }
        let lines = book.lines(from: .notice).map(\.message)
        #expect(lines == ["Reading and writing artifacts fails", "Reading and writing artifacts recovered"])
        #expect(book.lines(from: .notice).first?.metadata["error"]?.contains("connection reset") == true)
        let texts = shown.withLock { $0 }
        #expect(Set(texts) == ["waiting for S3: connection reset", nil])
        #expect(texts.count { $0 == nil } == 10)
    }

    @Test(arguments: [AWSError.Code.accessDenied, .noSuchKey, .objectTooLarge])
    func `a refusal isn't argued with`(code: AWSError.Code) async throws {
        await store.fail(with: [AWSError(code, "no", httpStatus: 403)])
        await #expect(throws: JobFailure.self) { try await artifacts().read(Self.artifact) }
        #expect(await used() == ["ASIA0"])
    }

    @Test(arguments: [
        AWSError("NotImplemented", "no", httpStatus: 501), AWSError("InternalError", "no", httpStatus: 505),
    ])
    func `what storage can't do isn't waited for`(error: AWSError) async throws {
        await store.fail(with: [error])
        await #expect(throws: JobFailure.self) { try await artifacts().read(Self.artifact) }
        #expect(await used().count == 1)
    }

    // MARK: Damage

    /// A store in which an artifact reads differently each time.
    private actor FickleStore: ArtifactStore {
        private var contents: [Data]
        private(set) var reads = 0

        init(_ contents: [Data]) { self.contents = contents }

        func read(_ artifact: CodePipeline.Artifact, limit: Int, credentials: AWSCredentials) throws -> Data {
            reads += 1
            return contents.isEmpty ? Data() : contents.removeFirst()
        }

        func write(
            _ data: Data,
            contentType: String,
            to artifact: CodePipeline.Artifact,
            encryptionKey: CodePipeline.EncryptionKey?,
            credentials: AWSCredentials
        ) {}
    }

    private static func zip(_ text: String = #"{"id":"s1"}"#, name: String = "sandbox.json") throws -> Data {
        try ArtifactArchive.zip([.init(path: name, content: Data(text.utf8))])
    }

    private func id(_ store: FickleStore) async throws -> String {
        let artifacts = JobArtifacts(inputs: [Self.artifact], store: store, credentials: Self.credentials(0))
        return try await SandboxReference.resolve(nil, artifacts).id
    }

    @Test func `an artifact that is damaged is read once more`() async throws {
        let good = try Self.zip()
        for bad in [good.prefix(good.count / 2), Data("<html>".utf8), Data(), Data(#"{"id":"s1"#.utf8)] {
            let store = FickleStore([bad, good])
            #expect(try await id(store) == "s1")
            #expect(await store.reads == 2)
        }
        // Not for ever, and not where the bytes are as they were meant.
        let lost = FickleStore([good.prefix(40), good.prefix(40), good])
        let failure = try await #require(throws: JobFailure.self) { try await id(lost) }
        #expect(failure.type == .configurationError)
        #expect(await lost.reads == 2)
        for other in [try Self.zip("{}"), try Self.zip(name: "other.json")] {
            let store = FickleStore([other, good])
            await #expect(throws: JobFailure.self) { try await id(store) }
            #expect(await store.reads == 1)
        }
    }

    @Test func `so is one whose checksum is wrong`() async throws {
        let mismatch = AWSError(.checksumMismatch, "the body that came hasn't the checksum")
        await store.put(Data("x".utf8), at: "key")
        await store.fail(with: [mismatch])
        #expect(try await artifacts().read(Self.artifact) == Data("x".utf8))
        #expect(await used().count == 2)
        await store.fail(with: [mismatch, mismatch])
        let failure = try await #require(throws: JobFailure.self) { try await artifacts().read(Self.artifact) }
        #expect(failure.message.contains("ChecksumMismatch"))
        #expect(await used().count == 4)
    }

    @Test func `a refused read may be of an artifact that isn't there; a refused write can't be`() async throws {
        let refusal = AWSError(.accessDenied, "no", service: AWSService.s3.id, httpStatus: 403)
        await store.fail(with: [refusal, refusal])
        let read = try await #require(throws: JobFailure.self) { try await artifacts().read(Self.artifact) }
        #expect(read.type == .permissionError)
        #expect(read.message.contains("S3 says AccessDenied: no."))
        #expect(read.message.contains("the action which makes the artifact has stored it"))
        let written = try await #require(throws: JobFailure.self) {
            try await artifacts().write(Data(), contentType: "text/plain", to: Self.artifact)
        }
        #expect(written.message.hasSuffix("and its KMS key."))
    }

    // MARK: Credentials

    @Test func `credentials are renewed by age, before they expire`() async throws {
        await store.put(Data(), at: "key")
        let artifacts = artifacts()
        clock.leap(by: 12 * 60 - 1)
        _ = try await artifacts.read(Self.artifact)
        clock.leap(by: 1)
        _ = try await artifacts.read(Self.artifact)
        clock.leap(by: 12 * 60 - 1)
        _ = try await artifacts.read(Self.artifact)
        clock.leap(by: 1)
        _ = try await artifacts.read(Self.artifact)
        #expect(await used() == ["ASIA0", "ASIA1", "ASIA1", "ASIA2"])
    }

    @Test(arguments: [AWSError.Code.expiredToken, .invalidToken])
    func `credentials that S3 calls expired are renewed`(code: AWSError.Code) async throws {
        await store.put(Data("x".utf8), at: "key")
        await store.fail(with: [AWSError(code, "expired", httpStatus: 400)])
        #expect(try await artifacts().read(Self.artifact) == Data("x".utf8))
        #expect(await used() == ["ASIA0", "ASIA1"])
    }

    @Test func `credentials that are expired when they come are asked for anew, and not for ever`() async throws {
        await store.fail(with: AWSError(.expiredToken, "expired", httpStatus: 400), until: .distantFuture, of: clock)
        let artifacts = artifacts()
        let failure = try await #require(throws: JobFailure.self) {
            try await clock.running { try await artifacts.read(Self.artifact) }
        }
        #expect(failure.type == .permissionError)
        #expect(failure.isPassing)
        #expect((300...340).contains(LabBench.seconds(clock)))
    }

    @Test func `a job without credentials is said to have none`() async throws {
        let failure = try await #require(throws: JobFailure.self) {
            try await artifacts(hasCredentials: false).read(Self.artifact)
        }
        #expect(failure.type == .permissionError)
        #expect(failure.message.contains("can't be read: CodePipeline says AccessDenied"))
        #expect(failure.message.contains("no credentials"))
        #expect(await used().isEmpty)
        #expect(renewals.withLock { $0 } == 1)
    }
}

extension AWSError {
    /// A reply in which nothing is the service's own.
    fileprivate static func page(_ status: Int) -> AWSError {
        let code: AWSError.Code = status == 403 ? .accessDenied : .init(rawValue: "HTTP\(status)")
        var error = AWSError(code, "no code", httpStatus: status)
        error.isForeign = true
        return error
    }
}
