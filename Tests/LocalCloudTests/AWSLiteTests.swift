import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Testing

/// Our own clients against the stand-ins: the verifier shares no code with the signer.
@Suite("AWSLite against the stand-ins", .timeLimit(.minutes(1)))
struct AWSLiteTests {
    @Test(
        "Objects with awkward keys go in and come out",
        arguments: ["plain", "a//b", "../up", "é +(1).zip", "a&b=c%20d", "*'!@,;$:~#?[]", " lead", "日本", "a/./b"]
    )
    func keys(key: String) async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.s3.makeBucket("plain", policy: .open)
            let s3 = try client(cloud)
            let put = try await s3.putObject(bucket: "plain", key: key, body: Data(key.utf8), contentType: "text/plain")
            let got = try await s3.getObject(bucket: "plain", key: key, limit: 1_000)
            #expect(got.body == Data(key.utf8) && got.eTag == put.eTag && got.contentType == "text/plain")
            #expect(try await s3.headObject(bucket: "plain", key: key).contentLength == key.utf8.count)
            #expect(cloud.s3.keys(in: "plain") == [key])
        }
    }

    @Test("A job's credentials open its own artifacts for fifteen minutes")
    func credentials() async throws {
        var options = LocalCloud.Options()
        options.clock = LocalClock(frozenAt: Date())
        try await LocalCloud.withRunning(options) { cloud in
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type, outputs: ["Out"])])
            let execution = try cloud.codePipeline.start("P")
            let data = try bench.claim()["data"]
            let own = try #require(data?["artifactCredentials"])
            let place = try #require(cloud.codePipeline.execution(execution)?.action("A")?.outputArtifacts["Out"])
            let s3 = try client(
                cloud,
                AWSCredentials(
                    accessKeyID: own["accessKeyId"]?.string ?? "",
                    secretAccessKey: Secret(own["secretAccessKey"]?.string ?? ""),
                    sessionToken: Secret(own["sessionToken"]?.string ?? "")
                )
            )
            func put(_ key: String, _ encryption: S3.ServerSideEncryption?) async -> AWSError? {
                do {
                    _ = try await s3.putObject(
                        bucket: place.bucket,
                        key: key,
                        body: Data("x".utf8),
                        encryption: encryption
                    )
                    return nil
                } catch {
                    return error as? AWSError
                }
            }
            #expect(await put(place.key, .kms(keyID: nil)) == nil)
            let action = try #require(cloud.codePipeline.execution(execution)?.action("A"))
            #expect(cloud.artifact("Out", of: action) == Data("x".utf8))
            #expect(await put(place.key, nil)?.code == .accessDenied)
            #expect(await put(place.key, .kms(keyID: "other"))?.code == .accessDenied)
            #expect(await put("else", .kms(keyID: nil))?.code == .accessDenied)
            cloud.advance(by: .seconds(899))
            #expect(await put(place.key, .kms(keyID: nil)) == nil)
            cloud.advance(by: .seconds(1))
            #expect(await put(place.key, .kms(keyID: nil))?.code.isExpiredToken == true)
        }
    }

    @Test("A clock that's wrong is refused, in words that tell the time, whatever the reply's date says")
    func skew() async throws {
        var options = LocalCloud.Options()
        let skew = LocalClock()
        options.signingTime = { skew.now }
        try await LocalCloud.withRunning(options) { cloud in
            let credentials = AWSCredentials(
                accessKeyID: cloud.options.accessKeyID,
                secretAccessKey: Secret(cloud.options.secretAccessKey),
                sessionToken: nil
            )
            let codePipeline = CodePipeline(try configuration(cloud, cloud.codePipelineURL, credentials))
            _ = try await codePipeline.listActionTypes()
            skew.advance(by: .seconds(400))
            _ = try await codePipeline.listActionTypes()
            #expect(cloud.journal.entries.map(\.status) == [200, 400, 200])
            let offset = try #require(codePipeline.configuration.clock.offset)
            #expect(abs(offset - 400) < 60)
        }
    }

    private func client(_ cloud: LocalCloud, _ credentials: AWSCredentials? = nil) throws -> S3 {
        let own = AWSCredentials(
            accessKeyID: cloud.options.accessKeyID,
            secretAccessKey: Secret(cloud.options.secretAccessKey),
            sessionToken: nil
        )
        return S3(try configuration(cloud, cloud.s3URL, credentials ?? own))
    }

    private func configuration(_ cloud: LocalCloud, _ endpoint: String, _ credentials: AWSCredentials) throws
        -> AWSClientConfiguration
    {
        AWSClientConfiguration(
            region: cloud.options.region,
            credentials: StaticCredentialProvider(credentials),
            httpClient: try CurlHTTPClient(),
            endpoint: endpoint,
            retry: .none
        )
    }
}
