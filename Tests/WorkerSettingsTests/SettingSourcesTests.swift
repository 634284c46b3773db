import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing
import WorkerTestSupport

@testable import WorkerSettings

@Suite("Sources of settings")
struct SettingSourcesTests {
    @Test("beat each other: flags, environment, file, defaults")
    func precedence() async throws {
        try await withTemporaryFolder { folder in
            let file = try folder.write("env", "QUALI_MAX_JOBS=3\r\nCLOUDSHELL_DOMAIN='From file'\r\n")
            #expect(try await Given.settings().jobs.maxJobs == 100)
            #expect(try await Given.settings(file: file).jobs.maxJobs == 3)
            #expect(try await Given.settings(["QUALI_MAX_JOBS": "4"], file: file).jobs.maxJobs == 4)
            let flags = ["QUALI_MAX_JOBS": "5"]
            #expect(try await Given.settings(["QUALI_MAX_JOBS": "4"], flags: flags, file: file).jobs.maxJobs == 5)
            // An empty variable is an unset one.
            #expect(try await Given.settings(["QUALI_MAX_JOBS": ""], file: file).jobs.maxJobs == 3)
            #expect(try await Given.settings(file: file).lab.domain == "From file")
        }
    }

    @Test("beat each other under whichever of a setting's names")
    func precedenceOfOtherNames() async throws {
        try await withTemporaryFolder { folder in
            let password = try folder.write("password", "from its file\n")
            let file = try folder.write("env", "AWS_REGION=us-east-1\nCLOUDSHELL_PASSWORD='in the file'\n")
            let settings = try await Given.settings(
                [
                    "AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-central-1", "CLOUDSHELL_PASSWORD": "",
                    "CLOUDSHELL_PASSWORD_FILE": password,
                ],
                file: file
            )
            #expect(settings.aws.region == "eu-central-1")
            #expect(settings.lab.password == Secret("from its file"))
        }
    }

