import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

/// What may take long before the first poll is said, and no signal waits for it.
@Suite("The start of a worker", .timeLimit(.minutes(2)))
struct StartTests {
    private static let signals = [SIGTERM, SIGINT]

    /// Starts a worker that can't get on, waits until it says what it waits for, and sends it a signal.
    private func start(
        _ environment: [String: String],
        waitingFor what: String,
        _ number: Int32,
        in folder: URL,
        meanwhile: (ProgramRun) async throws -> Void = { _ in }
    ) async throws {
        let base = Given.environment.merging(["HOME": folder.path]) { $1 }.merging(environment) { $1 }
        let run = try ProgramRun(
            ["run"],
            environment: base.filter { !$0.value.isEmpty },
            through: ["/usr/bin/env", "--default-signal=INT"],
            in: folder
        )
        let said = try await run.value { () -> String? in
            let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
            return log.split(separator: "\n").first { $0.contains("Waiting before the first poll") }.map(String.init)
        }
        #expect(said.contains(what), "\(said)")
        try await meanwhile(run)
        let start = ContinuousClock.now
        run.signal(number)
        let ending = try await run.end()
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.errors.contains("\"Stopping\""))
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    /// The processes of a group that haven't ended.
    private static func processes(of group: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
            let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            // After the name, which may have anything in it, come the state, the parent and the group.
            let fields = stat?.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 2 && fields[0] != "Z" && pid_t(fields[2]) == group
        }
    }

    @Test(arguments: signals) func `doesn't wait for a service that never answers`(number: Int32) async throws {
        try await withTemporaryFolder { folder in
            let silent = try RawServer { $0.waitForPeerToClose() }
            defer { silent.stop() }
            let token = try folder.write("token", "a token")
            let environment = [
                "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_WEB_IDENTITY_TOKEN_FILE": token,
                "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/worker",
                "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(silent.port)",
            ]
            try await start(environment, waitingFor: "AWS credentials from a web identity's role", number, in: folder)
        }
    }

    @Test(arguments: signals) func `kills a helper, with what that has started`(number: Int32) async throws {
        try await withTemporaryFolder { folder in
            let script = try folder.write("helper", "echo $$ >'\(folder.path)/pid'; sleep 600 & wait\n", mode: 0o700)
            let profile = try folder.write("config", "[default]\ncredential_process = sh '\(script)'\n")
            let environment = [
                "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": profile,
                "PATH": "/usr/bin:/bin",
            ]
            var group: pid_t = 0
            try await start(environment, waitingFor: "the profile's process", number, in: folder) { run in
                group = try await run.value {
                    let text = try? String(contentsOf: folder.appendingPathComponent("pid"), encoding: .utf8)
                    return text.flatMap { pid_t($0.dropLast()) }
                }
                #expect(try Self.processes(of: group).contains(group))
            }
            // The kernel may take a moment to end them.
            while try !Self.processes(of: group).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    @Test(arguments: ["CLOUDSHELL_PASSWORD_FILE", "AWS_SECRET_ACCESS_KEY_FILE", "--config"])
    func `doesn't wait for a pipe into which nobody writes`(name: String) async throws {
        try await withTemporaryFolder { folder in
            let pipe = folder.appendingPathComponent("pipe").path
            try #require(mkfifo(pipe, 0o600) == 0)
            let value = String(name.dropLast(5))
            guard name == "--config" else {
                return try await start([name: pipe, value: ""], waitingFor: pipe, SIGTERM, in: folder)
            }
            let run = try ProgramRun(["run", name, pipe], environment: Given.environment, in: folder)
            _ = try await run.value {
                let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                return log.contains("Waiting before the first poll") && log.contains(pipe) ? true : nil
            }
            run.signal(SIGTERM)
            #expect(try await run.end().status == 0)
        }
    }

    @Test(arguments: [nil, .hang, .status(503, code: "ServiceUnavailable")] as [Fault?])
    func `says which account it works in, and starts without where STS doesn't tell`(fault: Fault?) async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            if let fault { cloud.faults.inject(fault, on: "GetCallerIdentity", times: .max) }
            try await withTemporaryFolder { folder in
                let run = try ProgramRun(["run"], environment: Given.workerEnvironment(cloud), in: folder)
                _ = try await cloud.journal.first("PollForJobs")
                #expect(cloud.journal.entries { $0.operation == "GetCallerIdentity" }.count <= 1)
                run.signal(SIGTERM)
                let ending = try await run.end()
                #expect(ending.status == 0, "\(ending)")
                let first = ending.errors.split(separator: "\n").first { !$0.contains("\"debug\"") }
                let account = fault == nil ? LocalCodePipeline.accountID : "unknown"
                #expect(first?.contains("\"Starting\"") == true, "\(ending)")
                #expect(first?.contains("\"\(account)\"") == true, "\(ending)")
                #expect(ending.errors.contains("The account isn't known") == (fault != nil))
            }
        }
    }

    @Test func `takes a secret from a pipe into which somebody writes`() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try await withTemporaryFolder { folder in
                let pipe = folder.appendingPathComponent("pipe").path
                try #require(mkfifo(pipe, 0o600) == 0)
                var environment = Given.workerEnvironment(cloud)
                environment["AWS_SECRET_ACCESS_KEY_FILE"] = pipe
                let secret = cloud.options.secretAccessKey
                environment["AWS_SECRET_ACCESS_KEY"] = nil
                let run = try ProgramRun(["run"], environment: environment, in: folder)
                // There can be no writer before there is a reader.
                let writer = try await run.value { () -> Int32? in
                    let descriptor = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                    return descriptor < 0 ? nil : descriptor
                }
                #expect(write(writer, secret, secret.utf8.count) == secret.utf8.count)
                close(writer)
                // A second poll, since a pipe is never read again.
                let first = try await cloud.journal.first("PollForJobs")
                let next = try await cloud.journal.first {
                    $0.operation == "PollForJobs" && $0.number > first.number + 5
                }
                #expect(next.status == 200)
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
            }
        }
    }
}
