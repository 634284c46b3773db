import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct EndpointTests {
    @Test(arguments: [
        ("eu-west-1", "codepipeline.eu-west-1.amazonaws.com"),
        ("mx-central-1", "codepipeline.mx-central-1.amazonaws.com"),
        ("us-gov-west-1", "codepipeline.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "codepipeline.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", "codepipeline.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "codepipeline.us-isob-east-1.sc2s.sgov.gov"),
        ("eu-isoe-west-1", "codepipeline.eu-isoe-west-1.cloud.adc-e.uk"),
        ("us-isof-south-1", "codepipeline.us-isof-south-1.csp.hci.ic.gov"),
        ("eusc-de-east-1", "codepipeline.eusc-de-east-1.amazonaws.eu"),
        ("xx-new-1", "codepipeline.xx-new-1.amazonaws.com"),
    ])
    func `Each partition has its suffix, and an unknown region is an ordinary one`(_ region: String, _ host: String)
        throws
    {
        let endpoint = try AWSEndpointResolver(region: region).endpoint(of: .codePipeline)
        #expect(endpoint == AWSEndpoint(scheme: "https", authority: host, isCustom: false))
    }

    @Test(arguments: ["", "eu west", "EU-WEST-1", "evil.example.com/", "-x", "x-", "é", "a@b"])
    func `A region that can't be part of a host name is refused`(_ region: String) {
        #expect(throws: AWSConfigurationError.self) {
            try AWSEndpointResolver(region: region).endpoint(of: .s3)
        }
    }

    @Test func `Custom endpoints keep port and path`() throws {
        let endpoint = try AWSEndpoint(custom: "HTTP://[::1]:4566/base/")
        #expect(endpoint == AWSEndpoint(scheme: "http", authority: "[::1]:4566", basePath: "/base", isCustom: true))
        #expect(endpoint.isAddressLiteral)
        #expect(try AWSEndpoint(custom: "https://example.com").basePath.isEmpty)
        #expect(try !AWSEndpoint(custom: "https://1.2.3.com").isAddressLiteral)
    }

    @Test(arguments: [
        "", "example.com", "ftp://x", "https://", "https://user:password@x", "https://x?y", "https://x/#y",
        "https://x:99999",
        "https://x:y", "https://[::1", "https://a b", "http://x/ y",
    ])
    func `What isn't an address is refused, without being repeated`(_ address: String) {
        let error = #expect(throws: AWSConfigurationError.self) { try AWSEndpoint(custom: address) }
        #expect(error?.message.contains("password") == false)
    }

    @Test func `The more special setting of an endpoint wins`() async throws {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data(
                """
                [default]
                services = mine
                endpoint_url = http://profile
                [services mine]
                codepipeline =
                  endpoint_url = http://profile-service
                [profile broken]
                services = absent
                [profile off]
                ignore_configured_endpoint_urls = true
                endpoint_url = http://profile
                """.utf8
            ).write(to: config)
            func endpoint(_ service: AWSService, _ variables: [String: String]) throws -> String? {
                let files = ["AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
                return try AWSEnvironment(files.merging(variables) { $1 }).endpoint(of: service)
            }
            let specific = ["AWS_ENDPOINT_URL_CODEPIPELINE": "http://service", "AWS_ENDPOINT_URL": "http://all"]
            #expect(try endpoint(.codePipeline, specific) == "http://service")
            #expect(try endpoint(.s3, specific) == "http://all")
            #expect(try endpoint(.codePipeline, [:]) == "http://profile-service")
            #expect(try endpoint(.s3, [:]) == "http://profile")
            #expect(try endpoint(.s3, ["AWS_PROFILE": "off"]) == nil)
            let ignored = specific.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"]) { $1 }
            #expect(try endpoint(.codePipeline, ignored) == nil)
            let missing = #expect(throws: AWSConfigurationError.self) {
                try endpoint(.s3, ["AWS_PROFILE": "broken"])
            }
            #expect(missing?.message.contains("\"absent\"") == true)
            let malformed = #expect(throws: AWSConfigurationError.self) {
                try endpoint(.s3, ["AWS_ENDPOINT_URL_S3": "localhost:1"])
            }
            #expect(malformed?.message.hasPrefix("AWS_ENDPOINT_URL_S3: ") == true)
        }
    }

    @Test func `A service's configuration has all that the environment says`() async throws {
        var variables = [
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL_CODEPIPELINE": "http://127.0.0.1:9/codepipeline",
            "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true",
            "AWS_CA_BUNDLE": "/nonexistent/bundle.pem",
        ]
        let environment = try AWSEnvironment(variables)
        let codePipeline = try environment.configuration(of: .codePipeline)
        let s3 = try environment.configuration(of: .s3)
        #expect(codePipeline.endpoint == "http://127.0.0.1:9/codepipeline")
        #expect(s3.endpoint == nil)
        for configuration in [codePipeline, s3] {
            #expect(configuration.region == "eu-west-1")
            #expect(configuration.usesFIPS && configuration.usesDualStack)
            #expect(configuration.clock === environment.clock)
            #expect(try await configuration.credentials.credentials().accessKeyID == "AKID")
            let call = HTTPCall(HTTPRequest(method: .get, scheme: "https", authority: "127.0.0.1:9", path: "/"))
            let error = await #expect(throws: HTTPClientError.self) { try await configuration.httpClient.send(call) }
            #expect(error?.message.contains("/nonexistent/bundle.pem") == true, "\(String(describing: error))")
        }
        variables["AWS_REGION"] = nil
        let nowhere = try AWSEnvironment(variables)
        let error = #expect(throws: AWSConfigurationError.self) { try nowhere.configuration(of: .s3) }
        #expect(error?.message == "no region is configured; wanted: AWS_REGION, or the profile's region")
    }

    @Test func `AWS_REGION wins over AWS_DEFAULT_REGION, and both over the profile`() async throws {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data("[default]\nregion = profile".utf8).write(to: config)
            func region(_ variables: [String: String]) throws -> String? {
                let files = ["AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
                return try AWSEnvironment(files.merging(variables) { $1 }).region
            }
            #expect(try region(["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"]) == "a")
            #expect(try region(["AWS_REGION": "", "AWS_DEFAULT_REGION": "b"]) == "b")
            #expect(try region([:]) == "profile")
            #expect(try region(["AWS_CONFIG_FILE": "/nonexistent"]) == nil)
        }
    }

    @Test func `FIPS, dual-stack and S3's path style come from the environment before the profile`() async throws {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data(
                """
                [default]
                use_fips_endpoint = true
                use_dualstack_endpoint = True
                s3 =
                  addressing_style = path
                """.utf8
            ).write(to: config)
            func environment(_ variables: [String: String]) throws -> AWSEnvironment {
                let files = ["AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
                return try AWSEnvironment(files.merging(variables) { $1 })
            }
            let profile = try environment([:])
            #expect(profile.usesFIPS && profile.usesDualStack)
            #expect(try profile.s3AddressingStyle() == .path)
            let off = try environment(["AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "no"])
            #expect(!off.usesFIPS && !off.usesDualStack)
            let none = try environment(["AWS_CONFIG_FILE": "/nonexistent", "AWS_USE_FIPS_ENDPOINT": "TRUE"])
            #expect(none.usesFIPS && !none.usesDualStack)
            #expect(try none.s3AddressingStyle() == .auto)
        }
    }
}
