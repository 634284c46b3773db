import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

/// Compares endpoints with botocore's own rule engine over the whole matrix.
@Suite(Oracle.condition, .eachBotocore) struct EndpointMatrixTests {
    struct Case: Encodable {
        var service: String
        var region: String?
        var fips: Bool
        var dualStack: Bool
        var pathStyle = false
        var bucket: String?
        var endpoint: String?
    }

    private static let flags = [(false, false), (true, false), (false, true), (true, true)]

    @Test func `Every service, partition and region has botocore's host, or none where it has none`() async throws {
        var cases: [Case] = []
        for service in ["codepipeline", "s3", "sts"] {
            for (fips, dualStack) in Self.flags {
                for endpoint in [nil, "https://proxy.example.com:8443/base"] {
                    cases.append(Case(service: service, fips: fips, dualStack: dualStack, endpoint: endpoint))
                }
            }
        }
        let answers = try await Oracle.run("endpoints.py", cases, as: [String: String?].self)
        try #require(answers.count == cases.count)
        let services: [String: AWSService] = ["codepipeline": .codePipeline, "s3": .s3, "sts": .sts]
        var compared = 0
        for (example, answer) in zip(cases, answers) {
            let service = try #require(services[example.service])
            for (region, theirs) in answer {
                // The one difference, which the resolver documents: pseudo regions are refused.
                let expected = region.hasSuffix("-global") ? nil : theirs
                let resolver = AWSEndpointResolver(
                    region: region,
                    override: example.endpoint,
                    usesFIPS: example.fips,
                    usesDualStack: example.dualStack
                )
                let ours = try? resolver.endpoint(of: service)
                #expect(
                    ours.map { "\($0.scheme)://\($0.authority)\($0.basePath)" } == expected,
                    "\(example) \(region)"
                )
                compared += 1
            }
        }
        #expect(compared > 1000)
    }

    @Test func `Every kind of bucket stands where botocore puts it`() async throws {
        let buckets =
            [
                "plain", "with-dash", "my.dotted", "Upper", "under_score", "ab", "-ab", "ab-", "xn--abc", "a..b",
                "1.2.3.4", "a.b-", "Dotted.Upper",
            ] + [63, 64].map { String(repeating: "a", count: $0) }
        let endpoints = [
            nil, "http://127.0.0.1:9000", "http://localhost:9000", "https://s3.example.com/base", "https://[::1]:9000",
        ]
        var cases: [Case] = []
        for bucket in buckets {
            for endpoint in endpoints {
                for (fips, dualStack) in Self.flags {
                    for pathStyle in [false, true] {
                        for region in ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"] {
                            cases.append(
                                Case(
                                    service: "s3",
                                    region: region,
                                    fips: fips,
                                    dualStack: dualStack,
                                    pathStyle: pathStyle,
                                    bucket: bucket,
                                    endpoint: endpoint
                                )
                            )
                        }
                    }
                }
            }
        }
        let answers = try await Oracle.run("endpoints.py", cases, as: [String: String?].self)
        try #require(answers.count == cases.count)
        for (example, answer) in zip(cases, answers) {
            let bucket = try #require(example.bucket)
            if Self.isDifference(bucket, example.endpoint), !example.pathStyle { continue }
            let region = try #require(example.region)
            let theirs = try #require(answer[region])
            let stub = StubHTTPClient([.reply(200, "")])
            var configuration = AWSClientConfiguration.test(stub, endpoint: example.endpoint)
            configuration.region = region
            configuration.usesFIPS = example.fips
            configuration.usesDualStack = example.dualStack
            let style = example.pathStyle ? S3.AddressingStyle.path : .virtual
            _ = try? await S3(configuration, addressingStyle: style).headObject(bucket: bucket, key: "k")
            let ours = await stub.calls.first.map { call in
                "\(call.request.scheme ?? "")://\(call.request.authority ?? "")\(call.request.path ?? "")"
            }
            #expect(ours == theirs.map { $0 + "/k" }, "\(example)")
        }
    }

    /// The one difference, which S3Address documents: over plain http botocore puts a dotted bucket before an IP address.
    private static func isDifference(_ bucket: String, _ endpoint: String?) -> Bool {
        bucket.contains(".") && ["http://127.0.0.1:9000"].contains(endpoint)
    }

    private struct StyleCase: Encodable {
        var config: String
        var bucket: String
        var endpoint: String?
        /// Whether the endpoint comes from the environment.
        var isFromEnvironment: Bool
    }

    @Test func `The profile's addressing style puts a bucket where botocore's client puts it`() async throws {
        let settings =
            ["", "s3 =\n  max_concurrent_requests = 3"]
            + ["auto", "virtual", "path", "Virtual", "PATH", "dns", ""].map { "s3 =\n  addressing_style = \($0)" }
        var cases: [StyleCase] = []
        for setting in settings {
            for endpoint in [
                nil, "http://127.0.0.1:9000", "http://localhost:9000", "https://s3.example.com/base",
            ] {
                for isFromEnvironment in endpoint == nil ? [false] : [false, true] {
                    for bucket in ["plain", "my.dotted", "Upper", "under_score", "1.2.3.4", "a.b-", "ab"] {
                        cases.append(
                            StyleCase(
                                config: "[default]\n\(setting)\n",
                                bucket: bucket,
                                endpoint: endpoint,
                                isFromEnvironment: isFromEnvironment
                            )
                        )
                    }
                }
            }
        }
        let answers = try await Oracle.run("addressing.py", cases, as: String?.self)
        try #require(answers.count == cases.count)
        #expect(answers.contains("http://plain.localhost:9000/k"))
        #expect(answers.contains(nil))
        try await withTemporaryFolder { folder in
            for (example, answer) in zip(cases, answers) where !Self.isDifference(example.bucket, example.endpoint) {
                let config = folder.appendingPathComponent("config")
                try Data(example.config.utf8).write(to: config)
                var variables = ["AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
                if example.isFromEnvironment { variables["AWS_ENDPOINT_URL_S3"] = example.endpoint }
                let environment = try AWSEnvironment(variables)
                let stub = StubHTTPClient([.reply(200, "")])
                var configuration = AWSClientConfiguration.test(stub)
                configuration.endpoint =
                    example.isFromEnvironment ? try environment.endpoint(of: .s3) : example.endpoint
                if let style = try? environment.s3AddressingStyle() {
                    let s3 = S3(configuration, addressingStyle: style)
                    _ = try? await s3.headObject(bucket: example.bucket, key: "k")
                }
                let ours = await stub.calls.first.map { call in
                    "\(call.request.scheme ?? "")://\(call.request.authority ?? "")\(call.request.path ?? "")"
                }
                #expect(ours == answer, "\(example)")
            }
        }
    }
}
