import Foundation
import LocalCloud
import QualiTesting
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// A site whose pipelines take hours, in no time.
struct LifetimeSite: Sendable {
    let still: StillSite
    let log = LogBook()
    /// What the worker keeps from one run to the next.
    let journal = InMemoryJobJournal(isDurable: true)

    var cloud: LocalCloud { still.cloud }
    var lab: LocalLab { still.cloud.lab }
    var pipelines: LocalCodePipeline { still.cloud.codePipeline }

    init(_ blueprint: LabBlueprint = Site.blueprint(), _ change: (inout LocalCloud.Options) -> Void = { _ in }) throws {
        var options = LocalCloud.Options()
        options.blueprints = [blueprint]
        options.lab.staleReadsAfterStop = 0
        change(&options)
        still = StillSite { [options] clock in
            var options = options
            options.clock = clock
            return options
        }
        try still.cloud.codePipeline.register(
            Site.start,
            required: ["BlueprintName", "DurationInMinutes"],
            optional: ["SandboxName", "SetupTimeoutInMinutes", "OnSetupFailure", "OptionsJSON"]
        )
        try still.cloud.codePipeline.register(
            Site.run,
            required: ["ComponentName", "CommandName"],
            optional: ["TimeoutInMinutes", "OnCommandFailure"]
        )
        try still.cloud.codePipeline.register(Site.end, optional: ["WaitForTeardown"])
        try still.cloud.codePipeline.register(Self.gate)
    }

    /// An action that no worker takes, so that its pipeline waits.
    static let gate = VirtualPipeline.ActionType(category: "Test", provider: "Gate", version: "1")
    static let waiting = VirtualPipeline.Action("Wait", gate)

    /// A start whose sandbox is reserved for four hours.
    static func start(_ options: String? = nil, minutes: Int = 240) -> VirtualPipeline.Action {
        Site.startAction(["DurationInMinutes": "\(minutes)", "OptionsJSON": options])
    }

    static let failing = Site.runAction("web-server", "fail")

    /// Lets a worker work; its journal is the site's, unless it has lost that.
    func work(
        for limit: Duration = .seconds(6 * 3_600),
        losingJournal isLost: Bool = false,
        monitor: WorkerMonitor = WorkerMonitor(),
        _ configure: (inout QualiWorker.Configuration) -> Void = { _ in },
        until isEnough: @Sendable () throws -> Bool
    ) async throws {
        try await still.work(
            for: limit,
            journal: isLost ? InMemoryJobJournal(isDurable: true) : journal,
            log: log,
            monitor: monitor,
            configure: configure,
            until: isEnough
        )
    }

    /// Lets a worker work for a while.
    func work(
        during time: Duration,
        losingJournal isLost: Bool = false,
        monitor: WorkerMonitor = WorkerMonitor(),
        _ configure: (inout QualiWorker.Configuration) -> Void = { _ in }
    ) async throws {
        let end = still.clock.now + time / .seconds(1)
        try await work(for: time + .seconds(3_600), losingJournal: isLost, monitor: monitor, configure) {
            [clock = still.clock] in
            clock.now >= end
        }
    }

    /// Retries the failed actions of an execution's stage.
    func retry(_ execution: String, _ mode: String = "FAILED_ACTIONS", stage: String = "Lab") throws {
        let pipeline = try #require(pipelines.execution(execution)?.pipeline)
        try pipelines.call(
            "RetryStageExecution",
            [
                "pipelineName": .string(pipeline), "stageName": .string(stage),
                "pipelineExecutionId": .string(execution), "retryMode": .string(mode),
            ]
        )
    }

    /// Makes a pipeline, and starts it.
    ///
    /// The actions of `stages` run one after the other.
    func begin(_ stages: [VirtualPipeline.Stage], mode: String = "SUPERSEDED") throws -> String {
        let ordered = stages.map { stage in
            var stage = stage
            for index in stage.actions.indices { stage.actions[index].runOrder = index + 1 }
            return stage
        }
        try cloud.create(VirtualPipeline("P", stages: ordered, executionMode: mode))
        return try pipelines.start("P")
    }

    /// Ends the actions at which pipelines wait, as somebody else's worker does.
    func pass(failing isFailing: Bool = false) throws {
        let type: JSON = [
            "category": .string(Self.gate.category), "owner": "Custom", "provider": .string(Self.gate.provider),
            "version": .string(Self.gate.version),
        ]
        let jobs = try pipelines.call("PollForJobs", ["actionTypeId": type, "maxBatchSize": 10])?["jobs"]?.array ?? []
        try #require(!jobs.isEmpty)
        for job in jobs {
            let id = job["id"] ?? ""
            try pipelines.call("AcknowledgeJob", ["jobId": id, "nonce": job["nonce"] ?? ""])
            if isFailing {
                let failure: JSON = ["type": "JobFailed", "message": "no"]
                try pipelines.call("PutJobFailureResult", ["jobId": id, "failureDetails": failure])
            } else {
                try pipelines.call("PutJobSuccessResult", ["jobId": id])
            }
        }
    }

    /// Lets a worker work until an execution waits at an action that no worker takes.
    func workUntilWaiting(_ execution: String) async throws {
        try await work { isWaiting(execution) }
        try #require(isWaiting(execution))
    }

    private func isWaiting(_ execution: String) -> Bool {
        pipelines.execution(execution)?.action("Wait")?.status == "InProgress"
    }

    /// The sandbox that an execution's latest start has made.
    func sandbox(of execution: String) throws -> LabSandbox {
        let id = try #require(pipelines.execution(execution)?.action("Start")?.externalExecutionID)
        return try #require(lab.sandbox(id: id))
    }

    /// Whether the sandbox of an execution's latest start runs.
    func isRunning(_ execution: String) -> Bool { (try? sandbox(of: execution).isUnstopped) == true }

    /// How often an action of an execution was run.
    func runs(_ action: String, in execution: String) -> Int {
        pipelines.execution(execution)?.actions.count { $0.name == action } ?? 0
    }

    /// Lets a worker work until a condition holds.
    ///
    /// - Returns: How many minutes that took.
    func minutes(until isEnough: @Sendable () throws -> Bool) async throws -> Double {
        let before = still.clock.now
        try await work(until: isEnough)
        return still.clock.now.timeIntervalSince(before) / 60
    }

    /// Starts a sandbox as a person does.
    @discardableResult
    func startByHand(_ name: String) async throws -> String {
        try await still.labClient().startSandbox(
            blueprint: "Web lab",
            .init(name: name, duration: .seconds(12 * 3_600))
        ).id
    }

    /// Whether no sandbox runs.
    var isCleared: Bool { lab.sandboxesNotStopped.isEmpty }

    func status(_ execution: String) -> String? { pipelines.execution(execution)?.status }

    /// How many minutes the lab's sandboxes have run after an execution's last change.
    func minutes(after execution: String) throws -> Double {
        let report = try #require(pipelines.execution(execution))
        let over = try #require(report.actions.map(\.updated).max())
        return still.clock.now.timeIntervalSince(over) / 60
    }

    /// What the worker has asked CodePipeline for, but for jobs.
    func calls(_ operation: String) -> Int {
        still.calls.count { $0.operation == operation }
    }
}
