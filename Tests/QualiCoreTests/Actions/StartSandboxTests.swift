import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Starting a sandbox", .timeLimit(.minutes(1)))
struct StartSandboxTests {
    static let properties = ["BlueprintName": "Web", "DurationInMinutes": "60"]
    private static let startLine = "POST /blueprints/b1/start"
    private static let historyLine = "GET /sandboxes?show_historic=true"
    private static let tag = SandboxTag(actionExecutionID: "run-1")
    private static let output = CodePipeline.Artifact(name: "Lab", bucket: "bucket", key: "key")

    /// A lab that has the blueprint, and the sandbox `s1` as soon as `exists`; `answer` may know better.
    private func bench(
        exists: Locked<Bool> = Locked(true),
        clock: ManualClock = ManualClock(),
        _ answer: @escaping @Sendable (_ line: String, _ number: Int) async throws -> HTTPReply? = { _, _ in nil }
    ) throws -> LabBench {
        try LabBench(clock: clock) { line, number in
            if let reply = try await answer(line, number) { return reply }
            switch line {
            case "GET /blueprints/Web": return .json(#"{"id": "b1", "name": "Web"}"#)
            case Self.startLine: return .sandbox("s1", .beforeSetup)
            case Self.historyLine: return exists.withLock { $0 } ? .list("s1", .setup, name: "Web \(Self.tag)") : .empty
            case "GET /sandboxes": return exists.withLock { $0 } ? .list("s1", .ready) : .empty
            case "GET /sandboxes/s1": return exists.withLock { $0 } ? .sandbox("s1", .ready) : .unknownEntity
            case "GET /sandboxes/s1/components": return .empty
            case "POST /sandboxes/s1/stop": return .success
            default: return .error(400, "unexpected \(line)")
            }
        }
    }

    private func run(
        _ bench: LabBench,
        _ changes: [String: String] = [:],
        checkpoint: StartSandbox.Checkpoint? = nil,
        store: any ArtifactStore = InMemoryArtifactStore(),
        journal: (any JobJournal)? = nil,
        logger: Logger = .silent
    ) async throws -> JobResult {
        try await bench.run(
            StartSandbox(lab: bench.access),
            Self.properties.merging(changes) { $1 },
            checkpoint: checkpoint,
            outputs: [Self.output],
            store: store,
            journal: journal,
            logger: logger
        )
    }

    // MARK: A lost reply

    @Test(arguments: [1, 7, 8, 14])
    func `a sandbox whose start timed out is adopted, however late it is listed`(read: Int) async throws {
        let started = Locked(false)
        let bench = try bench(exists: started) { line, number in
            switch line {
            case Self.startLine where number == 1: return .gatewayTimeout
            // It is that very sandbox that takes the resources.
            case Self.startLine: return .error(409, "Blueprint has conflicting resources")
            case Self.historyLine:
                if number >= read { started.withLock { $0 = true } }
                return nil
            default: return nil
            }
        }
        let result = try await run(bench)
        #expect(result.outputVariables["SandboxId"] == "s1")
        #expect(bench.lab.count(Self.startLine) == (read <= 7 ? 1 : 2))
        #expect(bench.lab.count("POST /sandboxes/s1/stop") == 0)
    }

    @Test func `a sandbox whose start timed out is found among the running ones, whatever the lab's past is like`()
        async throws
    {
        let bench = try bench { line, number in
            switch line {
            case Self.startLine: number == 1 ? .gatewayTimeout : .error(400, "unexpected second start")
            case "GET /sandboxes": .list("s1", .ready, name: "Web \(Self.tag)")
            case Self.historyLine: .error(500, "The history is too long")
            default: nil
            }
        }
        #expect(try await run(bench).outputVariables["SandboxId"] == "s1")
        #expect(bench.lab.count(Self.historyLine) == 0)
    }

    @Test func `a sandbox that may exist but isn't found is named in the failure`() async throws {
        let bench = try bench(exists: Locked(false)) { line, number in
            guard line == Self.startLine else { return nil }
            return number == 1 ? .gatewayTimeout : .error(409, "Blueprint has conflicting resources")
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.message.contains("'\(Self.tag)'"))
        #expect(failure.message.contains("end it by hand"))
        #expect(bench.lab.count(Self.historyLine) == 14)
    }

    @Test func `a start that was certainly refused leaves nothing to look for`() async throws {
        let bench = try bench { line, _ in
            line == Self.startLine ? .error(409, "Blueprint has conflicting resources") : nil
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(!failure.message.contains("\(Self.tag)"))
        let advice = """
            set the property 'WaitForResourcesInMinutes' or, where the action's definition lacks it, the worker's \
            propertyDefaults (WaitForResourcesInMinutes).
            """
        #expect(failure.message.contains(advice))
        #expect(bench.lab.count(Self.historyLine) == 0)
        #expect(bench.lab.count(Self.startLine) == 1)
    }

    @Test func `a worker that takes over an uncertain start looks before it starts`() async throws {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.isStartUncertain = true
        let bench = try bench()
        #expect(try await run(bench, checkpoint: checkpoint).externalExecutionID == "s1")
        #expect(bench.lab.count(Self.startLine) == 0)
    }

    // MARK: Waiting to start

    @Test func `the time for resources begins when they are found taken`() async throws {
        let clock = ManualClock()
        let bench = try bench(clock: clock) { line, _ in
            guard line == Self.startLine else { return nil }
            switch LabBench.seconds(clock) {
            case ..<240: throw HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false)
            case ..<720: return .error(409, "Blueprint has conflicting resources")
            default: return nil
            }
        }
        #expect(try await run(bench, ["WaitForResourcesInMinutes": "10"]).externalExecutionID == "s1")
    }

    @Test func `a short trouble late in the wait for resources is borne`() async throws {
        let clock = ManualClock()
        let bench = try bench(clock: clock) { line, _ in
            guard line == Self.startLine else { return nil }
            switch LabBench.seconds(clock) {
            case ..<900: return .error(409, "Blueprint has conflicting resources")
            case ..<1_020: throw HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false)
            default: return nil
            }
        }
        #expect(try await run(bench, ["WaitForResourcesInMinutes": "30"]).externalExecutionID == "s1")
    }

