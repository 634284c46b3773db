import Foundation
import JobEngine
import LocalCloud
import TestSupport
import Testing

@testable import WorkerSettings
@testable import worker

@Suite("A check of the settings", .timeLimit(.minutes(1)))
struct SettingsCheckTests {
    @Test("tells each wrong setting, and exits with 64")
    func wrong() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(
                cloud,
                ["QUALI_MAX_JOBS": "many", "QUALI_STATUS_ADDRESS": "not an address"]
            )
            #expect(checkup.status == 64)
            checkup.expect("setting QUALI_MAX_JOBS", fix: "a whole number from 1 to 10000", evidence: "'many'")
            checkup.expect("setting QUALI_STATUS_ADDRESS", fix: "set QUALI_STATUS_ADDRESS: ")
            // What doesn't depend on them is tried.
            #expect(checkup["lab login"]?.status == "ok" && checkup["right AcknowledgeJob"]?.status == "ok")
        }
    }

    @Test("names the setting that was meant by an unknown one, wherever it comes from")
    func unknown() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let file = try folder.write("env", "CLOUDSHELL_COLOUR=red\nLOG_LEVL=debug\nHTTP_PROXY=\nTZ=UTC\n")
                let checkup = try await Checkup.run(
                    cloud,
                    ["QUALI_POL_SECONDS": "3", "JOB_WORKR_VERSION": "9", "CLOUDSHELL_COLOR": "red"],
                    arguments: ["--config", file]
                )
                #expect(checkup.status == 0)
                checkup.expect("setting QUALI_POL_SECONDS", "warning", fix: "rename it to QUALI_POLL_SECONDS")
                checkup.expect("setting JOB_WORKR_VERSION", "warning", fix: "rename it to JOB_WORKER_VERSION")
                checkup.expect("setting LOG_LEVL", "warning", fix: "rename it to LOG_LEVEL")
                checkup.expect("setting CLOUDSHELL_COLOUR", "warning", fix: "remove it")
                // It may be another program's.
                #expect(checkup["setting CLOUDSHELL_COLOR"] == nil)
            }
        }
    }

    /// What the environment's names are taken for.
    private static func meant(_ names: [String], with others: [String] = [], isFile: Bool = false) -> [String: String?]
    {
        let found = UnknownSetting.all(in: names, of: Set(names + others), isFile: isFile)
        return Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.nearest) })
    }

    @Test(
        "takes a name in the environment that is nearly one for that one",
        arguments: [
            "JOB_WORKR_VERSION": "JOB_WORKER_VERSION", "JOB_WORKER_VERSON": "JOB_WORKER_VERSION",
            "JOBWORKER_VERSION": "JOB_WORKER_VERSION", "job_worker_version": "JOB_WORKER_VERSION",
            "CLOUDSHELL_URI": "CLOUDSHELL_URL", "CLOUD_SHELL_USER": "CLOUDSHELL_USER",
            "CLOUDSHEL_DOMAIN": "CLOUDSHELL_DOMAIN", "CLOUDSHELL_PASSWORD_FIL": "CLOUDSHELL_PASSWORD_FILE",
            "CLOUDSHELL_USER_FILE": "CLOUDSHELL_USER", "START_SANBOX_ACTION_NAME": "START_SANDBOX_ACTION_NAME",
            "RUN_COMMAND_ACTOIN_NAME": "RUN_COMMAND_ACTION_NAME", "END_SANDBOX_ACTION_NAMES": "END_SANDBOX_ACTION_NAME",
            "AWS_REGON": "AWS_REGION", "AWS_SECRET_ACESS_KEY": "AWS_SECRET_ACCESS_KEY", "LOG_FORMT": "LOG_FORMAT",
            "AWS_ENDPOINT_URL_CODEPIPLINE": "AWS_ENDPOINT_URL_CODEPIPELINE", "QUALY_HANDOFF": "QUALI_HANDOFF",
            "QUALI_STAT_DIR": "QUALI_STATE_DIR", "QUALI_MAXJOBS": "QUALI_MAX_JOBS",
        ]
    )
    func near(name: String, setting: String) {
        #expect(Self.meant([name]) == [name: setting])
        #expect(Self.meant([name], isFile: true) == [name: setting])
    }

    @Test("gives no alarm for what other programs have in the environment")
    func foreign() {
        let foreign = """
            CLOUDSHELL_SERVICE_HOST CLOUDSHELL_SERVICE_PORT CLOUDSHELL_SERVICE_PORT_HTTPS CLOUDSHELL_PORT
            CLOUDSHELL_PORT_3443_TCP CLOUDSHELL_PORT_3443_TCP_ADDR CLOUDSHELL_PORT_3443_TCP_PROTO
            QUALI_WORKER_SERVICE_HOST QUALI_WORKER_PORT QUALI_WORKER_PORT_8080_TCP_PORT JOB_WORKER_SERVICE_HOST
            JOB_WORKER_PORT JOB_RUNNER_VERSION JOB_WORKER_ID JOB_NAME WORKER_VERSION ACTION_NAME
            CLOUDSHELL_ENVIRONMENT CLOUDSHELL_ENV CLOUDSHELL_KEY CLOUDSHELL_OPEN_DIR CLOUD_SHELL CLOUDSDK_CONFIG
            AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME
            AWS_DEFAULT_OUTPUT AWS_PAGER AWS_MAX_ATTEMPTS AWS_RETRY_MODE AWS_EXECUTION_ENV AWS_LAMBDA_LOG_LEVEL
            AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CREDENTIAL_EXPIRATION
            AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_EC2_METADATA_DISABLED
            AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_ENDPOINT_URL_SQS AWS_ENDPOINT_URL_SNS AWS_ENDPOINT_URL_SSM
            AWS_ENDPOINT_URL_ECS AWS_ENDPOINT_URL_SSO AWS_ENDPOINT_URL_CODEDEPLOY AWS_ENDPOINT_URL_CODEBUILD
            AWS_ENDPOINT_URL_CODESTAR AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_USE_FIPS_ENDPOINT AWS_SDK_LOAD_CONFIG
            AWS_USE_DUALSTACK_ENDPOINT AWS_STS_REGIONAL_ENDPOINTS AWS_VAULT AWS_ACCOUNT_ID AWS_LOG_LEVEL AWS_KMS_KEY
            AWS_REGIONS AWS_REGION_2 AWS_PROFILE_NAME AWS_PROFILES LOGLEVEL LOG_LEVELS LOG_LEVEL_ROOT GLOG_LEVEL LOG_FILE
            LOG_FORMATTER LOG_PATH RUST_LOG_LEVEL HTTP_PROXY http_proxy https_proxy no_proxy ALL_PROXY FTP_PROXY GO_PROXY
            STATE_DIRECTORY PATH HOME TZ
            """.split { $0.isWhitespace }.map(String.init)
        #expect(Self.meant(foreign) == [:])
        // Everybody's setting is there, so a name beside it is somebody's.
        #expect(Self.meant(["AWS_RGION"], with: ["AWS_REGION"]) == [:])
        // A file of settings may have the variables of AWS tools and proxies, too.
        let isFiles = foreign.filter { $0.hasPrefix("AWS_") && !$0.hasPrefix("AWS_REG") && !$0.hasPrefix("AWS_PROF") }
        #expect(Self.meant(isFiles + ["HTTP_PROXY", "https_proxy", "TZ"], isFile: true) == [:])
        #expect(
            Self.meant(["JOB_WORKER_ID", "CLOUDSHELL_KEY"], isFile: true).keys.sorted() == [
                "CLOUDSHELL_KEY", "JOB_WORKER_ID",
            ]
        )
    }

    @Test("refuses a secret's file that others can read")
    func openSecretFile() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let path = try folder.write("password", Checkup.labPassword, mode: 0o644)
                let changes = ["CLOUDSHELL_PASSWORD": "", "CLOUDSHELL_PASSWORD_FILE": path]
                let checkup = try await Checkup.run(cloud, changes)
                #expect(checkup.status == 64)
                checkup.expect(
                    "setting CLOUDSHELL_PASSWORD_FILE",
                    fix: "chmod o-r \(path)",
                    evidence: "(mode 0644)"
                )
                #expect(checkup["lab login"]?.evidence == "CLOUDSHELL_PASSWORD_FILE is missing or wrong")
                #expect(checkup["lab TCP"]?.status == "ok")
                try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
                let closed = try await Checkup.run(cloud, changes)
                #expect(closed.status == 0, "\(closed.shown)")
            }
        }
    }

    @Test("warns of a --config file with a secret that others can read")
    func openConfigurationFile() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let path = try folder.write("env", "CLOUDSHELL_PASSWORD=\(Checkup.labPassword)\n", mode: 0o644)
                let checkup = try await Checkup.run(
                    cloud,
                    ["CLOUDSHELL_PASSWORD": ""],
                    arguments: ["--config", path]
                )
                #expect(checkup.status == 0)
                checkup.expect(
                    "settings file",
                    "warning",
                    fix: "chmod o-r \(path)",
                    "CLOUDSHELL_PASSWORD_FILE",
                    evidence: "mode 0644"
                )
                #expect(checkup["settings"]?.evidence.contains("1 from \(path)") == true)
                let open = try folder.write("open", "CLOUDSHELL_DOMAIN=Global\n", mode: 0o644)
                #expect(try await Checkup.run(cloud, arguments: ["--config", open])["settings file"] == nil)
            }
        }
    }

    @Test("tells certificates that can't be read, and doesn't try the way that needs them")
    func certificates() async throws {
        try await Checkup.withCloud { cloud in
            let changes = ["CLOUDSHELL_CA_BUNDLE": "/no/such/ca.pem", "AWS_CA_BUNDLE": "/no/such/aws.pem"]
            let checkup = try await Checkup.run(cloud, changes)
            #expect(checkup.status == 64)
            for (name, path) in changes {
                checkup.expect("setting \(name)", fix: "a readable file with certificates", evidence: path)
            }
            #expect(checkup["lab TLS"]?.evidence == "CLOUDSHELL_CA_BUNDLE is missing or wrong")
            #expect(checkup["CodePipeline TLS"]?.evidence == "AWS_CA_BUNDLE is missing or wrong")
        }
    }

    @Test("tells a value that would be asked for where nobody is")
    func prompt() async throws {
        try await Checkup.withCloud { cloud in
            // setsid takes the terminal away, if the tests have one.
            let checkup = try await Checkup.run(
                cloud,
                ["CLOUDSHELL_PASSWORD": "PROMPT"],
                through: ["/usr/bin/setsid", "--wait"]
            )
            #expect(checkup.status == 64)
            checkup.expect("setting CLOUDSHELL_PASSWORD", fix: "its value", evidence: "is PROMPT")
            #expect(!cloud.journal.operations.contains("login"))
        }
    }

    @Test("takes AWS's other sources where nobody can be asked for an access key, as a run does")
    func otherCredentials() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let key = cloud.environment["AWS_ACCESS_KEY_ID"] ?? ""
                let secret = cloud.environment["AWS_SECRET_ACCESS_KEY"] ?? ""
                let profile = "[default]\naws_access_key_id = \(key)\naws_secret_access_key = \(secret)\n"
                let changes = [
                    "AWS_KEY_NAME": "PROMPT", "AWS_KEY": "PROMPT", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
                    "AWS_SHARED_CREDENTIALS_FILE": try folder.write("credentials", profile),
                ]
                let checkup = try await Checkup.run(cloud, changes, through: ["/usr/bin/setsid", "--wait"])
                #expect(checkup.status == 0, "\(checkup.shown)")
            }
        }
    }

    @Test("finds the nearest name by letters inserted, left out, replaced and swapped")
    func distance() {
        for (one, other, distance) in [
            ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "ba", 1),
        ] {
            #expect(one.editDistance(to: other) == distance, "\(one) \(other)")
            #expect(other.editDistance(to: one) == distance, "\(other) \(one)")
        }
        let known = Setting.all.flatMap(\.allNames)
        #expect(UnknownSetting("QUALI_SATTE_DIR", among: known).nearest == "QUALI_STATE_DIR")
        #expect(UnknownSetting("CLOUDSHELL_PASSWD", among: known).nearest == "CLOUDSHELL_PASSWORD")
        #expect(UnknownSetting("QUALI_X", among: known).nearest == nil)
    }
}
