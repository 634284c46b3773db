import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Logging
import QualiCore
import SandboxAPI
import ServiceLifecycle
import TestSupport

/// A whole site on loopback: the stand-ins of AWS and of a lab, with the real worker between them.
struct Site: Sendable {
    static let start = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1")
    static let run = VirtualPipeline.ActionType(category: "Test", provider: "Quali-Run-Command", version: "1")
    static let end = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-End-Sandbox", version: "1")

    let cloud: LocalCloud
    /// What the worker logs.
    var log = Watched<[String]>([])

    var lab: LocalLab { cloud.lab }

    /// The lab of most tests: quick, with a component of each kind.
    static func blueprint(_ name: String = "Web lab") -> LabBlueprint {
        LabBlueprint(
            name: name,
            inputs: [LabInput("Release", default: "latest")],
            components: [
                LabComponent(
                    name: "web-server",
                    kind: .application,
                    model: "Generic App Model",
                    attributes: [.init("Password", value: "s3cret-of-the-web", type: "password")],
                    commands: [
                        LabCommand(name: "install", params: [.init("Package", isMandatory: true)], duration: .zero),
                        LabCommand(name: "fail", duration: .zero, outcome: .failed("disk full\r\n")),
                        LabCommand(name: "hang", outcome: .never),
                    ]
                ),
                LabComponent(name: "core-switch", kind: .resource, model: "Switch", address: "10.0.0.2"),
                LabComponent(name: "core-router", kind: .resource, model: "Router", address: "10.0.0.3"),
            ],
            commands: [LabCommand(name: "health-check", duration: .zero), LabCommand(name: "soak", outcome: .never)],
            setup: .succeeds(after: .milliseconds(20)),
            teardown: .succeeds(after: .milliseconds(20))
        )
    }

    /// `prepare` makes what is so before the worker starts, such as the faults that its first calls are to meet.
    static func withRunning<Value: Sendable>(
        _ options: LocalCloud.Options = .init(),
        blueprints: [LabBlueprint] = [blueprint()],
        password: LabPassword? = nil,
        preparing prepare: (LocalCloud) -> Void = { _ in },
        _ body: (Site) async throws -> Value
    ) async throws -> Value {
        try await LocalCloud.withRunning(options) { cloud in
            for blueprint in blueprints { cloud.lab.add(blueprint) }
            prepare(cloud)
            return try await serve(cloud, password: password, body)
        }
    }

