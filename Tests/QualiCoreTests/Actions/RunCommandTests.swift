import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Running a command", .timeLimit(.minutes(1)))
struct RunCommandTests {
    private static let commandLine = "GET /sandboxes/s1/commands/check"
    private static let startLine = "POST /sandboxes/s1/commands/check/start"

    private static func command(_ executions: String...) -> HTTPReply {
        let list = executions.map { #"{"id": "\#($0)", "status": "Running"}"# }.joined(separator: ", ")
        return .json(#"{"name": "check", "executions": [\#(list)]}"#)
    }

    private static func execution(_ status: String) -> HTTPReply {
        .json(#"{"id": "e2", "status": "\#(status)", "output": "fine"}"#)
    }

    /// A lab whose sandbox `s1` has the command `check`, which once ran as `e1`; `answer` may know better.
    private func bench(
        clock: ManualClock = ManualClock(tick: 1e-6),
        _ answer: @escaping @Sendable (_ line: String, _ number: Int) async throws -> HTTPReply?
    ) throws -> LabBench {
        try LabBench(clock: clock) { line, number in
            if let reply = try await answer(line, number) { return reply }
            switch line {
            case Self.commandLine: return Self.command("e1")
            case Self.startLine: return .json(#"{"executionId": "e2"}"#)
            case "GET /executions/e2": return Self.execution("Completed")
            case "DELETE /executions/e2": return .success
            default: return .error(400, "unexpected \(line)")
            }
        }
    }

    private func run(
        _ bench: LabBench,
        _ more: [String: String] = [:],
        checkpoint: RunCommand.Checkpoint? = nil,
        outputs: [CodePipeline.Artifact] = [],
        store: InMemoryArtifactStore = InMemoryArtifactStore(),
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] }
    ) async throws -> JobResult {
        let properties = ["ComponentName": "SANDBOX", "CommandName": "check", "SandboxId": "s1"]
        return try await bench.run(
            RunCommand(lab: bench.access),
            properties.merging(more) { $1 },
            checkpoint: checkpoint,
            outputs: outputs,
            store: store,
            actions: actions
        )
    }

    // MARK: A command that fails

    private static let goesOn = ["OnCommandFailure": "Continue"]

    @Test(arguments: ["Failed", "Error", "Cancelled", "Canceled", "Stopped", "failed"])
    func
        `a failed command lets its action succeed if that is wanted, and the variable, the summary and the artifact tell`(
            status: String
        ) async throws
    {
        let bench = try bench { line, _ in
            switch line {
            case "GET /executions/e2": Self.execution(status)
            case "GET /sandboxes/s1": .sandbox("s1", .ready)
            default: nil
            }
        }
        let output = CodePipeline.Artifact(name: "Out", bucket: "bucket", key: "out")
        let store = InMemoryArtifactStore()
        let result = try await run(bench, Self.goesOn, outputs: [output], store: store)
        #expect(result.outputVariables == ["ExecutionId": "e2", "CommandOutput": "fine", "CommandStatus": "Failed"])
        #expect(
            result.summary == """
                The command failed, and the action goes on as 'OnCommandFailure' says. The command 'check' on the sandbox \
                ended as '\(status)'. Its output:
                fine
                """
        )
        let stored = try #require(await store.objects["out"])
        let description = try ArtifactArchive.read(stored) { $0 == "execution.json" }.first?.content
        #expect(String(decoding: description ?? Data(), as: UTF8.self).contains(#""status" : "Failed""#))
        await #expect(throws: JobFailure.self) { try await run(bench) }
        await #expect(throws: JobFailure.self) { try await run(bench, ["OnCommandFailure": "fail"]) }
    }

    @Test(arguments: ["Fail", "Continue"])
    func `a command that ends well says so in the variable`(wanted: String) async throws {
        let bench = try bench { _, _ in nil }
        let result = try await run(bench, ["OnCommandFailure": wanted])
        #expect(result.outputVariables["CommandStatus"] == "Completed")
        #expect(result.summary.hasPrefix("The command 'check' on the sandbox ended well."))
        // No more is asked than without the property.
        #expect(!bench.lab.lines.contains("GET /sandboxes/s1"))
    }

    @Test(arguments: [
        ("a command that isn't there", Self.commandLine, HTTPReply.unknownEntity, "no command of the sandbox"),
        ("a sandbox that isn't active", Self.startLine, .error(400, "Sandbox is not active"), "can't be started"),
        ("an execution that can't be read", "GET /executions/e2", .error(403, "No"), "can't be read"),
        ("a lab in trouble", Self.startLine, .error(403, "Not today"), "can't be started"),
    ])
    func `what isn't the command's own failure fails the action in any case`(
        _ what: String,
        line: String,
        reply: HTTPReply,
        words: String
    ) async throws {
        let bench = try bench { asked, _ in
            switch asked {
            case line: reply
            case "GET /sandboxes/s1/commands": .json(#"[{"name": "other"}]"#)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, Self.goesOn) }
        #expect(failure.message.contains(words), "\(what): \(failure)")
    }

    @Test(arguments: ["Failed", "Cancelled"], [SandboxState.ended, .teardown])
    func `a command that ended with its sandbox fails the action in any case`(
        status: String,
        state: SandboxState
    ) async throws {
        let bench = try bench { line, _ in
            switch line {
            case "GET /executions/e2": Self.execution(status)
            case "GET /sandboxes/s1": .sandbox("s1", state)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, Self.goesOn) }
        #expect(failure.message.contains("The sandbox runs no more (its state: '\(state.rawValue)')"))
    }

    @Test func `a command that takes too long fails the action in any case, also after a restart`() async throws {
        let isStopped = Locked(false)
        let bench = try bench { line, _ in
            switch line {
            case "DELETE /executions/e2":
                isStopped.withLock { $0 = true }
                return nil
            case "GET /executions/e2": return Self.execution(isStopped.withLock { $0 } ? "Cancelled" : "Running")
            default: return nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, Self.goesOn) }
        #expect(failure.message.contains("did not end within 15 minutes, so it was cancelled"))
        // The worker was killed between the cancellation and the outcome.
        var checkpoint = RunCommand.Checkpoint()
        checkpoint.target = CommandTarget(sandboxID: "s1", componentID: nil, name: "the sandbox")
        checkpoint.executionID = "e2"
        checkpoint.deadline = bench.clock.now
        let later = try await #require(throws: JobFailure.self) {
            try await run(bench, Self.goesOn, checkpoint: checkpoint)
        }
        #expect(later.message.contains("ended as 'Cancelled'. Its time of 15 minutes was over."))
    }

    // MARK: Components

    @Test func `a component that is taken as the Python worker did is told in the summary and in the log`() async throws
    {
        let bench = try LabBench { line, _ in
            switch line {
            case "GET /sandboxes/s1/components":
                .json(#"[{"id": "c2", "name": "web-2"}, {"id": "c1", "name": "web-1"}]"#)
            case "GET /sandboxes/s1/components/c2/commands/check": Self.command()
            case "POST /sandboxes/s1/components/c2/commands/check/start": .json(#"{"executionId": "e2"}"#)
            case "GET /executions/e2": Self.execution("Completed")
            default: .error(400, "unexpected \(line)")
            }
        }
        let properties = ["ComponentName": "web", "CommandName": "check", "SandboxId": "s1"]
        let failure = try await #require(throws: JobFailure.self) {
            try await bench.run(RunCommand(lab: bench.access), properties)
        }
        #expect(failure.message.contains("the Python worker took the first"))
        var lab = bench.access
        lab.componentMatch = .original
        let log = LogBook()
        let result = try await bench.run(RunCommand(lab: lab), properties, logger: log.logger)
        #expect(
            result.summary.hasPrefix(
                "The command 'check' on 'web-2' ended well. Warning: for the ComponentName 'web' 'web-2'"
            )
        )
        #expect(result.summary.contains("passed over: 'web-1'"))
        #expect(log.lines(from: .warning).map(\.message) == ["Another component may be meant"])
        #expect(log.lines(from: .warning).first?.metadata["detail"]?.contains("'web-1'") == true)
    }

    @Test func `the warning about a component outlasts a hand-over`() throws {
        var checkpoint = RunCommand.Checkpoint()
        checkpoint.targetWarning = "Warning"
        let copy = try JSONDecoder().decode(RunCommand.Checkpoint.self, from: JSONEncoder().encode(checkpoint))
        #expect(copy.targetWarning == "Warning")
    }

    // MARK: A lost reply

    @Test(arguments: [2, 3, 5])
    func `a command whose start timed out is found, however late it is listed, and run once`(
        read: Int
    ) async throws {
        let bench = try bench { line, number in
            switch line {
            case Self.startLine: .gatewayTimeout
            case Self.commandLine where number >= read: Self.command("e2", "e1")
            default: nil
            }
        }
        #expect(try await run(bench).outputVariables["ExecutionId"] == "e2")
        #expect(bench.lab.count(Self.startLine) == 1)
    }

    @Test func `a command that hasn't appeared is started again`() async throws {
        let bench = try bench { line, number in
            line == Self.startLine && number == 1 ? .gatewayTimeout : nil
        }
        #expect(try await run(bench).outputVariables["ExecutionId"] == "e2")
        #expect(bench.lab.count(Self.startLine) == 2)
        #expect(LabBench.seconds(bench.clock) >= 30)
    }

    @Test func `several new executions are listed instead of taking one at random`() async throws {
        let bench = try bench { line, number in
            switch line {
            case Self.startLine: .gatewayTimeout
            case Self.commandLine where number > 1: Self.command("e3", "e1", "e2")
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.message.contains("since then e2, e3 have appeared"))
        #expect(failure.externalExecutionID == "s1")
        #expect(bench.lab.count(Self.startLine) == 1)
    }

    @Test func `a worker that takes over an uncertain start looks before it starts`() async throws {
        var checkpoint = RunCommand.Checkpoint()
        checkpoint.target = CommandTarget(sandboxID: "s1", componentID: nil, name: "the sandbox")
        checkpoint.earlierExecutions = ["e1"]
        let bench = try bench { line, _ in line == Self.commandLine ? Self.command("e1", "e2") : nil }
        #expect(try await run(bench, checkpoint: checkpoint).outputVariables["ExecutionId"] == "e2")
        #expect(bench.lab.count(Self.startLine) == 0)
    }

    @Test func `looks of workers that died soon after them add up`() async throws {
        var checkpoint = RunCommand.Checkpoint()
        checkpoint.target = CommandTarget(sandboxID: "s1", componentID: nil, name: "the sandbox")
        checkpoint.earlierExecutions = ["e1"]
        var looks = LookupAttempts()
        for number in 0..<6 { looks.add(at: ManualClock().now.addingTimeInterval(Double(number - 9))) }
        checkpoint.looks = looks
        let bench = try bench { _, _ in nil }
        #expect(try await run(bench, checkpoint: checkpoint).outputVariables["ExecutionId"] == "e2")
        // One look more, one second later, was enough; then the command was started, and in the end counted.
        #expect(bench.lab.count(Self.commandLine) == 3)
        #expect(LabBench.seconds(bench.clock) < 5)
    }

    // MARK: Twins

    private static func twin(
        _ status: CodePipeline.ActionExecutionStatus,
        command: String = "check",
        end: TimeInterval = 0,
        execution: String? = nil
    ) -> CodePipeline.ActionExecution {
        .init(
            id: "run-2",
            status: status,
            lastUpdateTime: ManualClock().now.addingTimeInterval(end),
            configuration: ["CommandName": command],
            outputVariables: execution.map { ["ExecutionId": $0] } ?? [:]
        )
    }

    private static let own = CodePipeline.ActionExecution(
        id: "run-1",
        status: .inProgress,
        startTime: ManualClock().now,
        configuration: ["CommandName": "check"]
    )

    /// A lab in which the reply to the first start is lost and an execution appears whose owner nobody knows.
    private func uncertainBench() throws -> LabBench {
        try bench { line, number in
            switch line {
            case Self.startLine where number == 1: .gatewayTimeout
            case Self.commandLine where number > 1: Self.command("e1", "E9")
            case "GET /executions/E9": Self.execution("Completed")
            default: nil
            }
        }
    }

    @Test func `an execution that may be a twin's isn't taken`() async throws {
        let bench = try uncertainBench()
        let failure = try await #require(throws: JobFailure.self) {
            try await run(bench) { [Self.own, Self.twin(.inProgress)] }
        }
        #expect(failure.message.contains("since then E9 has appeared, which may be another action's"))
        #expect(LabBench.seconds(bench.clock) >= bench.access.patience / .seconds(1), "twins may end")
        #expect(bench.lab.count(Self.startLine) == 1)
    }

    @Test func `a worker that is killed again and again waits no longer for twins`() async throws {
        var checkpoint = RunCommand.Checkpoint()
        checkpoint.target = CommandTarget(sandboxID: "s1", componentID: nil, name: "the sandbox")
        checkpoint.earlierExecutions = ["e1"]
        checkpoint.twinsDeadline = ManualClock().now
        let bench = try bench { line, _ in line == Self.commandLine ? Self.command("e1", "E9") : nil }
        await #expect(throws: JobFailure.self) {
            try await run(bench, checkpoint: checkpoint) { [Self.own, Self.twin(.inProgress)] }
        }
        #expect(LabBench.seconds(bench.clock) < 60)
    }

    @Test func `an execution that a twin calls its own is left to it, and the command started again`() async throws {
        let bench = try uncertainBench()
        let calls = Locked(0)
        let result = try await run(bench) {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            return [call < 3 ? Self.twin(.inProgress) : Self.twin(.succeeded, end: 60, execution: "e9")]
        }
        #expect(result.outputVariables["ExecutionId"] == "e2")
        #expect(bench.lab.count(Self.startLine) == 2)
    }

    @Test(arguments: [
        twin(.inProgress, command: "another"), twin(.failed, end: -3_600), twin(.succeeded, end: -3_600),
    ])
    func `an action that can't have started it is no twin`(other: CodePipeline.ActionExecution) async throws {
        let bench = try uncertainBench()
        #expect(try await run(bench) { [Self.own, other] }.outputVariables["ExecutionId"] == "E9")
    }

    @Test func `a twin of this worker whose execution is known, or that has none, is no danger`() async throws {
        let bench = try uncertainBench()
        bench.access.claims.note("run-2", isSettled: true)
        #expect(try await run(bench) { [Self.twin(.inProgress)] }.outputVariables["ExecutionId"] == "E9")
    }

    @Test(arguments: [true, false])
    func `without the right to look for twins the difference decides, with it nothing is guessed`(
        isDenied: Bool
    ) async throws {
        let bench = try uncertainBench()
        let error = AWSError(isDenied ? .accessDeniedException : .transport, "no")
        do {
            let result = try await run(bench) { throw error }
            #expect(isDenied && result.outputVariables["ExecutionId"] == "E9")
        } catch let failure as JobFailure {
            #expect(!isDenied && failure.message.contains("may be another action's"))
        }
    }

    // MARK: The wait

    @Test(arguments: [true, false])
    func `a command that takes too long is cancelled, or said to run on`(agrees: Bool) async throws {
        let bench = try bench { line, _ in
            switch line {
            case "GET /executions/e2": Self.execution("Running")
            case "DELETE /executions/e2": agrees ? nil : .error(400, "The execution can't be cancelled")
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, ["TimeoutInMinutes": "2"]) }
        #expect(failure.message.contains("did not end within 2 minutes"))
        #expect(failure.message.contains("raise the property 'TimeoutInMinutes' or"))
        #expect(failure.message.contains("propertyDefaults (TimeoutInMinutes)"))
        #expect(failure.message.contains("was cancelled") == agrees)
        #expect(failure.message.contains("may still run") == !agrees)
        #expect(bench.lab.count("DELETE /executions/e2") == 1)
    }

    @Test(arguments: [true, false])
    func `a blank reply to a cancellation proves nothing`(isHeard: Bool) async throws {
        let isStopped = Locked(false)
        let bench = try bench { line, _ in
            switch line {
            case "DELETE /executions/e2":
                isStopped.withLock { $0 = isHeard }
                return .json("")
            case "GET /executions/e2": return Self.execution(isStopped.withLock { $0 } ? "Stopped" : "Running")
            default: return nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, ["TimeoutInMinutes": "2"]) }
        #expect(failure.message.contains("so it was cancelled") == isHeard)
        #expect(failure.message.contains("may still run") == !isHeard)
        #expect(bench.lab.count("DELETE /executions/e2") == (isHeard ? 1 : 3))
    }

    @Test func `an output with half a character is told`() async throws {
        let bench = try bench { line, _ in
            line == "GET /executions/e2"
                ? .json(#"{"id": "e2", "status": "Failed", "output": "caf\u00e9 \ud83d <b>bold</b>"}"#) : nil
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.message.hasSuffix("Its output:\ncafé \u{FFFD} <b>bold</b>"))
    }

    // MARK: A sandbox that has ended

    @Test(arguments: [SandboxState.ended, .teardown])
    func `a command on an ended sandbox is told as such`(state: SandboxState) async throws {
        let bench = try bench { line, _ in
            switch line {
            case Self.startLine: .error(400, "Sandbox is not active")
            case "GET /sandboxes/s1": .sandbox("s1", state)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .jobFailed)
        #expect(failure.message.hasPrefix("The sandbox 's1' runs no more (its state: '\(state.rawValue)'): "))
        #expect(failure.message.contains("If the stage was rolled back, put the Quali-Start-Sandbox action into"))
        #expect(failure.message.contains("Sandbox is not active"))
    }

    @Test(arguments: [true, false])
    func `one of another execution is told as that execution's, also where the lab has forgotten it`(isKnown: Bool)
        async throws
    {
        let bench = try bench { line, _ in
            switch line {
            case "GET /sandboxes/s1": isKnown ? .sandbox("s1", .ended) : .unknownEntity
            case "GET /sandboxes?show_historic=true": .empty
            default: nil
            }
        }
        let refusal = JobFailure(.configurationError, "Sandbox is not active")
        let failure = try await bench.running {
            try await RunCommand(lab: bench.access).explained(refusal, "s1", of: "e-1", bench.clock)
        }
        #expect(failure.type == .jobFailed)
        let fate = isKnown ? "has ended (its state: 'Ended')" : "isn't known to the lab any more"
        #expect(failure.message.hasPrefix("The sandbox 's1' of the execution e-1 \(fate), and this action belongs"))
        #expect(failure.message.contains("put the Quali-Start-Sandbox action into the same stage"))
        #expect(!failure.message.contains("not active"))
    }

    @Test(arguments: [0, 2, 3])
    func `one that the lab still shows as it was is looked at again, and a read that fails is no look`(
        failures: Int
    ) async throws {
        let looks = Locked(0)
        let bench = try bench { line, _ in
            switch line {
            case Self.startLine: return .error(400, "Sandbox is not active")
            case "GET /sandboxes/s1":
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                if look <= failures { return .error(503, "busy") }
                return .sandbox("s1", look < failures + 3 ? .ready : .ended)
            default: return nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .jobFailed)
        #expect(failure.message.hasPrefix("The sandbox 's1' runs no more (its state: 'Ended'): "))
    }

    @Test func `one whose teardown has failed is told with that state`() async throws {
        let bench = try bench { line, _ in
            switch line {
            case Self.startLine: .error(400, "Sandbox is not active")
            case "GET /sandboxes/s1": .sandbox("s1", .error)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .jobFailed)
        #expect(
            failure.message.hasPrefix("The sandbox 's1' is in the state 'Error', since its setup or its teardown has")
        )
        #expect(failure.message.contains("Sandbox is not active"))
    }

    @Test func `what fails in another execution's sandbox, whose setup has failed, is told with that state alone`()
        async throws
    {
        let bench = try bench { line, _ in line == "GET /sandboxes/s1" ? .sandbox("s1", .error) : nil }
        let failure = try await bench.running {
            try await RunCommand(lab: bench.access)
                .explained(JobFailure(.configurationError, "no such component"), "s1", of: "e-1", bench.clock)
        }
        #expect(failure.message.hasPrefix("The sandbox 's1' is in the state 'Error', since its setup or its teardown "))
        #expect(failure.message.hasSuffix("no such component"))
        #expect(!failure.message.contains("same stage"))
    }

    @Test func `a stop before the lab has told what became of the sandbox is no failure of the job`() async throws {
        let bench = try bench { line, _ in line == "GET /sandboxes/s1" ? .sandbox("s1", .ready) : nil }
        let refusal = JobFailure(.configurationError, "Sandbox is not active")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await RunCommand(lab: bench.access).explained(refusal, "s1", of: nil, bench.clock)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a failure on a sandbox that runs is told as it is`() async throws {
        let bench = try bench { line, _ in line == "GET /sandboxes/s1" ? .sandbox("s1", .ready) : nil }
        let refusal = JobFailure(.configurationError, "no")
        let failure = try await bench.running {
            try await RunCommand(lab: bench.access).explained(refusal, "s1", of: "e-1", bench.clock)
        }
        #expect(failure.message == "no")
    }

    @Test(arguments: [true, false])
    func `one that the lab doesn't know any more is looked for in the past`(wasThere: Bool) async throws {
        let bench = try bench { line, _ in
            switch line {
            case "GET /sandboxes?show_historic=true": wasThere ? .list("S1", .ended) : .empty
            case _ where line.hasPrefix("GET /sandboxes/s1"): .unknownEntity
            default: nil
            }
        }
        for component in ["SANDBOX", "web.*"] {
            let failure = try await #require(throws: JobFailure.self) {
                try await run(bench, ["ComponentName": component])
            }
            #expect(failure.type == (wasThere ? .jobFailed : .configurationError))
            #expect(failure.message.hasPrefix("The sandbox 's1' runs no more (its state: 'Ended')") == wasThere)
        }
    }

    @Test func `a command that was cancelled with its sandbox says so`() async throws {
        let bench = try bench { line, _ in
            switch line {
            case "GET /executions/e2": Self.execution("Cancelled")
            case "GET /sandboxes/s1": .sandbox("s1", .ended)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.message.contains("ended as 'Cancelled'. The sandbox runs no more (its state: 'Ended')."))
    }

    @Test func `a command that the lab lists but doesn't find has lost its path's escapes`() async throws {
        let bench = try LabBench { line, _ in
            switch line {
            case "GET /sandboxes/s1/commands": .json(#"[{"name": "a/b"}]"#)
            case "GET /sandboxes/s1/commands/a%2Fb": .unknownEntity
            default: .error(400, "unexpected \(line)")
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, ["CommandName": "a/b"]) }
        #expect(failure.type == .systemUnavailable)
        #expect(failure.message.contains("something before the lab changes the paths of requests"))
    }

    @Test func `a long command is read ever more rarely, and its end is seen within a tenth of its time`() async throws
    {
        let clock = ManualClock()
        let bench = try bench(clock: clock) { line, _ in
            line == "GET /executions/e2" && LabBench.seconds(clock) < 3_600 ? Self.execution("Running") : nil
        }
        #expect(try await run(bench, ["TimeoutInMinutes": "120"]).outputVariables["CommandOutput"] == "fine")
        // At the usual pace there would be 720.
        #expect((100...150).contains(bench.lab.count("GET /executions/e2")))
        #expect(LabBench.seconds(clock) <= 3_630)
    }

    @Test func `a command that runs on is waited for without a task`() async throws {
        let clock = ManualClock()
        let bench = try bench(clock: clock) { line, _ in
            line == "GET /executions/e2" && LabBench.seconds(clock) < 60 ? Self.execution("Running") : nil
        }
        let context = JobContext<RunCommand.Checkpoint>(
            job: JobInfo(id: "1", actionExecutionID: "run-1", claimedAt: clock.now),
            artifacts: JobArtifacts(store: InMemoryArtifactStore()),
            journal: InMemoryJobJournal([.record()]),
            clock: clock,
            logger: .silent
        )
        let properties = ["ComponentName": "SANDBOX", "CommandName": "check", "SandboxId": "s1"]
        let configuration = try RunCommand.Configuration(ActionProperties(properties))
        let handler = RunCommand(lab: bench.access)
        let result = try await bench.running {
            guard case .wait(let wait) = try await handler.run(configuration, after: nil, context: context) else {
                throw CancellationError()
            }
            let event = try await wait.outcome(clock)
            guard
                case .done(let result) = try await handler.run(configuration, after: event, context: context.renewed())
            else {
                throw CancellationError()
            }
            return result
        }
        #expect(result.outputVariables["CommandOutput"] == "fine")
        #expect(bench.lab.count(Self.startLine) == 1)
        #expect(LabBench.seconds(clock) >= 60)
    }

    @Test func `a lab that is away for longer than the patience fails no command that still has time`() async throws {
        let clock = ManualClock()
        let bench = try bench(clock: clock) { line, _ in
            guard line == "GET /executions/e2" else { return nil }
            switch LabBench.seconds(clock) {
            case ..<10: return Self.execution("Running")
            case ..<780: return .error(503, "The lab is being updated")
            default: return nil
            }
        }
        #expect(try await run(bench).outputVariables["CommandOutput"] == "fine")
        #expect(LabBench.seconds(clock) >= 780)
    }

    @Test func `an execution that the lab refuses to show fails the job at once`() async throws {
        let bench = try bench { line, _ in
            line == "GET /executions/e2" ? .error(403, "You are not allowed to view this entity") : nil
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .permissionError)
        #expect(LabBench.seconds(bench.clock) < 60)
    }

    @Test func `a command whose state was never seen isn't said to have printed nothing`() async throws {
        let bench = try bench { line, _ in line == "GET /executions/e2" ? .gatewayTimeout : nil }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .systemUnavailable)
        #expect(failure.message.contains("it is unknown how the command ended"))
        #expect(!failure.message.contains("printed"))
    }

    @Test func `a command that ends well while it is being cancelled has ended well`() async throws {
        let isCancelled = Locked(false)
        let bench = try bench { line, _ in
            switch line {
            case "DELETE /executions/e2":
                isCancelled.withLock { $0 = true }
                return .error(400, "Execution cannot be cancelled")
            case "GET /executions/e2": return Self.execution(isCancelled.withLock { $0 } ? "Completed" : "Running")
            default: return nil
            }
        }
        #expect(try await run(bench, ["TimeoutInMinutes": "1"]).outputVariables["CommandOutput"] == "fine")
    }
}