    @Test("count as environment for AWS: a file's region, endpoint and key")
    func fileForAWS() async throws {
        try await withTemporaryFolder { folder in
            let file = try folder.write(
                "env",
                """
                AWS_REGION=ap-south-1
                AWS_ACCESS_KEY_ID=AKIAFILE
                AWS_SECRET_ACCESS_KEY=file secret
                AWS_ENDPOINT_URL_CODEPIPELINE=http://127.0.0.1:4566
                """
            )
            let none = ["AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]
            let settings = try await Given.settings(none, file: file)
            #expect(settings.aws.region == "ap-south-1")
            #expect(settings.aws.codePipelineEndpoint == "http://127.0.0.1:4566")
            let credentials = try await settings.aws.credentials.credentials()
            #expect(credentials.accessKeyID == "AKIAFILE")
            #expect(credentials.secretAccessKey == Secret("file secret"))
        }
    }

    @Test("may be a file of its own for every secret, without the line end")
    func secretFiles() async throws {
        try await withTemporaryFolder { folder in
            let path = try folder.write("value", "pass word \r\n")
            for name in ["CLOUDSHELL_PASSWORD", "AWS_SECRET_ACCESS_KEY"] {
                let settings = try await Given.settings([name: "", name + "_FILE": path])
                #expect(settings.secrets.contains(Secret("pass word ")))
            }
            let flagged = try await Given.settings(flags: ["CLOUDSHELL_PASSWORD_FILE": path])
            #expect(flagged.lab.password == Secret("pass word "))
            let proxy = try folder.write("proxy", "http://me:hidden@proxy:3128\n")
            let settings = try await Given.settings(["CLOUDSHELL_PROXY_FILE": proxy])
            #expect(settings.lab.proxy == .url(Secret("http://me:hidden@proxy:3128")))
        }
    }

    @Test("are wrong where a secret's file is absent, empty, or given beside the secret")
    func wrongSecretFiles() async throws {
        try await withTemporaryFolder { folder in
            let empty = try folder.write("empty", "\n")
            let full = try folder.write("full", "x")
            let name = "CLOUDSHELL_PASSWORD_FILE"
            let absent = await Given.problems(["CLOUDSHELL_PASSWORD": "", name: "/nonexistent"])
            #expect(absent.count == 1 && absent[name]?.contains("/nonexistent, which can't be read") == true)
            let blank = await Given.problems(["CLOUDSHELL_PASSWORD": "", name: empty])
            #expect(blank.count == 1 && blank[name]?.contains("empty") == true)
            let both = await Given.problems([name: full])
            #expect(both.count == 1 && both[name]?.contains("both set") == true)
        }
    }

    @Test("are wrong where others can change a file, whatever is in it")
    func filesOpenToWriters() async throws {
        try await withTemporaryFolder { folder in
            let wanted = "others on this host can change (mode 0606). Wanted: chmod o-w"
            func file(_ name: String, _ text: String) throws -> String { try folder.write(name, text, mode: 0o606) }
            let settings = await Given.problems(file: try file("env", "QUALI_MAX_JOBS=3\n"))
            #expect(settings.count == 1 && settings["--config"]?.contains(wanted) == true)
            for name in ["CLOUDSHELL_PASSWORD", "AWS_SECRET_ACCESS_KEY", "CLOUDSHELL_PROXY"] {
                let problems = await Given.problems([name: "", name + "_FILE": try file("value", "http://x")])
                #expect(problems.count == 1 && problems[name + "_FILE"]?.contains(wanted) == true, "\(problems)")
            }
            for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
                let problems = await Given.problems([name: try file("aws", "[default]\nregion = eu-west-1\n")])
                #expect(problems["AWS configuration:"]?.contains("can be changed by others") == true)
            }
            let bundle = try file("bundle", "-----BEGIN CERTIFICATE-----")
            for name in ["CLOUDSHELL_CA_BUNDLE", "AWS_CA_BUNDLE"] {
                #expect(await Given.problems([name: bundle])[name]?.contains("that others can't change") == true)
            }
        }
    }

    @Test("are wrong where the file isn't there or has lines that can't be read")
    func wrongFile() async throws {
        try await withTemporaryFolder { folder in
            let absent = await Given.problems(file: "/nonexistent")
            #expect(absent["--config"]?.contains("/nonexistent") == true)
            let path = try folder.write("env", "A=1\nCLOUDSHELL_PASSWORD hunter2\n")
            let malformed = await Given.problems(file: path)
            #expect(malformed[path]?.contains("line 2") == true)
            #expect(malformed[path]?.contains("hunter2") == false)
        }
    }

    @Test("show no secret, however they are printed")
    func printing() {
        let secrets = [
            "CLOUDSHELL_PASSWORD": "hidden-1", "CLOUDSHELL_PROXY": "hidden-2", "AWS_SECURITY_TOKEN": "hidden-3",
        ]
        let sources = SettingSources(environment: secrets)
        var dumped = ""
        dump(sources, to: &dumped)
        for text in [dumped, "\(sources)", String(reflecting: sources)] {
            #expect(!text.contains("hidden"))
        }
    }

    @Test("may not be a flag for a proxy with a password in it")
    func proxyFlag() async {
        let problems = await Given.problems(flags: ["CLOUDSHELL_PROXY": "http://me:hidden@proxy"])
        #expect(problems["CLOUDSHELL_PROXY"]?.contains("CLOUDSHELL_PROXY_FILE") == true)
        #expect(problems["CLOUDSHELL_PROXY"]?.contains("hidden") == false)
    }

