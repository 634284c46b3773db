// The same HTTP service with a worker: Embedded PORT

import AWSLite
import Foundation
import HTTPTransport
import Logging
import QualiCore
import Routes
import SandboxAPI
import ServiceLifecycle
import WorkerStatus

let logger = Logger(label: "service")
let settings = ProcessInfo.processInfo.environment
let service = makeService(port: CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080, logger: logger)

let aws = try AWSEnvironment(settings)
var configuration = QualiWorker.Configuration(
    lab: .init(
        url: settings["CLOUDSHELL_URL"] ?? "",
        username: settings["CLOUDSHELL_USER"] ?? "",
        password: Secret(settings["CLOUDSHELL_PASSWORD"] ?? ""),
        domain: settings["CLOUDSHELL_DOMAIN"] ?? "Global"
    ),
    codePipeline: try aws.configuration(of: .codePipeline),
    s3: try aws.configuration(of: .s3)
)
// So that as many jobs run as the machine is up to.
configuration.jobs.maxJobs = 120
configuration.jobs.pollInterval = .milliseconds(200)
configuration.statusInterval = .milliseconds(500)

let metrics = MetricsRegistry()
let monitor = WorkerMonitor(metrics: metrics)
let worker = try QualiWorker(
    configuration,
    labHTTPClient: try CurlHTTPClient(),
    journal: try SQLiteJobJournal(folder: settings["QUALI_STATE_DIR"] ?? "state"),
    monitor: monitor,
    logger: logger
)
let status = try StatusServer(
    address: StatusAddress(port: 0),
    monitor: monitor,
    metrics: metrics,
    facts: StatusFacts(region: aws.region ?? "", lab: .init(address: configuration.lab.url)),
    logger: logger
)
// Stopped in reverse: the worker first, while the other two answer still.
try await ServiceGroup(
    services: [Told("http", service), Told("status", status), Told("worker", worker)],
    gracefulShutdownSignals: [.sigterm],
    logger: logger
).run()