    @Test func `a trouble that outlasts the patience fails the job`() async throws {
        let bench = try bench { line, _ in
            guard line == Self.startLine else { return nil }
            throw HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false)
        }
        let failure = try await #require(throws: JobFailure.self) {
            try await run(bench, ["WaitForResourcesInMinutes": "600"])
        }
        #expect(failure.type == .systemUnavailable)
        #expect((300...400).contains(LabBench.seconds(bench.clock)))
    }

    @Test(arguments: [
        HTTPReply.error(400, "Blueprint has conflicting resources"), .error(400, "Keine Lizenz mehr frei"),
        .error(403, "The user has reached the maximum number of concurrent sandboxes"), .error(409, "No solution"),
        .error(422, "ライセンスがありません"), .error(429, "Licence pool is exhausted"), .error(500, "Lead time is 30 minutes"),
        .json(#"{"statusCode": 400, "errorCategory": "WebApi", "message": "No licence left"}"#),
        .json("sorry, no", status: 400),
    ])
    func `whoever asked to wait waits, whatever the lab's words`(refusal: HTTPReply) async throws {
        let clock = ManualClock()
        let notes = NotedProgress()
        let bench = try bench(exists: Locked(false), clock: clock) { line, _ in
            switch line {
            case Self.startLine where LabBench.seconds(clock) < 1_000: refusal
            case "GET /sandboxes" where LabBench.seconds(clock) > 1_000: .list("s1", .ready)
            case "GET /sandboxes/s1": .sandbox("s1", .ready)
            default: nil
            }
        }
        let result = try await run(bench, ["WaitForResourcesInMinutes": "20"], journal: notes)
        #expect(result.externalExecutionID == "s1")
        #expect(await notes.summaries.contains { $0.hasPrefix("Waiting to start 'Web': ") })
    }

    @Test func `who waits in vain is told the lab's last words`() async throws {
        let bench = try bench { line, number in
            line == Self.startLine ? .error(400, "Lizenz fehlt, Versuch \(number)") : nil
        }
        let failure = try await #require(throws: JobFailure.self) {
            try await run(bench, ["WaitForResourcesInMinutes": "20"])
        }
        let starts = bench.lab.count(Self.startLine)
        #expect(failure.message.contains("Lizenz fehlt, Versuch \(starts)."))
        #expect(failure.message.contains("after 20 minutes of waiting"))
        #expect((1_200...1_270).contains(LabBench.seconds(bench.clock)))
    }

    @Test(arguments: [
        HTTPReply.error(400, "Blueprint has invalid inputs"), .error(400, "Duration format must be a valid 'ISO 8601'"),
        .error(400, "Reservation name and duration must be specified in request body"),
        .error(404, "The requested entity could not be found"), .error(404, "Nicht gefunden"),
        .error(403, "User is not allowed to view this entity"), .error(404, "Invalid Api call"),
    ])
    func `a refusal that surely lasts isn't waited out`(refusal: HTTPReply) async throws {
        let bench = try bench { line, _ in line == Self.startLine ? refusal : nil }
        await #expect(throws: JobFailure.self) { try await run(bench, ["WaitForResourcesInMinutes": "20"]) }
        #expect(bench.lab.count(Self.startLine) == 1)
        #expect(LabBench.seconds(bench.clock) == 0)
    }

    @Test func `who didn't ask to wait is told how to`() async throws {
        let bench = try bench { line, _ in line == Self.startLine ? .error(400, "Keine Lizenz mehr frei") : nil }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .configurationError)
        #expect(failure.message.contains("waiting may help: set the property 'WaitForResourcesInMinutes' or"))
        #expect(failure.message.contains("propertyDefaults (WaitForResourcesInMinutes)"))
        #expect(bench.lab.count(Self.startLine) == 1)
    }

    // MARK: After the start

    @Test(arguments: [2_700.0, 4_200])
    func `trouble of S3 is waited out for the whole reservation, and ends no sandbox`(length: Double) async throws {
        let bench = try bench()
        let (store, book, notes) = (InMemoryArtifactStore(), LogBook(), NotedProgress())
        let end = bench.clock.now.addingTimeInterval(length)
        await store.fail(with: AWSError(.transport, "connection reset"), until: end, of: bench.clock)
        let result = await Result { try await run(bench, store: store, journal: notes, logger: book.logger) }
        #expect(bench.lab.count("POST /sandboxes/s1/stop") == 0)
        #expect(book.lines(from: .warning).contains { $0.message == "Reading and writing artifacts fails" })
        #expect(await notes.summaries.contains("Setting up; waiting for S3: connection reset"))
        if length < 3_600 {
            #expect(try result.get().externalExecutionID == "s1")
            #expect(await store.objects["key"] != nil)
        } else {
            let failure = try #require(result.failure as? JobFailure)
            #expect(failure.type == .systemUnavailable)
            #expect(failure.externalExecutionID == "s1")
            #expect(failure.message.contains("isn't ended"))
            #expect((3_600...3_700).contains(LabBench.seconds(bench.clock)))
        }
    }

    // MARK: Setup

    @Test(arguments: [
        ("PT5M", nil, 30), ("PT25M", nil, 50), ("PT2H", nil, 240), ("x", nil, 30), ("PT25M", "12", 12),
    ])
    func `a setup may take twice its estimate unless a property says otherwise`(
        estimate: String,
        property: String?,
        minutes: Int
    ) async throws {
        let bench = try bench { line, _ in
            switch line {
            case "GET /blueprints/Web":
                .json(#"{"id": "b1", "name": "Web", "estimated_setup_duration": "\#(estimate)"}"#)
            case "GET /sandboxes": .list("s1", .setup)
            case "GET /sandboxes/s1": .sandbox("s1", .setup)
            default: nil
            }
        }
        let changes = property.map { ["SetupTimeoutInMinutes": $0] } ?? [:]
        let failure = try await #require(throws: JobFailure.self) {
            try await run(bench, changes.merging(["DurationInMinutes": "6000"]) { $1 })
        }
        #expect(failure.message.hasPrefix("The sandbox was not ready within \(minutes) minutes"))
        #expect((Double(minutes * 60)...Double(minutes * 60 + 120)).contains(LabBench.seconds(bench.clock)))
    }

    @Test func `a sandbox that another worker has started meanwhile is looked for until a slow lab would list it`()
        async throws
    {
        let clock = ManualClock()
        let bench = try bench(clock: clock) { line, number in
            switch line {
            case "GET /blueprints/Web":
                // So long does the blueprint take that the job may have gone on elsewhere.
                clock.leap(by: 60)
                return nil
            case "GET /sandboxes": return number < 4 ? .empty : .list("s1", .ready, name: "Web \(Self.tag)")
            default: return nil
            }
        }
        let result = try await run(bench)
        #expect(result.outputVariables["SandboxId"] == "s1")
        #expect(bench.lab.count(Self.startLine) == 0)
    }

    @Test func `looks for another worker's sandbox add up over the lives of workers that die soon`() async throws {
        let (clock, journal) = (ManualClock(), InMemoryJobJournal([.record()]))
        let isStarted = Locked(false)
        let kept = Locked<[Int]>([])
        let bench = try bench(exists: isStarted, clock: clock) { line, _ in
            switch line {
            case "GET /blueprints/Web": clock.leap(by: 60)
            case Self.startLine: isStarted.withLock { $0 = true }
            case "GET /sandboxes" where !isStarted.withLock { $0 }:
                guard let data = await journal.unfinished().first?.checkpoint else { break }
                let checkpoint = try JSONDecoder.compact.decode(StartSandbox.Checkpoint.self, from: data)
                kept.withLock { $0.append(checkpoint.looks?.count ?? 0) }
            default: break
            }
            return nil
        }
        _ = try await run(bench, journal: journal)
        // The last is the one after the note.
        #expect(kept.withLock { $0 } == [1, 2, 3, 0])

        var checkpoint = StartSandbox.Checkpoint()
        var looks = LookupAttempts()
        for _ in 1..<LookupAttempts.enoughForOthers { looks.add(at: clock.now) }
        checkpoint.looks = looks
        let (count, begin) = (bench.lab.count("GET /sandboxes"), clock.now)
        isStarted.withLock { $0 = false }
        _ = try await run(bench, checkpoint: checkpoint)
        #expect(bench.lab.count(Self.startLine) == 2)
        #expect(clock.now.timeIntervalSince(begin) < 80)
        #expect(bench.lab.count("GET /sandboxes") - count <= 4)
    }

    @Test func `the estimate counts for a sandbox that another worker has started, too`() async throws {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = "s1"
        let bench = try bench { line, _ in
            switch line {
            case "GET /blueprints/Web": .json(#"{"id": "b1", "name": "Web", "estimated_setup_duration": "PT40M"}"#)
            case "GET /sandboxes": .list("s1", .setup)
            case "GET /sandboxes/s1": .sandbox("s1", .setup)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) {
            try await run(bench, ["DurationInMinutes": "6000"], checkpoint: checkpoint)
        }
        #expect(failure.message.hasPrefix("The sandbox was not ready within 80 minutes"))
    }

    @Test func `progress follows the stages and never falls`() async throws {
        let stages = [
            "None", "Preparation", "Provisioning", "Connectivity", "Provisioning", "", "Configuration", "None", "Ended",
        ]
        let look = Locked(0)
        let bench = try bench { line, _ in
            switch line {
            case "GET /sandboxes/s1":
                .json(
                    #"{"id": "s1", "name": "n", "state": "Setup", "setup_stage": "\#(stages[look.withLock { $0 }])"}"#
                )
            case "GET /sandboxes": .list("s1", .setup)
            default: nil
            }
        }
        let job = JobInfo(id: "1", actionExecutionID: "run-1", claimedAt: bench.clock.now)
        let notes = NotedProgress()
        let checkpoint = Locked(StartSandbox.Checkpoint())
        checkpoint.withLock { $0.sandboxID = "s1" }
        // Each look is another job of the action, as where jobs wait in the queue.
        for place in stages.indices {
            look.withLock { $0 = place }
            let ledger = JobLedger(
                job,
                checkpoint: nil,
                shows: RequeueSchedule(count: 1, last: .distantPast),
                .init(
                    journal: RetryingJournal(notes, clock: bench.clock, logger: .silent),
                    waitsInQueue: true,
                    showing: .init(interval: .zero, budget: RequeueBudget()),
                    clock: bench.clock
                )
            )
            let context = JobContext<StartSandbox.Checkpoint>(
                job: job,
                checkpoint: checkpoint.withLock { $0 },
                artifacts: JobArtifacts(store: InMemoryArtifactStore()),
                clock: bench.clock,
                log: JobLog(.silent, externalExecutionName: nil),
                ledger: ledger
            )
            let handler = StartSandbox(lab: bench.access)
            try await bench.running {
                // It says where it is, and is run anew once that is to be shown.
                for _ in 1...2 {
                    let configuration = try StartSandbox.Configuration(ActionProperties(Self.properties))
                    _ = try await handler.run(configuration, after: nil, context: context)
                    #expect(ledger.takesTurn())
                }
            }
            if let saved = ledger.checkpoint {
                let decoded = try JSONDecoder.compact.decode(StartSandbox.Checkpoint.self, from: saved)
                checkpoint.withLock { $0 = decoded }
            }
        }
        let shown = await notes.percents
        #expect(shown == shown.sorted() && Set(shown) == [10, 30, 50, 70, 90])
    }

    @Test(arguments: [SandboxState.ended, .teardown])
    func `a sandbox that somebody has ended is neither kept nor ended again`(state: SandboxState) async throws {
        let bench = try bench { line, _ in
            switch line {
            case "GET /sandboxes": .list("s1", state)
            case "GET /sandboxes/s1": .sandbox("s1", state)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, ["OnSetupFailure": "Keep"]) }
        #expect(failure.message.contains("somebody ended it"))
        #expect(!failure.message.contains("is kept"))
        #expect(bench.lab.count("POST /sandboxes/s1/stop") == 0)
    }

    @Test func `reads of the lab are waited out, too, and told`() async throws {
        let clock = ManualClock()
        let (book, notes) = (LogBook(), NotedProgress())
        let bench = try bench(clock: clock) { line, _ in
            guard line == "GET /sandboxes/s1/components", LabBench.seconds(clock) < 1_500 else { return nil }
            throw HTTPClientError(.connectionLost, "reset by peer", mayHaveBeenProcessed: true)
        }
        let result = try await run(bench, journal: notes, logger: book.logger)
        #expect(result.externalExecutionID == "s1")
        #expect(bench.lab.count("POST /sandboxes/s1/stop") == 0)
        let lines = book.lines(from: .notice).map(\.message)
        #expect(lines.first == "Asking the lab fails")
        #expect(lines.last == "Asking the lab recovered")
        #expect(lines.count(where: { $0 == "Asking the lab still fails" }) == 2)
        let summaries = await notes.summaries
        #expect(
            summaries.contains { $0.hasPrefix("Setting up; waiting for the lab: ") && $0.contains("reset by peer") }
        )
        #expect(summaries.last == "Setting up")
    }

    @Test(arguments: ["End", "Keep"], ["GET /sandboxes/s1/components", "PutObject"])
    func `whatever goes wrong after the start, the sandbox is ended or kept as wanted`(
        policy: String,
        trouble: String
    ) async throws {
        let bench = try bench { line, _ in
            line == trouble ? .error(403, "You are not allowed to view this entity") : nil
        }
        let store = InMemoryArtifactStore()
        if trouble == "PutObject" { await store.fail(with: [AWSError(.accessDenied, "no")]) }
        let failure = try await #require(throws: JobFailure.self) {
            try await run(bench, ["OnSetupFailure": policy], store: store)
        }
        #expect(failure.type == .permissionError)
        #expect(failure.externalExecutionID == "s1")
        #expect(failure.message.contains(policy == "End" ? "is being ended" : "is kept"))
        #expect(bench.lab.count("POST /sandboxes/s1/stop") == (policy == "End" ? 1 : 0))
    }

    @Test(arguments: [0, 1])
    func `a full disk is waited for, and no start is made before it is noted`(notes: Int) async throws {
        let disk = FullJournal(room: notes, refusals: 3)
        let bench = try bench { line, _ in
            if line == Self.startLine { #expect(await disk.saved > 0) }
            return nil
        }
        #expect(try await run(bench, journal: disk).externalExecutionID == "s1")
        #expect(bench.lab.count(Self.startLine) == 1)
        #expect(await disk.refusals == 0)
    }

    @Test func `an abandoned start ends its sandbox, also one whose id it never got to know`() async throws {
        let tag = SandboxTag(actionExecutionID: "run-1")
        for checkpoint in [StartSandbox.Checkpoint(sandboxID: "s1"), .init(isStartUncertain: true)] {
            let bench = try LabBench { line, _ in
                switch line {
                case "GET /sandboxes": .empty
                case Self.historyLine: .list("s1", .setup, name: tag.name(for: "Lab"))
                case "POST /sandboxes/s1/stop": .success
                default: .unknownEntity
                }
            }
            try await bench.abandon(StartSandbox(lab: bench.access), checkpoint)
            #expect(bench.lab.count("POST /sandboxes/s1/stop") == 1, "\(bench.lab.lines)")
        }
    }

    @Test func `a refused login is waited out for the action's own time`() async throws {
        let bench = try bench()
        let refused = SandboxAPIError(.authentication, "Login failed", operation: "login", httpStatus: 401)
        let waiter = Waiter(clock: bench.clock, logger: .silent, limit: .seconds(1_800))
        for (error, seconds) in [
            (refused, 1_800.0), (SandboxAPIError(.server, "oops", operation: "sandbox", isTransient: true), 300),
        ] {
            let begin = LabBench.seconds(bench.clock)
            await #expect(throws: JobFailure.self) {
                try await bench.clock.running {
                    try await bench.access.read("It", waiter) { _ -> Int in throw error }
                }
            }
            let lasted = LabBench.seconds(bench.clock) - begin
            #expect((seconds...seconds + 20).contains(lasted))
        }
    }

    @Test func `an abandoned start that has begun nothing ends nothing`() async throws {
        let bench = try LabBench { _, _ in .empty }
        try await bench.abandon(StartSandbox(lab: bench.access), nil)
        try await bench.abandon(StartSandbox(lab: bench.access), .init())
        #expect(bench.lab.lines == [])
    }

    @Test func `a failure that is reported by another worker keeps its type`() async throws {
        let bench = try bench()
        let checkpoint = StartSandbox.Checkpoint(
            sandboxID: "s1",
            failure: "You are not allowed to.",
            failureType: "PermissionError"
        )
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, checkpoint: checkpoint) }
        #expect(failure.type == .permissionError)
        #expect(failure.message.hasPrefix("You are not allowed to."))
    }

    @Test func `a sandbox that neither the list nor its id shows for a while is waited for`() async throws {
        let bench = try bench { line, number in
            switch line {
            case "GET /sandboxes": number < 3 ? .empty : nil
            case "GET /sandboxes/s1": number < 3 ? .unknownEntity : nil
            default: nil
            }
        }
        #expect(try await run(bench).externalExecutionID == "s1")
    }
}