    /// Runs a worker at stand-ins for the length of a closure, and stops it gracefully.
    static func serve<Value: Sendable>(
        _ cloud: LocalCloud,
        password: LabPassword? = nil,
        labCalls: Int? = nil,
        actions: QualiActions = QualiActions(),
        defaults: PropertyDefaults = PropertyDefaults(),
        configure: (inout JobWorker.Configuration) -> Void = { _ in },
        _ body: (Site) async throws -> Value
    ) async throws -> Value {
        let (worker, log) = try await makeWorker(
            cloud,
            password: password,
            labCalls: labCalls,
            actions: actions,
            defaults: defaults,
            configure: configure
        )
        let group = ServiceGroup(services: [worker], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let value = try await body(Site(cloud: cloud, log: log))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
    }

    /// A worker at the stand-ins, its action types registered; also what it will log.
    ///
    /// `password` is the lab's, where it isn't the right one, or may change. `labCalls` is how many calls there are to
    /// the lab at once at most, where that isn't the usual number. Those of `actions` that are registered otherwise
    /// stay as they are. `defaults` is what properties say where jobs don't, `life` is what the worker's requests and
    /// notes depend on, and `configure` changes how jobs are handled.
    static func makeWorker(
        _ cloud: LocalCloud,
        password: LabPassword? = nil,
        labCalls: Int? = nil,
        actions: QualiActions = QualiActions(),
        defaults: PropertyDefaults = PropertyDefaults(),
        life: Life? = nil,
        journal: any JobJournal = InMemoryJobJournal(),
        configure: (inout JobWorker.Configuration) -> Void = { _ in }
    ) async throws -> (QualiWorker, Watched<[String]>) {
        let settings = cloud.environment
        let environment = try AWSEnvironment(settings)
        var transport = CurlHTTPClient.Configuration()
        transport.proxy = .none
        let curl = try CurlHTTPClient(transport)
        let clock = HurriedClock()
        let unhurried = UnhurriedHTTPClient(base: curl, clock: clock)
        let http: any HTTPClient = life.map { MortalHTTPClient(base: unhurried, life: $0) } ?? unhurried
        func aws(_ service: AWSService) throws -> AWSClientConfiguration {
            var aws = AWSClientConfiguration(
                region: environment.region ?? "",
                credentials: environment.credentials,
                httpClient: http,
                endpoint: try environment.endpoint(of: service)
            )
            aws.retry.sleep = { try await clock.sleep(for: $0) }
            return aws
        }
        var lab = SandboxClient.Configuration(
            url: settings["CLOUDSHELL_URL"] ?? "",
            username: settings["CLOUDSHELL_USER"] ?? "",
            password: Secret(settings["CLOUDSHELL_PASSWORD"] ?? ""),
            domain: settings["CLOUDSHELL_DOMAIN"] ?? ""
        )
        if let password {
            let user = lab.username
            lab.currentCredentials = { .init(username: user, password: Secret(password.look())) }
        }
        if let labCalls { lab.maxConcurrentCalls = labCalls }
        lab.retry.sleep = { try await clock.sleep(for: $0) }
        var configuration = QualiWorker.Configuration(lab: lab, codePipeline: try aws(.codePipeline), s3: try aws(.s3))
        // A slow machine mustn't look like a lab in lasting trouble.
        configuration.labPatience = .seconds(3_600)
        configuration.jobs.redispatchInterval = .seconds(3_600)
        configuration.jobs.reportTime = .seconds(3_600)
        configuration.jobs.progressInterval = nil
        // By that clock the grace would be over in a minute.
        configuration.endWithPipeline = .never
        configure(&configuration.jobs)
        let registrar = ActionRegistrar(CodePipeline(configuration.codePipeline))
        configuration.actions = actions
        configuration.propertyDefaults = defaults
        for definition in actions.definitions(portal: PortalLinks(url: "https://portal.example")) {
            _ = try await registrar.install(definition)
        }
        let log = Watched<[String]>([])
        let logger = Logger(label: "worker") { _ in LineCollector(lines: log) }
        let worker = try QualiWorker(
            configuration,
            labHTTPClient: http,
            journal: life.map { MortalJournal(base: journal, life: $0, clock: clock) } ?? journal,
            clock: clock,
            logger: logger
        )
        return (worker, log)
    }

    /// Runs a pipeline of one stage, its actions one after the other, to its end.
    func pipeline(_ actions: VirtualPipeline.Action...) async throws -> ExecutionReport {
        let execution = try begin(actions)
        return try await cloud.codePipeline.end(of: execution)
    }

    /// Begins a pipeline of one stage, its actions one after the other.
    func begin(_ actions: [VirtualPipeline.Action], variables: [String: String] = [:]) throws -> String {
        try cloud.begin(actions, variables: variables)
    }

    /// A start action with sensible properties, changed by `changes`; `nil` leaves one out.
    static func startAction(
        _ changes: [String: String?] = [:],
        outputs: [String] = ["Sandbox"]
    ) -> VirtualPipeline.Action {
        var properties: [String: String] = ["BlueprintName": "Web lab", "DurationInMinutes": "60"]
        for (name, value) in changes { properties[name] = value }
        return .init("Start", start, properties, outputs: outputs, namespace: "lab")
    }

    /// A run action that finds its sandbox by the artifact.
    static func runAction(
        _ component: String,
        _ command: String,
        _ more: [String: String] = [:],
        inputs: [String] = ["Sandbox"],
        outputs: [String] = []
    ) -> VirtualPipeline.Action {
        let properties = ["ComponentName": component, "CommandName": command].merging(more) { $1 }
        return .init("Run", run, properties, inputs: inputs, outputs: outputs, namespace: "run")
    }

    /// An end action that finds its sandbox by the artifact.
    static func endAction(_ properties: [String: String] = [:], inputs: [String] = ["Sandbox"])
        -> VirtualPipeline.Action
    {
        .init("End", end, properties, inputs: inputs)
    }
}

extension LocalCloud {
    /// Begins a pipeline of one stage, its actions one after the other.
    ///
    /// `crowd` are actions that run all at once, in a stage of their own.
    func begin(
        _ actions: [VirtualPipeline.Action],
        then crowd: [VirtualPipeline.Action] = [],
        variables: [String: String] = [:]
    ) throws -> String {
        let ordered = actions.enumerated().map { index, action in
            var action = action
            action.runOrder = index + 1
            return action
        }
        let stages = [VirtualPipeline.Stage("Lab", ordered)] + (crowd.isEmpty ? [] : [.init("Crowd", crowd)])
        let name = "P-\(UUID().uuidString)"
        try create(VirtualPipeline(name, stages: stages, variables: variables))
        return try codePipeline.start(name)
    }
}

/// Keeps every line with its metadata.
private struct LineCollector: LogHandler {
    let lines: Watched<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        lines.withLock { $0.append("\(event.level) \(event.message) \(all)") }
    }
}
