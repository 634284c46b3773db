import AWSLite
import Foundation
import HTTPTransport
import Logging
import QualiCore
import SandboxAPI
import TestSupport
import Testing
import WorkerTestSupport

@testable import WorkerSettings

@Suite("Settings")
struct WorkerSettingsTests {
    @Test("have the defaults of the documentation")
    func defaults() async throws {
        let settings = try await Given.settings()
        #expect(settings.lab.url == "https://lab.example.com:3443")
        #expect(settings.lab.user == "ci")
        #expect(settings.lab.password == Secret("a secret"))
        #expect(settings.lab.domain == "Global")
        #expect(settings.lab.caBundle == nil)
        #expect(settings.lab.proxy == .environment)
        #expect(settings.lab.secretNames == .standard)
        #expect(settings.aws.region == "eu-west-1")
        #expect(settings.aws.codePipelineEndpoint == nil)
        #expect(settings.actions.names == QualiActions())
        #expect(settings.actions.portal == nil)
        #expect(settings.actions.propertyDefaults == PropertyDefaults())
        #expect(settings.jobs.maxJobs == 100)
        #expect(settings.jobs.pollInterval == .seconds(5))
        #expect(settings.jobs.longestPollInterval == .seconds(15))
        #expect(settings.jobs.statusInterval == .seconds(5))
        #expect(settings.jobs.stateDirectory == "/nonexistent/.local/state/quali-worker")
        #expect(settings.jobs.handoff == .onStop)
        #expect(settings.log.threshold.level == .info)
        #expect(settings.log.format == nil)
        #expect(settings.warnings.isEmpty)
    }

