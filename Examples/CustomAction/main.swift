// Serves an action type of one's own, here from a stand-in of CodePipeline, so that it runs anywhere.

import AWSLite
import JobEngine
import LocalCloud
import Logging
import ServiceLifecycle
import WorkerStatus

let type = CodePipeline.CustomActionType(
    category: .invoke,
    provider: "Greet",
    version: "1",
    configurationProperties: [.init(name: "Name", required: true, key: true, secret: false)],
    inputArtifactDetails: .init(minimumCount: 0, maximumCount: 0),
    outputArtifactDetails: .init(minimumCount: 0, maximumCount: 0)
)

try await LocalCloud.withRunning { cloud in
    // For real, this is ProcessInfo.processInfo.environment.
    let environment = try AWSEnvironment(cloud.environment)
    let codePipeline = CodePipeline(try environment.configuration(of: .codePipeline))
    print("Registering Greet: \(try await ActionRegistrar(codePipeline).install(type))")

    let logger = Logger(label: "example") { _ in SwiftLogNoOpLogHandler() }
    let metrics = MetricsRegistry()
    let monitor = WorkerMonitor(metrics: metrics)
    let worker = JobWorker(
        queue: codePipeline,
        actions: [JobAction(.init(category: .invoke, provider: "Greet", version: "1"), handler: Greeting())],
        artifactStore: S3ArtifactStore(try environment.configuration(of: .s3)),
        monitor: monitor,
        logger: logger
    )
    // Its page, health checks and metrics, at any port that is free.
    let status = try StatusServer(
        address: StatusAddress(port: 0),
        monitor: monitor,
        metrics: metrics,
        facts: StatusFacts(region: cloud.options.region),
        logger: logger
    )
    print("What the worker does: http://\(status.address)/")
    let group = ServiceGroup(services: [status, worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)

    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try cloud.create(
            VirtualPipeline(
                "Example",
                stages: [
                    .init(
                        "One",
                        [.init("Greet", .init(category: "Invoke", provider: "Greet", version: "1"), ["Name": "world"])]
                    )
                ]
            )
        )
        let end = try await cloud.codePipeline.end(of: try cloud.codePipeline.start("Example"))
        print("\(end.status): \(end.action("Greet")?.summary ?? "no summary")")
        guard end.status == "Succeeded" else { throw Failure(status: end.status) }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

struct Failure: Error { let status: String }
