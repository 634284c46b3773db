import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import LocalCloud
import QualiTesting
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// The stand-ins without sockets, and a worker at them, in a time that goes on only while nobody has anything to do.
struct StillSite: Sendable {
    let cloud: LocalCloud
    let clock: ManualClock
    /// The version of the actions that the worker serves.
    private let version: String
    private let pollInterval: Duration
    private let wire: Wire

    /// `labTime` is how long the lab takes for each call.
    ///
    /// `pollInterval` is how far the time moves on at most while nobody seems to have anything to do: a step may run
    /// elsewhere, unseen. Fewer looks make a table of long waits short.
    init(
        _ options: (LocalClock) -> LocalCloud.Options,
        version: String = "1",
        pollInterval: Duration = .seconds(60),
        labTime: Duration = .zero,
        fault: MovingCase.Fault? = nil
    ) {
        self.version = version
        self.pollInterval = pollInterval
        clock = ManualClock(tick: 1e-6)
        cloud = LocalCloud.withoutSockets(options(LocalClock(frozenAt: clock.now)))
        wire = Wire(cloud: cloud, clock: clock, labTime: labTime, fault: fault)
    }

    /// A request that the worker has made.
    struct Call: Sendable, Hashable {
        let service: String
        let operation: String
    }

    /// What the worker has asked for so far.
    var calls: [Call] { wire.calls.withLock { $0 } }

    /// Refuses an operation of CodePipeline for want of a right.
    ///
    /// `pipeline` is the pipeline that the policy leaves out; `nil` for all.
    func deny(_ operation: String, of pipeline: String? = nil) {
        let about = pipeline.map { "\"\($0)\"" }
        wire.refusals.withLock {
            $0.append(.init(operation: operation, about: about, code: "AccessDeniedException", message: "no"))
        }
    }

    /// Refuses an operation with a message, or takes it again.
    ///
    /// `sandboxID` is the sandbox that it is about; `nil` for all.
    func refuse(_ operation: String, of sandboxID: String? = nil, _ message: String?) {
        wire.refusals.withLock { refusals in
            refusals.removeAll { $0.operation == operation && $0.about == sandboxID }
            guard let message else { return }
            refusals.append(
                .init(operation: operation, about: sandboxID, code: "ValidationException", message: message)
            )
        }
    }

    /// A client of the lab, for a person who works beside the worker.
    func labClient() throws -> SandboxClient {
        let account = cloud.options.labAccount
        return try SandboxClient(
            .init(url: cloud.labURL, username: account.username, password: Secret(account.password)),
            httpClient: wire
        )
    }

    /// Moves the time of all on.
    func moveOn(_ duration: Duration) {
        clock.leap(by: duration / .seconds(1))
        wire.catchUp()
    }

    /// Lets a worker work until a condition holds.
    ///
    /// It works for `limit` at most. `log` is where the worker's log goes, `monitor` is what watches it, and
    /// `configure` changes its configuration.
    func work(
        _ settings: [String: String] = [:],
        for limit: Duration = .seconds(5_400),
        journal: any JobJournal = InMemoryJobJournal(),
        log: LogBook = LogBook(),
        monitor: WorkerMonitor = WorkerMonitor(),
        configure: (inout QualiWorker.Configuration) -> Void = { _ in },
        until isEnough: @Sendable () throws -> Bool
    ) async throws {
        let worker = try worker(settings, journal, log, monitor, configure)
        let executor = clock.executor
        let deadline = clock.now.addingTimeInterval(limit / .seconds(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) { try await worker.run() }
            defer { group.cancelAll() }
            while clock.now < deadline {
                // Who was woken comes to its next sleep before the time goes on; some steps run elsewhere, each to be ended
                // here, however slow the machine is.
                for _ in 1...8 {
                    await executor.settled()
                    await Task.detached {}.value
                    try await HeavyWork.ofJobs.run { _ in }
                }
                await executor.settled()
                if try isEnough() { return }
                await clock.wakeNext()
            }
        }
    }

