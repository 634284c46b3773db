import Foundation
import LocalCloud
import TestSupport
import Testing

@testable import worker

@Suite("actions policy", .timeLimit(.minutes(2)))
struct PolicyTests {
    /// A policy that the program prints, without any credentials and without a network.
    private static func printed(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> String {
        let ending = try await withTemporaryFolder {
            try await ProgramRun(["actions", "policy"] + arguments, environment: environment, in: $0).end()
        }
        #expect(ending.status == 0, "\(ending)")
        return ending.output
    }

    @Test("prints the worker's policy, with the names that install has")
    func worker() async throws {
        let environment = ["AWS_REGION": "us-gov-west-1", "RUN_COMMAND_ACTION_NAME": "Do", "JOB_WORKER_VERSION": "4"]
        let policy = try JSON(
            parsing: Data(try await Self.printed(["--account", "111122223333"], environment).utf8)
        )
        #expect(policy["Version"]?.string == "2012-10-17")
        let poll = policy["Statement"]?.array?.first { $0["Sid"]?.string == "PollForJobs" }
        #expect(poll?["Effect"]?.string == "Allow")
        #expect(poll?["Action"] == ["codepipeline:PollForJobs"])
        let resource = "arn:aws-us-gov:codepipeline:us-gov-west-1:111122223333:actionType:Custom/Test/Do/4"
        #expect(poll?["Resource"]?.array?.contains(.string(resource)) == true, "\(String(describing: poll))")
        let flags = ["--version", "4", "--run-command-action-name", "Do", "--account", "111122223333"]
        let same = try await Self.printed(flags + ["--aws-region", "us-gov-west-1"])
        #expect(try JSON(parsing: Data(same.utf8)) == policy)
    }

    @Test("prints the registrar's policy")
    func registrar() async throws {
        let text = try await Self.printed(["--for", "registrar", "--aws-region", "eu-west-1"])
        let policy = try JSON(parsing: Data(text.utf8))
        let ids = policy["Statement"]?.array?.compactMap { $0["Sid"]?.string }
        #expect(ids == ["ListActionTypes", "OptionalFindUsers", "OptionalReadPipelines", "RegisterActionTypes"])
        #expect(text.contains("\"arn:aws:codepipeline:eu-west-1:*:actionType:Custom/Deploy/Quali-Start-Sandbox/1\""))
    }

    @Test("prints the policy of who looks after sandboxes")
    func sandboxes() async throws {
        let text = try await Self.printed(["--for", "operator", "--aws-region", "eu-west-1"])
        let policy = try JSON(parsing: Data(text.utf8))
        let ids = policy["Statement"]?.array?.compactMap { $0["Sid"]?.string }
        #expect(ids == ["ListPipelines", "LookAtPipelines"])
    }

    @Test("names what is wrong: no region, no account, nobody")
    func refusals() async throws {
        let missing = try await program("actions", "policy")
        #expect(missing.status == 64)
        #expect(missing.errors.contains("AWS_REGION is missing"))
        let account = try await program("actions", "policy", "--account", "1234", "--aws-region", "eu-west-1")
        #expect(account.status == 64)
        #expect(account.errors.contains("--account is '1234'. Wanted: an account's id, 12 digits"))
        let nobody = try await program("actions", "policy", "--for", "nobody", "--aws-region", "eu-west-1")
        #expect(nobody.status == 64)
        #expect(nobody.errors.contains("'worker', 'registrar'"))
    }

    @Test("prints what IAM's grammar takes, in every partition", Python.condition)
    func grammar() async throws {
        try await withTemporaryFolder { folder in
            var files: [String] = []
            for region in ["eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"] {
                for caller in ["worker", "registrar", "operator"] {
                    let policy = try await Self.printed(["--for", caller, "--aws-region", region])
                    files.append(try folder.write("\(caller)-\(region).json", policy))
                }
            }
            let (status, output) = try await Python.run("policies.py", files)
            #expect(status == 0, "\(output)")
        }
    }
}