/// A journal on a disk that is full after some checkpoints, until it has refused a few.
private actor FullJournal: JobJournal {
    struct DiskFull: Error, CustomStringConvertible { let description = "disk full" }

    nonisolated let isDurable = true
    private(set) var saved = 0
    private(set) var refusals: Int
    private let room: Int

    init(room: Int, refusals: Int) {
        self.room = room
        self.refusals = refusals
    }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) throws {
        if saved >= room, refusals > 0 {
            refusals -= 1
            throw DiskFull()
        }
        saved += 1
    }

    func claim(_ records: [JobRecord]) {}
    func noteAcknowledged(_ jobID: String) {}
    func saveOutcome(_ outcome: JobOutcome, of jobID: String) {}
    func forget(_ jobID: String) {}
    func unfinished() -> [JobRecord] { [] }
}

/// A journal that keeps the progress that is noted.
private actor NotedProgress: JobJournal {
    nonisolated let isDurable = true
    private(set) var summaries: [String] = []
    private(set) var percents: [Int] = []

    func note(_ progress: JobProgress, of jobID: String) {
        summaries.append(progress.summary)
        if let percent = progress.percentComplete { percents.append(percent) }
    }
    func saveCheckpoint(_ checkpoint: Data, of jobID: String) {}
    func claim(_ records: [JobRecord]) {}
    func noteAcknowledged(_ jobID: String) {}
    func saveOutcome(_ outcome: JobOutcome, of jobID: String) {}
    func forget(_ jobID: String) {}
    func unfinished() -> [JobRecord] { [] }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }

    fileprivate var failure: (any Error)? { if case .failure(let error) = self { error } else { nil } }
}
