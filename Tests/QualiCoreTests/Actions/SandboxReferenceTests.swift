import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("The sandbox among several input artifacts", .timeLimit(.minutes(1)))
struct SandboxReferenceTests {
    private let store = InMemoryArtifactStore()
    private let clock = ManualClock()

    private static func zip(_ path: String, _ text: String) throws -> Data {
        try ArtifactArchive.zip([.init(path: path, content: Data(text.utf8))])
    }

    private func artifacts(_ contents: [(String, Data?)]) async -> JobArtifacts {
        for case (let name, let data?) in contents { await store.put(data, at: name) }
        return JobArtifacts(
            inputs: contents.map { .init(name: $0.0, bucket: "bucket", key: $0.0) },
            store: store,
            credentials: .init(accessKeyID: "ASIA1", secretAccessKey: Secret("s")),
            clock: clock
        )
    }

    private func failure(_ contents: [(String, Data?)]) async throws -> JobFailure {
        let artifacts = await artifacts(contents)
        return try await #require(throws: JobFailure.self) { try await SandboxReference.resolve(nil, artifacts) }
    }

    @Test(arguments: [true, false])
    func `is found beside sources, in either order`(isFirst: Bool) async throws {
        let contents: [(String, Data?)] = [
            ("Lab", Data(#"{"id": "s-1"}"#.utf8)), ("Source", try Self.zip("main.c", "int main;")),
        ]
        let artifacts = await artifacts(isFirst ? contents : contents.reversed())
        #expect(try await SandboxReference.resolve(nil, artifacts).id == "s-1")
    }

    @Test(arguments: ["large", "text", "absent", "no id", "hostile"])
    func `is found beside what can't be read as one`(kind: String) async throws {
        let other: Data? =
            switch kind {
            case "large": Data(count: (64 << 20) + 1)
            case "text": Data("hello".utf8)
            case "no id": Data(#"{"version": 3}"#.utf8)
            case "hostile": try Self.zip("sandbox.json", #"{"id": "../users"}"#)
            default: nil
            }
        let artifacts = await artifacts([("Source", other), ("Lab", try Self.zip("sandbox.json", #"{"id": "s-1"}"#))])
        #expect(try await SandboxReference.resolve(nil, artifacts).id == "s-1")
    }

    @Test func `may be in several artifacts if it is the same`() async throws {
        let artifacts = await artifacts([
            ("Lab", try Self.zip("sandbox.json", #"{"id": "s-1"}"#)), ("Copy", Data(#"{"id": "S-1"}"#.utf8)),
        ])
        #expect(try await SandboxReference.resolve(nil, artifacts).id == "s-1")
    }

    @Test func `isn't chosen between two`() async throws {
        let failure = try await failure([
            ("Blue", Data(#"{"id": "s-1"}"#.utf8)), ("Source", Data("x".utf8)), ("Green", Data(#"{"id": "s-2"}"#.utf8)),
        ])
        #expect(failure.type == .configurationError)
        #expect(
            failure.message.contains("3 input artifacts with different sandboxes: 'Blue' has 's-1', 'Green' has 's-2'")
        )
    }

    @Test func `is missed where none holds one, with the reason for each`() async throws {
        let failure = try await failure([("Source", try Self.zip("main.c", "int main;")), ("Lab", nil)])
        #expect(failure.type == .configurationError)
        #expect(failure.message.contains("2 input artifacts, but none that holds a sandbox"))
        #expect(failure.message.contains("The input artifact 'Source' holds no 'sandbox.json'. The artifact 'Lab'"))
        #expect(failure.message.contains("it isn't there"))
        #expect(failure.message.ranges(of: "Quali-Start-Sandbox").count == 1)
    }

    @Test func `is found by an action of one's own definition, beside a command's output`() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(Site.blueprint())
            try cloud.codePipeline.register(Site.end, inputs: 0...5)
            try await Site.serve(cloud) { site in
                let end = try await site.pipeline(
                    Site.startAction(),
                    Site.runAction("SANDBOX", "health-check", outputs: ["Report"]),
                    Site.endAction(inputs: ["Report", "Sandbox"])
                )
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
                #expect(site.lab.sandboxesNotStopped.isEmpty)
            }
        }
    }

    @Test func `is waited for where storage is in passing trouble`() async throws {
        let artifacts = await artifacts([("Source", Data("x".utf8)), ("Lab", Data(#"{"id": "s-1"}"#.utf8))])
        let trouble = AWSError(.slowDown, "slow down", httpStatus: 503)
        await store.fail(with: [trouble, trouble, trouble])
        async let found = SandboxReference.resolve(nil, artifacts)
        for _ in 1...3 { await clock.wakeNext() }
        #expect(try await found.id == "s-1")
    }

    @Test func `isn't guessed where storage stays in trouble`() async throws {
        let artifacts = await artifacts([("Other", nil), ("Lab", Data(#"{"id": "s-1"}"#.utf8))])
        await store.fail(with: Array(repeating: AWSError(.transport, "no route to host"), count: 100))
        let bench = try LabBench(clock: clock) { _, _ in .empty }
        let failure = try await #require(throws: JobFailure.self) {
            try await bench.running { try await SandboxReference.resolve(nil, artifacts) }
        }
        #expect(failure.type == .systemUnavailable)
        #expect(failure.message.contains("'Other'"))
    }

    @Test func `isn't guessed where one may not be read`() async throws {
        let artifacts = await artifacts([("Other", nil), ("Lab", Data(#"{"id": "s-1"}"#.utf8))])
        await store.fail(with: [AWSError(.accessDenied, "no", httpStatus: 403)])
        let failure = try await #require(throws: JobFailure.self) { try await SandboxReference.resolve(nil, artifacts) }
        #expect(failure.type == .permissionError)
    }
}
