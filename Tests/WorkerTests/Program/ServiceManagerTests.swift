import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerSettings
import WorkerTestSupport

@testable import worker

@Suite("The program under a service manager", .timeLimit(.minutes(1)))
struct ServiceManagerTests {
    private func environment(_ cloud: LocalCloud, _ socket: NotifySocket) -> [String: String] {
        Given.workerEnvironment(cloud).merging(["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "300000"]) { $1 }
    }

    @Test("says when it is ready, that it lives, and that it stops", arguments: [false, true])
    func life(isAbstract: Bool) async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                let install = try await program("actions", "install", environment: cloud.environment)
                #expect(install.status == 0, "\(install)")
                let socket = try NotifySocket(in: folder, isAbstract: isAbstract)
                let run = try ProgramRun(["run"], environment: environment(cloud, socket), in: folder)
                let start = try await socket.messages(until: "READY=1")
                #expect(cloud.journal.entries.filter { $0.operation == "PollForJobs" }.count >= 3)
                #expect(start.joined().contains { $0.hasPrefix("STATUS=") })
                for _ in 1...3 { _ = try await socket.messages(until: "WATCHDOG=1") }
                run.signal(SIGTERM)
                _ = try await socket.messages(until: "STOPPING=1")
                let ending = try await run.end()
                #expect(ending.status == 0, "\(ending)")
            }
        }
    }

    @Test("is ready, and lives, while AWS is down")
    func outage() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                cloud.faults.inject(.resetBeforeProcessing, on: "PollForJobs", times: .max)
                let socket = try NotifySocket(in: folder)
                let run = try ProgramRun(["run"], environment: environment(cloud, socket), in: folder)
                let start = try await socket.messages(until: "READY=1")
                #expect(start.joined().contains { $0.contains("no poll answered yet; CodePipeline in trouble since") })
                for _ in 1...3 { _ = try await socket.messages(until: "WATCHDOG=1") }
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
            }
        }
    }

    @Test("asks for the time that a drain takes")
    func drain() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                _ = try Given.failingExecution(in: cloud)
                cloud.faults.inject(.hang, on: "PutJobFailureResult", times: .max)
                let socket = try NotifySocket(in: folder)
                let run = try ProgramRun(["run"], environment: environment(cloud, socket), in: folder)
                _ = try await cloud.journal.arrival { $0.operation == "PutJobFailureResult" }
                run.signal(SIGTERM)
                let last = try await socket.messages(until: "EXTEND_TIMEOUT_USEC=")
                #expect(last.joined().contains("STOPPING=1"))
                run.signal(SIGINT)
                _ = try await run.end()
            }
        }
    }

    @Test("keeps the manager's address from what it starts")
    func children() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                let seen = folder.appendingPathComponent("seen").path
                let key = #"{"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "x"}"#
                let script = try folder.write("process.sh", "env >'\(seen)'\necho '\(key)'\n")
                var environment = environment(cloud, try NotifySocket(in: folder))
                environment["AWS_ACCESS_KEY_ID"] = nil
                environment["AWS_SECRET_ACCESS_KEY"] = nil
                environment["AWS_CONFIG_FILE"] = try folder.write(
                    "config",
                    "[default]\ncredential_process = sh '\(script)'\n"
                )
                let run = try ProgramRun(["run"], environment: environment, in: folder)
                let variables = try await run.value {
                    let text = try? String(contentsOfFile: seen, encoding: .utf8)
                    return text?.contains("PWD=") == true ? text : nil
                }
                #expect(variables.contains("AWS_CONFIG_FILE="))
                #expect(!variables.contains("NOTIFY_SOCKET"))
                #expect(!variables.contains("WATCHDOG"))
                run.signal(SIGTERM)
                _ = try await run.end()
            }
        }
    }

    @Test("ends in a way that lets the manager try again where credentials may come later")
    func credentialsLater() async throws {
        let none = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]
        let settings = Given.environment.merging(none) { $1 }.filter { !$0.value.isEmpty }
        let ending = try await program("run", environment: settings)
        #expect(ending.status == 69, "\(ending)")
        #expect(ending.errors.contains("AWS credentials"))
        let wrong = try await program("run", environment: settings.merging(["QUALI_MAX_JOBS": "many"]) { $1 })
        #expect(wrong.status == 64, "\(wrong)")
    }
}