    private func worker(
        _ settings: [String: String],
        _ journal: any JobJournal,
        _ log: LogBook,
        _ monitor: WorkerMonitor,
        _ configure: (inout QualiWorker.Configuration) -> Void
    ) throws -> QualiWorker {
        let environment = try AWSEnvironment(cloud.environment)
        let clock = clock
        func aws(_ service: AWSService) throws -> AWSClientConfiguration {
            var aws = AWSClientConfiguration(
                region: cloud.options.region,
                credentials: environment.credentials,
                httpClient: wire,
                endpoint: try environment.endpoint(of: service)
            )
            aws.retry.sleep = { try await clock.sleep(for: $0) }
            return aws
        }
        var lab = SandboxClient.Configuration(
            url: cloud.labURL,
            username: cloud.options.labAccount.username,
            password: Secret(cloud.options.labAccount.password)
        )
        lab.retry.sleep = { try await clock.sleep(for: $0) }
        var configuration = QualiWorker.Configuration(lab: lab, codePipeline: try aws(.codePipeline), s3: try aws(.s3))
        configuration.actions.version = version
        configuration.statusInterval = .seconds(15)
        configuration.jobs.pollInterval = pollInterval
        configuration.jobs.longestPollInterval = pollInterval
        configuration.jobs.progressInterval = nil
        configuration.jobs.redispatchInterval = .seconds(3_600)
        for (name, value) in settings {
            let apply = try #require(MovingSettings.known[name])
            try apply(value, &configuration)
        }
        configure(&configuration)
        return try QualiWorker(
            configuration,
            labHTTPClient: wire,
            journal: journal,
            monitor: monitor,
            clock: clock,
            logger: log.logger
        )
    }
}

/// Brings requests to the stand-ins, whose time is that of a worker's clock.
private struct Wire: HTTPClient {
    let cloud: LocalCloud
    let clock: ManualClock
    let labTime: Duration
    let fault: MovingCase.Fault?
    private let hits = Locked(0)
    let calls = Locked<[StillSite.Call]>([])
    let refusals = Locked<[Refusal]>([])

    struct Refusal: Sendable {
        let operation: String
        /// What its path or its body has in it.
        let about: String?
        let code: String
        let message: String
    }

    init(cloud: LocalCloud, clock: ManualClock, labTime: Duration, fault: MovingCase.Fault?) {
        (self.cloud, self.clock, self.labTime, self.fault) = (cloud, clock, labTime, fault)
    }

    func catchUp() {
        let behind = clock.now.timeIntervalSince(cloud.options.clock.now)
        if behind > 0 { cloud.advance(by: .seconds(behind)) }
    }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        catchUp()
        let authority = call.request.authority ?? ""
        let service: any LocalService =
            switch "http://" + authority {
            case cloud.codePipelineURL: cloud.codePipeline
            case cloud.s3URL: cloud.s3
            default: cloud.lab
            }
        if service.name == "lab", labTime > .zero {
            try await clock.sleep(for: labTime)
            catchUp()
        }
        let target = (call.request.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = call.request.headerFields.map { (name: $0.name.rawName, value: $0.value) }
        let request = LocalRequest(
            method: call.request.method.rawValue,
            path: String(target[0]),
            query: target.count > 1 ? String(target[1]) : "",
            headers: [(name: "Host", value: authority)] + fields,
            body: call.body?.data ?? Data()
        )
        let operation = service.operation(of: request)
        calls.withLock { $0.append(.init(service: service.name, operation: operation)) }
        let reply =
            if let refusal = refusal(operation, request, service) { refusal } else {
                await cloud.answer(request, at: service)
            }
        var response = HTTPResponse(status: .init(code: reply.status))
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { response.headerFields.append(.init(name: name, value: value)) }
        }
        return HTTPReply(response, body: reply.body)
    }

    private func refusal(
        _ operation: String,
        _ request: LocalRequest,
        _ service: any LocalService
    ) -> LocalReply? {
        let text = request.path + String(decoding: request.body, as: UTF8.self)
        let refusal = refusals.withLock { refusals in
            refusals.first { $0.operation == operation && ($0.about.map(text.contains) ?? true) }
        }
        if let refusal { return service.errorReply(status: 400, code: refusal.code, message: refusal.message) }
        guard let fault, fault.on == operation else { return nil }
        let number = hits.withLock { hits in
            hits += 1
            return hits
        }
        guard number <= fault.times ?? .max else { return nil }
        return service.errorReply(status: fault.status, code: "InternalError", message: fault.message ?? "It is broken")
    }
}
