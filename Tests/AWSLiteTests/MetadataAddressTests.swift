import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

@testable import AWSLite

/// Where the sources of the host and the container are asked, and that no proxy stands in between.
@Suite(.timeLimit(.minutes(1))) struct MetadataAddressTests {
    private static let keys =
        #"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#

    /// A metadata service and a container's endpoint.
    private static let service: @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer = { request in
        switch request.line {
        case "PUT /latest/api/token": .reply(200, "TOKEN")
        case "GET /latest/meta-data/iam/security-credentials/": .reply(200, "role")
        default: .reply(200, keys)
        }
    }

    private static let noFiles = ["AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]

    /// Where the instance's metadata is looked for first.
    private func address(_ variables: [String: String], _ profile: String = "") async throws -> String? {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data("[default]\n\(profile)\n".utf8).write(to: config)
            let stub = StubHTTPClient([])
            let files = ["AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
            let context = CredentialContext(
                variables: files.merging(variables) { $1 },
                httpClient: StubHTTPClient([]),
                directHTTPClient: stub
            )
            _ = try? await InstanceMetadataSource(context: context).fetch()
            return await stub.calls.first.map { call in
                "\(call.request.scheme ?? "")://\(call.request.authority ?? "")\(call.request.path ?? "")"
            }
        }
    }

    @Test func `The address and the mode come from the environment before the profile`() async throws {
        let (address4, address6) = (
            "http://169.254.169.254/latest/api/token", "http://[fd00:ec2::254]/latest/api/token"
        )
        let (endpoint, mode) = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
        #expect(try await address([:]) == address4)
        #expect(try await address([mode: "IPv4"]) == address4)
        #expect(try await address([mode: "IPv6"]) == address6)
        #expect(try await address([mode: "ipv6"]) == address6)
        #expect(try await address([mode: "IPv5"]) == nil)
        #expect(try await address([:], "ec2_metadata_service_endpoint_mode = IPv6") == address6)
        #expect(try await address([mode: "IPv4"], "ec2_metadata_service_endpoint_mode = IPv6") == address4)
        let own = "http://own.example:8/base/"
        let ownAddress = "http://own.example:8/base/latest/api/token"
        #expect(try await address([endpoint: own]) == ownAddress)
        // An address is stronger than a mode.
        #expect(try await address([endpoint: own, mode: "IPv6"]) == ownAddress)
        #expect(try await address([:], "ec2_metadata_service_endpoint = \(own)") == ownAddress)
        let other = "ec2_metadata_service_endpoint = http://other.example"
        #expect(try await address([endpoint: own], other) == ownAddress)
    }

    private static let hasIPv6 = (try? RawServer(isIPv6: true) { _ in })?.stop() != nil

    @Test(.enabled(if: hasIPv6, "this machine has no ::1"))
    func `An instance and a container are asked over IPv6`() async throws {
        try await LoopbackServer.with(isIPv6: true, Self.service) { (server: LoopbackServer) async throws in
            let instance = CredentialContext(
                variables: Self.noFiles.merging([
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6",
                ]) { $1 }
            )
            #expect(try await InstanceMetadataSource(context: instance).fetch().accessKeyID == "A")
            let container = CredentialContext(
                variables: Self.noFiles.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url]) { $1 }
            )
            #expect(try await ContainerSource(context: container).fetch().accessKeyID == "A")
            #expect(server.requests[0].fields["host"] == "[::1]:\(server.port)")
            #expect(server.lines.count == 4)
        }
    }

    /// In a process of its own, because the environment belongs to the whole process.
    @Test func `No proxy of the environment is asked for them`() async throws {
        await #expect(processExitsWith: .success) {
            try await LoopbackServer.with({ _ in .reply(502, "") }) { (proxy: LoopbackServer) async throws in
                try await LoopbackServer.with(Self.service) { (server: LoopbackServer) async throws in
                    for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                        setenv(name, proxy.url, 1)
                    }
                    unsetenv("no_proxy")
                    unsetenv("NO_PROXY")
                    let context = CredentialContext(
                        variables: Self.noFiles.merging([
                            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
                            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url,
                        ]) { $1 }
                    )
                    try #require(try await InstanceMetadataSource(context: context).fetch().accessKeyID == "A")
                    try #require(try await ContainerSource(context: context).fetch().accessKeyID == "A")
                    try #require(proxy.lines.isEmpty)
                    // It would be asked for anything else.
                    let request = HTTPRequest(method: .get, scheme: "http", authority: "sts.example", path: "/")
                    try #require(try await context.httpClient.send(HTTPCall(request)).response.status.code == 502)
                    try #require(proxy.lines == ["GET http://sts.example/"])
                }
            }
        }
    }
}