    @Test("may be the terminal, for PROMPT")
    func prompt() async throws {
        let terminal = ScriptedTerminal([
            "CLOUDSHELL_USER": "asked", "CLOUDSHELL_PASSWORD": "typed", "AWS_KEY_NAME": "AKIATYPED", "AWS_KEY": "key",
        ])
        let settings = try await Given.settings(
            [
                // A script with CRLF leaves a CR at the end.
                "CLOUDSHELL_USER": "PROMPT\r", "CLOUDSHELL_PASSWORD": "PROMPT", "AWS_KEY_NAME": "PROMPT",
                "AWS_KEY": "PROMPT", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
            ],
            terminal: terminal
        )
        #expect(settings.lab.user == "asked")
        #expect(settings.lab.password == Secret("typed"))
        #expect(try await settings.aws.credentials.credentials().accessKeyID == "AKIATYPED")
        #expect(settings.secrets.contains(Secret("key")))
        #expect(terminal.asked == ["CLOUDSHELL_USER", "CLOUDSHELL_PASSWORD*", "AWS_KEY_NAME", "AWS_KEY*"])
    }

    @Test("ask nobody while something else is wrong, or where there is no terminal")
    func noPrompt() async {
        let terminal = ScriptedTerminal(["CLOUDSHELL_PASSWORD": "typed"])
        let problems = await Given.problems(
            ["CLOUDSHELL_PASSWORD": "PROMPT", "QUALI_MAX_JOBS": "x"],
            terminal: terminal
        )
        #expect(Array(problems.keys) == ["QUALI_MAX_JOBS"])
        #expect(terminal.asked.isEmpty)
        let absent = await Given.problems(["CLOUDSHELL_PASSWORD": "PROMPT", "QUALI_MAX_JOBS": "x"])
        #expect(Set(absent.keys) == ["CLOUDSHELL_PASSWORD", "QUALI_MAX_JOBS"])
        #expect(absent["CLOUDSHELL_PASSWORD"]?.contains("terminal") == true)
    }

    @Test("ask nobody for an access key that wouldn't be used")
    func unusedPrompt() async throws {
        let unused = ["AWS_KEY_NAME": "PROMPT", "AWS_KEY": "PROMPT"]
        let terminal = ScriptedTerminal([:])
        for terminal in [NoTerminal(), terminal] as [any Prompting] {
            let settings = try await Given.settings(unused, terminal: terminal)
            #expect(try await settings.aws.credentials.credentials().accessKeyID == "AKIAEXAMPLE")
            #expect(settings.warnings.isEmpty)
        }
        #expect(terminal.asked.isEmpty)
        let half = try await Given.settings(["AWS_KEY_NAME": "PROMPT"])
        #expect(try await half.aws.credentials.credentials().accessKeyID == "AKIAEXAMPLE")
    }

    @Test("take AWS's other sources where nobody can be asked for an access key")
    func otherCredentials() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "credentials")
            try Data("[default]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n".utf8).write(to: file)
            let key = [
                "AWS_KEY_NAME": "PROMPT", "AWS_KEY": "PROMPT", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
            ]
            let profile = key.merging(["AWS_SHARED_CREDENTIALS_FILE": file.path]) { $1 }
            let settings = try await Given.settings(profile)
            #expect(try await settings.aws.credentials.credentials().accessKeyID == "AKIAPROFILE")
            #expect(settings.warnings.contains { $0.contains("AWS_KEY_NAME and AWS_KEY are PROMPT") })
            #expect(!settings.sources.readAnew().merged.values.contains("PROMPT"))

            let none = await Given.problems(key)
            #expect(Set(none.keys) == ["AWS credentials:", "AWS_KEY_NAME"])
            #expect(none["AWS_KEY_NAME"]?.contains("no terminal") == true)
            let half = await Given.problems(key.merging(["AWS_KEY_NAME": "AKIAX"]) { $1 })
            #expect(Set(half.keys) == ["AWS_KEY"])
            let answered = try await Given.settings(
                profile,
                terminal: ScriptedTerminal(["AWS_KEY_NAME": "AKIATYPED", "AWS_KEY": "k"])
            )
            #expect(try await answered.aws.credentials.credentials().accessKeyID == "AKIATYPED")
        }
    }
}