    @Test("keep the state where systemd says, unless a folder is named by an absolute path")
    func stateDirectory() async throws {
        let unit = ["STATE_DIRECTORY": "/var/lib/quali-worker:/var/lib/other"]
        #expect(try await Given.settings(unit).jobs.stateDirectory == "/var/lib/quali-worker")
        #expect(
            await Given.problems(["QUALI_STATE_DIR": "state"])["QUALI_STATE_DIR"]?.contains("absolute path") == true
        )
    }

    @Test("take the kind of endpoint, and where warnings go, to AWS's clients")
    func endpoints() async throws {
        let settings = try await Given.settings(["AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"])
        let client = settings.aws.client(try settings.aws.httpClient(), endpoint: nil)
        #expect(client.usesFIPS)
        #expect(client.usesDualStack)
        let warnings = Locked<[String]>([])
        client.warn("nobody hears this")
        settings.aws.warnings.connect { text in warnings.withLock { $0.append(text) } }
        client.warn("the clock is wrong")
        #expect(warnings.withLock { $0 } == ["the clock is wrong"])
    }

    @Test("refuse FIPS together with an endpoint of one's own, for each request would fail")
    func endpointsThatExclude() async throws {
        let changes = ["AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2"]
        let problem = "FIPS can't be combined with a custom endpoint (of s3)"
        #expect(await Given.problems(changes) == ["AWS endpoint:": problem])
        // Whatever else is wrong is told once, where it belongs.
        let more = await Given.problems(changes.merging(["AWS_REGION": ""]) { $1 })
        #expect(Set(more.keys) == ["AWS endpoint:", "AWS_REGION"])
    }

    @Test("come from every name of the documentation")
    func everything() async throws {
        let settings = try await Given.settings([
            "CLOUDSHELL_DOMAIN": "Quali Product", "CLOUDSHELL_PROXY": "proxy.example.com:3128",
            "CLOUDSHELL_PORTAL_URL": "https://portal.example.com/", "QUALI_SECRET_NAMES": "password, pin",
            "QUALI_COMPONENT_MATCH": "Original",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2",
            "JOB_WORKER_VERSION": "7", "START_SANDBOX_ACTION_NAME": "Start", "RUN_COMMAND_ACTION_NAME": "Run",
            "END_SANDBOX_ACTION_NAME": "End", "QUALI_LAB_NAME": "berlin_2", "QUALI_MAX_JOBS": "3",
            "QUALI_POLL_SECONDS": "0.25", "QUALI_LONGEST_POLL_SECONDS": "60",
            "QUALI_STATUS_POLL_SECONDS": "12", "QUALI_STATE_DIR": "/var/lib/quali-worker", "QUALI_HANDOFF": "Always",
            "QUALI_ON_ABANDONED": "KEEP", "QUALI_DRAIN": "10m",
            "QUALI_SETUP_TIMEOUT_MINUTES": "45", "QUALI_ON_SETUP_FAILURE": "keep",
            "QUALI_WAIT_FOR_RESOURCES_MINUTES": "0", "QUALI_ARTIFACT_FORMAT": "JSON",
            "QUALI_COMMAND_TIMEOUT_MINUTES": "20", "QUALI_ON_COMMAND_FAILURE": "continue",
            "QUALI_WAIT_FOR_TEARDOWN": "yes",
            "QUALI_TEARDOWN_TIMEOUT_MINUTES": "525600",
            "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json",
        ])
        var defaults = PropertyDefaults()
        for (property, text) in [
            (.setupTimeout, "45"), (.onSetupFailure, "keep"), (.waitForResources, "0"), (.artifactFormat, "JSON"),
            (.commandTimeout, "20"), (.onCommandFailure, "continue"), (.waitForTeardown, "yes"),
            (.teardownTimeout, "525600"),
        ] as [(PropertyDefaults.Property, String)] { try defaults.set(text, for: property) }
        #expect(settings.actions.propertyDefaults == defaults)
        #expect(settings.actions.componentMatch == .original)
        #expect(settings.lab.domain == "Quali Product")
        #expect(settings.lab.proxy == .url(Secret("http://proxy.example.com:3128")))
        #expect(settings.lab.secretNames == SecretNames(["password", " pin"]))
        #expect(settings.actions.portal == PortalLinks(url: "https://portal.example.com"))
        #expect(settings.aws.codePipelineEndpoint == "http://127.0.0.1:1")
        #expect(settings.aws.s3Endpoint == "http://127.0.0.1:2")
        #expect(settings.actions.names.version == "7")
        #expect(settings.actions.names.startSandbox == "Start")
        #expect(settings.actions.names.runCommand == "Run")
        #expect(settings.actions.names.endSandbox == "End")
        #expect(settings.actions.names.labName == "berlin_2")
        #expect(settings.jobs.maxJobs == 3)
        #expect(settings.jobs.pollInterval == .milliseconds(250))
        #expect(settings.jobs.longestPollInterval == .seconds(60))
        #expect(settings.jobs.statusInterval == .seconds(12))
        #expect(settings.jobs.stateDirectory == "/var/lib/quali-worker")
        #expect(settings.jobs.handoff == .always)
        #expect(settings.jobs.onAbandoned == .keep)
        #expect(settings.jobs.drain == .seconds(600))
        #expect(settings.log.threshold.level == .debug)
        #expect(settings.log.format == .json)
    }

    @Test("are all named at once when they are missing")
    func missing() async {
        // Nobody asks the network whether this is an EC2 instance.
        let kept = ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"]
        let nothing = Given.environment.mapValues { _ in "" }.merging(kept) { $1 }
        let problems = await Given.problems(nothing)
        let names: Set = ["CLOUDSHELL_URL", "CLOUDSHELL_USER", "CLOUDSHELL_PASSWORD", "AWS_REGION", "AWS credentials:"]
        #expect(Set(problems.keys) == names)
        #expect(problems["AWS credentials:"]?.contains("AWS_ACCESS_KEY_ID isn't set") == true)
    }

    @Test(
        "that are malformed are named with what was found and what is wanted",
        arguments: [
            ("CLOUDSHELL_URL", "lab.example.com", "https://lab.example.com:3443"),
            ("CLOUDSHELL_URL", "ftp://lab", "http or https"),
            ("CLOUDSHELL_URL", "https://lab:99999", "port"),
            ("CLOUDSHELL_CA_BUNDLE", "/nonexistent.pem", "PEM"),
            ("CLOUDSHELL_PROXY", "gopher://x", "socks5h"),
            ("CLOUDSHELL_PROXY", "http://proxy:99999", "socks5h"),
            ("CLOUDSHELL_PORTAL_URL", "portal", "https"),
            ("CLOUDSHELL_PORTAL_URL", "https://u@portal", "https"),
            ("QUALI_SECRET_NAMES", "password,,pin", "with commas between them"),
            ("QUALI_SECRET_NAMES", "+", "with commas between them"),
            ("QUALI_COMPONENT_MATCH", "python", "whole or original"),
            ("AWS_REGION", "Ireland!", "eu-west-1"),
            ("AWS_CA_BUNDLE", "/nonexistent.pem", "PEM"),
            ("JOB_WORKER_VERSION", "1.0", "1 to 9"),
            ("JOB_WORKER_VERSION", "1234567890", "1 to 9"),
            ("START_SANDBOX_ACTION_NAME", "Start Sandbox", "1 to 35"),
            ("RUN_COMMAND_ACTION_NAME", String(repeating: "x", count: 36), "1 to 35"),
            ("END_SANDBOX_ACTION_NAME", "Quali-Start-Sandbox", "two names"),
            ("QUALI_LAB_NAME", "Berlin 2", "1 to 50"),
            ("QUALI_LAB_NAME", String(repeating: "x", count: 51), "1 to 50"),
            ("QUALI_SETUP_TIMEOUT_MINUTES", "0", "whole number of minutes, 1 to 525600"),
            ("QUALI_ON_SETUP_FAILURE", "Maybe", "'End' or 'Keep'"),
            ("QUALI_WAIT_FOR_RESOURCES_MINUTES", "-1", "whole number of minutes, 0 to 525600"),
            ("QUALI_ARTIFACT_FORMAT", "rar", "is 'rar' (the environment). Wanted: 'zip' or 'json'."),
            ("QUALI_COMMAND_TIMEOUT_MINUTES", "525601", "whole number of minutes, 1 to 525600"),
            ("QUALI_ON_COMMAND_FAILURE", "Ignore", "'Fail' or 'Continue'"),
            ("QUALI_WAIT_FOR_TEARDOWN", "1", "'true' or 'false'"),
            ("QUALI_TEARDOWN_TIMEOUT_MINUTES", "1.5", "whole number of minutes, 1 to 525600"),
            ("QUALI_MAX_JOBS", "many", "whole number"),
            ("QUALI_MAX_JOBS", "0", "whole number"),
            ("QUALI_MAX_JOBS", "-1", "whole number"),
            ("QUALI_MAX_JOBS", "99999999999999999999", "whole number"),
            ("QUALI_POLL_SECONDS", "0", "seconds"),
            ("QUALI_POLL_SECONDS", "1,5", "seconds"),
            ("QUALI_POLL_SECONDS", "nan", "seconds"),
            ("QUALI_POLL_SECONDS", "1.2.3", "seconds"),
            ("QUALI_STATUS_POLL_SECONDS", "1e3", "seconds"),
            ("QUALI_STATUS_POLL_SECONDS", "86400", "seconds"),
            ("QUALI_HANDOFF", "sometimes", "on-stop, always or never"),
            ("QUALI_ON_ABANDONED", "stop", "end or keep"),
            ("QUALI_DRAIN", "1d", "90s, 10m or 2h"), ("QUALI_DRAIN", "25h", "up to 24h"),
            ("QUALI_DRAIN", "m", "90s, 10m or 2h"),
            ("QUALI_STATUS_ADDRESS", "on", "off, a port such as 8080"),
            ("LOG_LEVEL", "loud", "trace, debug, info"),
            ("LOG_FORMAT", "xml", "text or json"),
        ]
    )
    func malformed(name: String, value: String, wanted: String) async {
        let problems = await Given.problems([name: value])
        #expect(Array(problems.keys) == [name])
        #expect(problems[name]?.contains(wanted) == true, "\(problems)")
    }

    @Test("that are malformed in AWS's own way are named too")
    func malformedAWS() async {
        let endpoint = await Given.problems(["AWS_ENDPOINT_URL": "nonsense"])
        #expect(endpoint["AWS endpoint:"]?.contains("AWS_ENDPOINT_URL") == true)
        let profile = await Given.problems(["AWS_PROFILE": "absent", "AWS_ACCESS_KEY_ID": ""])
        #expect(profile["AWS configuration:"]?.contains("absent") == true)
        let half = await Given.problems(["AWS_SECRET_ACCESS_KEY": ""])
        #expect(half["AWS credentials:"]?.contains("AWS_SECRET_ACCESS_KEY isn't") == true)
    }

    @Test("that are wrong are all in one message, a paragraph each, without secrets")
    func oneMessage() async throws {
        let changes = [
            "CLOUDSHELL_USER": "", "QUALI_MAX_JOBS": "many\u{1B}[31m", "QUALI_POLL_SECONDS": "x", "LOG_LEVEL": "loud",
            "CLOUDSHELL_PROXY": "gopher://me:hidden@proxy",
        ]
        let error = try await #require(throws: SettingsError.self) { try await Given.settings(changes) }
        let message = error.description
        #expect(message.hasPrefix("5 settings are missing or wrong:"))
        for name in changes.keys { #expect(message.contains("  \(name) ")) }
        #expect(message.contains("'many?[31m' (the environment)"))
        #expect(!message.contains("hidden"))
        #expect(message.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("of the original worker stand for an access key pair, only where there is no other")
    func originalNames() async throws {
        let old = ["AWS_KEY_NAME": "AKIAOLD", "AWS_KEY": "old secret"]
        let new = try await Given.settings(old).aws.credentials.credentials()
        #expect(new.accessKeyID == "AKIAEXAMPLE")
        let none = [
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "another key's",
        ]
        let found = try await Given.settings(old.merging(none) { $1 }).aws.credentials.credentials()
        #expect(found.accessKeyID == "AKIAOLD")
        #expect(found.secretAccessKey == Secret("old secret"))
        #expect(found.sessionToken == nil)
        let half = await Given.problems(none.merging(["AWS_KEY_NAME": "AKIAOLD"]) { $1 })
        #expect(half["AWS_KEY"]?.contains("missing") == true)
    }

    /// Settings by a profile in place of a key pair.
    private func profile(_ text: String) async throws -> [String: String] {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data("[default]\n\(text)\n".utf8).write(to: config)
            return await Given.problems([
                "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": config.path,
            ])
        }
    }

    @Test("stand where credentials can't be had for now, and don't where they can't be had at all")
    func credentialOutage() async throws {
        #expect(try await profile("credential_process = false") == [:])
        #expect(try await profile("credential_process = 'half").keys.sorted() == ["AWS credentials:"])
        #expect(try await profile("role_arn = r").keys.sorted() == ["AWS credentials:"])
    }

    @Test("of the profile for S3 are checked")
    func addressingStyle() async throws {
        let process = "credential_process = false\n"
        #expect(try await profile(process + "s3 =\n  addressing_style = virtual") == [:])
        let problems = try await profile(process + "s3 =\n  addressing_style = dns")
        #expect(problems["AWS configuration:"]?.contains("auto, virtual or path") == true)
    }

    @Test("warn of plain http and of names that are none, and of nothing else")
    func warnings() async throws {
        let settings = try await Given.settings([
            "CLOUDSHELL_URL": "http://lab.example.com:82", "QUALI_MAXJOBS": "3", "UNRELATED": "x",
        ])
        #expect(settings.warnings.count == 2)
        #expect(settings.warnings.contains { $0.contains("QUALI_MAXJOBS") })
        #expect(settings.warnings.contains { $0.contains("http") })
    }

    @Test("give the mask every secret, the passwords in addresses included")
    func secrets() async throws {
        let settings = try await Given.settings([
            "CLOUDSHELL_PROXY": "http://me:p%40ss@proxy:3128", "AWS_SESSION_TOKEN": "token",
            "HTTPS_PROXY": "http://u:w@p",
        ])
        let secrets = Set(settings.secrets.map { $0.reveal() })
        #expect(secrets.isSuperset(of: ["a secret", "wJalrXUtnFEMI", "token", "p@ss", "p%40ss", "w"]))
    }
}
