import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine

/// Artifacts that are too large for memory, at the stand-in of S3 by real sockets.
@Suite("Artifacts as files", .timeLimit(.minutes(2)))
struct FileArtifactTests {
    /// Runs something with the artifacts of a job, of which one is stored, and a folder.
    private func withArtifacts(
        _ content: Data?,
        _ body: (LocalCloud, JobArtifacts, URL) async throws -> Void
    ) async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = try AWSEnvironment(cloud.environment)
            let configuration = AWSClientConfiguration(
                region: cloud.options.region,
                credentials: environment.credentials,
                httpClient: try CurlHTTPClient(),
                endpoint: cloud.s3URL
            )
            let credentials = try await environment.credentials.credentials()
            let bucket = cloud.options.artifactBucket
            let names = ["In", "Out"].map { CodePipeline.Artifact(name: $0, bucket: bucket, key: "p/\($0)") }
            if let content {
                _ = try await S3(configuration)
                    .putObject(bucket: bucket, key: "p/In", body: content, encryption: .kms(keyID: nil))
            }
            let artifacts = JobArtifacts(
                inputs: [names[0]],
                outputs: [names[1]],
                store: S3ArtifactStore(configuration),
                credentials: credentials
            )
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try await body(cloud, artifacts, folder)
        }
    }

    /// More than one part, and no whole number of them.
    private static let large = Data((0..<(20 << 20) + 7).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })

    @Test func `come into a file in parts, and go out of one`() async throws {
        try await withArtifacts(Self.large) { cloud, artifacts, folder in
            let path = folder.appendingPathComponent("in.bin").path
            try await artifacts.download(artifacts.inputs[0], to: path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Self.large)
            // The stand-in takes no parts; AWSLite's tests send them to moto.
            let small = Self.large.prefix(9 << 20)
            try small.write(to: URL(fileURLWithPath: path))
            try await artifacts.upload(path, contentType: "application/zip", to: artifacts.outputs[0])
            #expect(cloud.s3.object(bucket: cloud.options.artifactBucket, key: "p/Out")?.body == small)
            #expect(cloud.journal.operations.count { $0 == "GetObject" } > 1)
        }
    }

    @Test func `are moved again where a transfer is broken, and leave the file as it was where they can't be had`()
        async throws
    {
        try await withArtifacts(Self.large) { cloud, artifacts, folder in
            let path = folder.appendingPathComponent("in.bin").path
            try Data("before".utf8).write(to: URL(fileURLWithPath: path))
            let missing = CodePipeline.Artifact(name: "None", bucket: cloud.options.artifactBucket, key: "p/None")
            await #expect(throws: JobFailure.self) { try await artifacts.download(missing, to: path) }
            await #expect(throws: JobFailure.self) {
                try await artifacts.download(artifacts.inputs[0], to: path, limit: 9)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")
            // More often than a call is repeated by itself.
            cloud.faults.inject(.truncateBody, on: "GetObject", times: 5)
            try await artifacts.download(artifacts.inputs[0], to: path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Self.large)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in.bin"])
        }
    }

    @Test func `say which file can't be read or written`() async throws {
        try await withArtifacts(Data("x".utf8)) { _, artifacts, folder in
            let path = folder.appendingPathComponent("no/such/folder/in.bin").path
            for verb in ["read", "written"] {
                let failure = await #expect(throws: JobFailure.self) {
                    if verb == "read" {
                        try await artifacts.download(artifacts.inputs[0], to: path)
                    } else {
                        try await artifacts.upload(path, contentType: "text/plain", to: artifacts.outputs[0])
                    }
                }
                let message = failure?.message ?? ""
                #expect(failure?.type == .jobFailed)
                #expect(message.contains("can't be \(verb)") && message.contains(path), "\(message)")
            }
        }
    }
}
