import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@testable import worker

@Suite("The program", .timeLimit(.minutes(1)))
struct ProgramTests {
    @Test("prints its version and its help")
    func versionAndHelp() async throws {
        let version = try await program("--version")
        #expect(version.status == 0)
        #expect(version.output == "quali-worker \(worker.Program.version)\n")
        for arguments in [[], ["--help"]] {
            let help = try await withTemporaryFolder { try await ProgramRun(arguments, in: $0).end() }
            #expect(help.status == 0)
            #expect(help.output.contains("actions"))
        }
        let run = try await program("run", "--help")
        #expect(run.status == 0)
        #expect(run.output.contains("--cloudshell-url"))
    }

    @Test("says all that is missing in one message")
    func missingSettings() async throws {
        let ending = try await program("run", environment: ["QUALI_MAX_JOBS": "many"])
        #expect(ending.status == 64)
        #expect(ending.output.isEmpty)
        #expect(ending.errors.hasPrefix("quali-worker: 6 settings are missing or wrong:"))
        let names = [
            "CLOUDSHELL_URL", "CLOUDSHELL_USER", "CLOUDSHELL_PASSWORD", "AWS_REGION", "AWS credentials",
            "QUALI_MAX_JOBS",
        ]
        for name in names { #expect(ending.errors.contains("  \(name)")) }
    }

    @Test(
        "says which command may be meant",
        arguments: [
            ("chek", "Did you mean 'check'?"), ("acitons instal", "Did you mean 'actions'?"),
            ("actions instal", "Did you mean 'install'?"), ("jobs shwo 7", "Did you mean 'show'?"),
            ("sandbox", "Did you mean 'sandboxes'?"), ("frobnicate", nil), ("check frobnicate", nil),
        ] as [(String, String?)]
    )
    func nearCommand(line: String, hint: String?) async throws {
        let ending = try await program(line.split(separator: " ").map(String.init))
        #expect(ending.status == 64)
        let found = ending.errors.split(separator: "\n").first { $0.contains("Did you mean") }.map(String.init)
        #expect(found == hint, "\(ending.errors)")
    }

    @Test(
        "knows no other flags or commands",
        arguments: [["nonsense"], ["run", "--cloudshell-password", "x"]]
    )
    func unknownArguments(arguments: [String]) async throws {
        let ending = try await withTemporaryFolder { try await ProgramRun(arguments, in: $0).end() }
        #expect(ending.status == 64)
    }

    @Test("asks nobody for a password while other settings are missing")
    func promptAmidProblems() async throws {
        let ending = try await program("run", environment: ["CLOUDSHELL_PASSWORD": "PROMPT"])
        #expect(ending.status == 64)
        #expect(ending.errors.contains("CLOUDSHELL_PASSWORD"))
    }

    @Test("polls until a signal and exits with 0", arguments: [SIGTERM, SIGINT])
    func signals(number: Int32) async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                let install = try await program("actions", "install", environment: cloud.environment)
                #expect(install.status == 0, "\(install)")
                let run = try ProgramRun(
                    ["run"],
                    environment: Given.workerEnvironment(cloud),
                    through: ["/usr/bin/env", "--default-signal=INT"],
                    in: folder
                )
                let poll = try await cloud.journal.first("PollForJobs")
                #expect(poll.status == 200)
                let start = ContinuousClock.now
                run.signal(number)
                let ending = try await run.end()
                #expect(ending.status == 0, "\(ending)")
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(!ending.errors.contains("hidden-password"))
                let lines = ending.errors.split(separator: "\n")
                for line in lines {
                    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
                }
                #expect(lines.filter { $0.contains("isn't encrypted") }.count == 1)
            }
        }
    }

    @Test("reports what is done before it stops")
    func reportsBeforeStop() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let id = try Given.failingExecution(in: cloud)
                cloud.faults.inject(.delay(.seconds(1)), on: "PutJobFailureResult")
                let run = try ProgramRun(["run"], environment: Given.workerEnvironment(cloud), in: folder)
                _ = try await cloud.journal.arrival { $0.operation == "PutJobFailureResult" }
                run.signal(SIGTERM)
                let ending = try await run.end()
                #expect(ending.status == 0, "\(ending)")
                let action = try #require(cloud.codePipeline.execution(id)?.action("Start"))
                #expect(action.status == "Failed")
                #expect(action.errorMessage?.contains("DurationInMinutes") == true)
            }
        }
    }

    @Test("says in one line why AWS refuses")
    func refusal() async throws {
        try await LocalCloud.withRunning { cloud in
            var environment = cloud.environment
            environment["AWS_SECRET_ACCESS_KEY"] = "another"
            let ending = try await program("actions", "list", environment: environment)
            #expect(ending.status == 69)
            #expect(ending.errors.split(separator: "\n").count == 1)
            #expect(ending.errors.contains("InvalidSignatureException"))
        }
    }
}
