import Foundation
import TestSupport
import Testing
import WorkerSettings
import WorkerTestSupport

@testable import worker

@Suite("The list of settings", .timeLimit(.minutes(1)))
struct ConfigTests {
    private struct List: Decodable {
        struct Row: Decodable {
            let name: String
            let group: String
            let value: String?
            let isSet: Bool
            let isSecret: Bool
            let origin: String
            let `default`: String?
        }
        struct Problem: Decodable {
            let name: String
            let message: String
        }
        let schemaVersion: Int
        let settings: [Row]
        let problems: [Problem]
        let warnings: [String]

        subscript(name: String) -> Row? { settings.first { $0.name == name } }
    }

    private func config(
        _ changes: [String: String] = [:],
        _ arguments: [String] = []
    ) async throws -> (status: Int32, list: List, output: String) {
        try await withTemporaryFolder { folder in
            let environment = Given.environment.merging(["HOME": folder.path]) { $1 }.merging(changes) { $1 }
            let ending = try await ProgramRun(["config", "--json"] + arguments, environment: environment, in: folder)
                .end()
            #expect(ending.errors.isEmpty)
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let list = try decoder.decode(List.self, from: Data(ending.output.utf8))
            #expect(list.schemaVersion == 1)
            return (ending.status, list, ending.output)
        }
    }

    @Test("has every setting with value, origin and default")
    func all() async throws {
        try await withTemporaryFolder { folder in
            let file = try folder.write("worker.env", "QUALI_MAX_JOBS=7\nCLOUDSHELL_DOMAIN=Weaker\n")
            let password = try folder.write("password", "canary-1")
            let (status, list, output) = try await config(
                [
                    "CLOUDSHELL_PASSWORD": "", "CLOUDSHELL_PASSWORD_FILE": password, "CLOUDSHELL_DOMAIN": "Lab",
                    "AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_SECRET_ACCESS_KEY": "canary-2",
                    "CLOUDSHELL_PROXY": "http://me:canary-3@proxy:3128", "https_proxy": "http://u:canary-4@proxy:3129",
                ],
                ["--config", file, "--quali-poll-seconds", "2.5"]
            )
            #expect(status == 0, "\(output)")
            #expect(list.problems.isEmpty && list.warnings.isEmpty)
            #expect(list.settings.map(\.name) == Setting.all.map(\.name))
            #expect(list["CLOUDSHELL_DOMAIN"]?.value == "Lab" && list["CLOUDSHELL_DOMAIN"]?.origin == "the environment")
            #expect(list["QUALI_MAX_JOBS"]?.value == "7" && list["QUALI_MAX_JOBS"]?.origin == file)
            #expect(list["QUALI_POLL_SECONDS"]?.value == "2.5" && list["QUALI_POLL_SECONDS"]?.origin == "a flag")
            #expect(list["QUALI_DRAIN"]?.origin == "default" && list["QUALI_DRAIN"]?.default == "0")
            #expect(list["CLOUDSHELL_PASSWORD"]?.origin == "CLOUDSHELL_PASSWORD_FILE (the environment)")
            #expect(list["CLOUDSHELL_PASSWORD"]?.isSet == true && list["CLOUDSHELL_PASSWORD"]?.value == nil)
            #expect(list["AWS_REGION"]?.origin == "AWS_DEFAULT_REGION (the environment)")
            #expect(list["CLOUDSHELL_PROXY"]?.value == "http://me:***@proxy:3128")
            #expect(list["HTTPS_PROXY"]?.value == "http://u:***@proxy:3129")
            #expect(list["HTTPS_PROXY"]?.origin == "https_proxy (the environment)")
            #expect(list["AWS_KEY"]?.isSecret == true && list["AWS_KEY"]?.origin == "not set")
            #expect(!output.contains("canary"))
        }
    }

    @Test("shows what there is, and then the problems")
    func incomplete() async throws {
        let (status, list, _) = try await config([
            "CLOUDSHELL_URL": "", "CLOUDSHELL_USER": "PROMPT", "QUALI_MAX_JOBS": "0", "QUALI_POL_SECONDS": "3",
            "AWS_KEY_NAME": "PROMPT",
        ])
        #expect(status == 64)
        #expect(list.problems.map(\.name) == ["CLOUDSHELL_URL", "QUALI_MAX_JOBS"])
        #expect(list["CLOUDSHELL_USER"]?.value == "asked at the terminal")
        // There is another access key, so nobody asks.
        #expect(list["AWS_KEY_NAME"]?.value == "PROMPT")
        #expect(list.warnings == ["There is no setting QUALI_POL_SECONDS; did you mean QUALI_POLL_SECONDS?"])
        let text = try await program("config", environment: ["CLOUDSHELL_USER": "me", "AWS_KEY": "canary"])
        #expect(text.status == 64)
        for word in ["The lab\n", "  CLOUDSHELL_USER ", " me ", "set, not shown", "CLOUDSHELL_URL is missing"] {
            #expect(text.output.contains(word), "\(word)")
        }
        #expect(!text.output.contains("canary"))
    }

    @Test("refuses a secret's file that others can read, and so does run")
    func openSecretFile() async throws {
        try await withTemporaryFolder { folder in
            let path = try folder.write("key", "canary", mode: 0o604)
            let changes = ["AWS_SECRET_ACCESS_KEY": "", "AWS_SECRET_ACCESS_KEY_FILE": path]
            let (status, list, output) = try await config(changes)
            #expect(status == 64 && !output.contains("canary"))
            #expect(list.problems.map(\.name) == ["AWS_SECRET_ACCESS_KEY_FILE"])
            let text = "names \(path), which others on this host can read (mode 0604). Wanted: chmod o-r \(path)"
            #expect(list.problems.first?.message == text)
            #expect(await Given.problems(changes)["AWS_SECRET_ACCESS_KEY_FILE"] == text)
        }
    }

    @Test("tells what a profile gives")
    func profile() async throws {
        try await withTemporaryFolder { folder in
            let file = try folder.write("config", "[default]\nregion = eu-north-1\n")
            let (status, list, _) = try await config(["AWS_REGION": "", "AWS_CONFIG_FILE": file])
            #expect(status == 0)
            #expect(list["AWS_REGION"]?.value == "eu-north-1" && list["AWS_REGION"]?.origin == "the AWS profile")
        }
    }
}
