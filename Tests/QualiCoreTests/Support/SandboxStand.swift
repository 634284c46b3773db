import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Logging
import SandboxAPI
import TestSupport

@testable import JobEngine
@testable import QualiCore

/// Pipelines with a start action and sandboxes that bear its tags, as if a worker had been there.
struct SandboxStand: Sendable {
    let cloud: LocalCloud
    let client: SandboxClient
    let inventory: SandboxInventory
    let codePipeline: CodePipeline

    /// Runs stand-ins whose lab tears down slowly.
    static func run(
        _ change: (inout LocalCloud.Options) -> Void = { _ in },
        _ body: (SandboxStand) async throws -> Void
    ) async throws {
        var options = LocalCloud.Options()
        var blueprint = Site.blueprint()
        blueprint.teardown = .succeeds(after: .seconds(3_600))
        options.blueprints = [blueprint]
        options.lab.staleReadsAfterStop = 0
        change(&options)
        try await LocalCloud.withRunning(options) { cloud in
            try cloud.codePipeline.register(Site.start, required: ["BlueprintName"])
            try await body(SandboxStand(cloud))
        }
    }

    private init(_ cloud: LocalCloud) throws {
        self.cloud = cloud
        let account = cloud.options.labAccount
        let http = try CurlHTTPClient()
        client = try SandboxClient(
            .init(url: cloud.labURL, username: account.username, password: Secret(account.password)),
            httpClient: http
        )
        var aws = AWSClientConfiguration(
            region: cloud.options.region,
            credentials: try AWSEnvironment(cloud.environment).credentials,
            httpClient: http,
            endpoint: cloud.codePipelineURL
        )
        aws.retry.sleep = { _ in }
        codePipeline = CodePipeline(aws)
        let interval = Duration.milliseconds(20)
        inventory = SandboxInventory(
            lab: LabAccess(
                client: client,
                watcher: SandboxWatcher(client: client, interval: interval, logger: .silent),
                executionWatcher: ExecutionWatcher(client: client, interval: interval, logger: .silent),
                portal: PortalLinks(url: "http://portal"),
                statusInterval: interval,
                patience: .seconds(60)
            ),
            codePipeline: codePipeline,
            clock: HurriedClock()
        )
    }

    /// A keeper that has just begun.
    ///
    /// `clock` is the time by AWS, `nil` for the right one.
    func keeper(_ rules: LifetimeRules, clock: ServiceClock? = nil, logger: Logger = .silent) -> SandboxKeeper {
        SandboxKeeper(
            lab: inventory.lab,
            codePipeline: codePipeline,
            rules: rules,
            interval: .seconds(60),
            journal: InMemoryJobJournal(),
            monitor: WorkerMonitor(),
            clock: clock ?? ServiceClock(inventory.clock) { 0 },
            terms: { StartSandbox.terms(of: $0) },
            logger: logger
        )
    }

    /// Makes a pipeline with a start action.
    ///
    /// `isFollowed` says whether another action follows, with which nobody begins.
    func create(_ pipeline: String, isFollowed: Bool = false) throws {
        let start = VirtualPipeline.Action("Start", Site.start, ["BlueprintName": "Web lab"])
        var next = start
        (next.name, next.runOrder) = ("Next", 2)
        try cloud.create(
            VirtualPipeline(
                pipeline,
                stages: [.init("Lab", isFollowed ? [start, next] : [start])],
                executionMode: "PARALLEL"
            )
        )
    }

    /// Starts an execution of a pipeline that is made first if it isn't there.
    func begin(_ pipeline: String) throws -> ExecutionReport {
        if cloud.codePipeline.executions(of: pipeline).isEmpty { try? create(pipeline) }
        let id = try cloud.codePipeline.start(pipeline)
        guard let report = cloud.codePipeline.execution(id) else { throw CancellationError() }
        return report
    }

    /// The tag of an execution's start action.
    func tag(_ execution: ExecutionReport) -> SandboxTag {
        SandboxTag(actionExecutionID: execution.action("Start")?.id ?? "")
    }

    /// Starts a sandbox.
    func start(_ name: String) async throws -> Sandbox {
        try await client.startSandbox(blueprint: "Web lab", .init(name: name, duration: .seconds(7_200)))
    }

    /// Starts the sandbox of an execution.
    func start(_ name: String = "Nightly", of execution: ExecutionReport) async throws -> Sandbox {
        try await start(tag(execution).name(for: name))
    }

    /// Ends an execution's start action, as a worker does.
    func succeed(_ execution: ExecutionReport, _ variables: [String: String] = [:]) throws {
        let id = try claim(execution)
        let values = JSON.strings(variables)
        try cloud.codePipeline.call("PutJobSuccessResult", ["jobId": .string(id), "outputVariables": values])
    }

    /// Has an execution's start action fail.
    func fail(_ execution: ExecutionReport) throws {
        let details: JSON = ["type": "JobFailed", "message": "broken"]
        let id = try claim(execution)
        try cloud.codePipeline.call("PutJobFailureResult", ["jobId": .string(id), "failureDetails": details])
    }

    /// Retries all actions of an execution's stage, which has failed by then.
    func retry(_ execution: ExecutionReport) throws {
        try cloud.codePipeline.call(
            "RetryStageExecution",
            [
                "pipelineName": .string(execution.pipeline), "stageName": "Lab",
                "pipelineExecutionId": .string(execution.id), "retryMode": "ALL_ACTIONS",
            ]
        )
    }

    private func claim(_ execution: ExecutionReport) throws -> String {
        let type: JSON = [
            "category": "Deploy", "owner": "Custom", "provider": .string(Site.start.provider), "version": "1",
        ]
        try cloud.codePipeline.call("PollForJobs", ["actionTypeId": type, "maxBatchSize": 100])
        let job = cloud.codePipeline.execution(execution.id)?.action("Start")?.jobs.last
        let id = job?.id ?? ""
        try cloud.codePipeline.call("AcknowledgeJob", ["jobId": .string(id), "nonce": .string(job?.nonce ?? "")])
        return id
    }

    /// Refuses an operation for want of a right.
    func deny(_ operation: String, where predicate: (@Sendable (LocalRequest) -> Bool)? = nil) {
        cloud.faults.inject(
            .status(400, code: "AccessDeniedException", message: "no"),
            on: operation,
            times: .max,
            where: predicate
        )
    }

    /// How many calls of CodePipeline came, by operation.
    var calls: [String: Int] {
        cloud.journal.entries { $0.service == "codepipeline" }.reduce(into: [:]) { $0[$1.operation, default: 0] += 1 }
    }

    /// The ids of the sandboxes that nobody has stopped.
    var unstopped: Set<String> { Set(cloud.lab.sandboxesNotStopped.map(\.id)) }
}
