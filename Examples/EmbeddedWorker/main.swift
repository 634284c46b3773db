// Embeds the whole worker in a program, here beside stand-ins of AWS and of a lab, so that it runs anywhere.

import AWSLite
import HTTPTransport
import LocalCloud
import Logging
import QualiCore
import SandboxAPI
import ServiceLifecycle

/// The worker, from the settings of an environment.
func makeWorker(_ settings: [String: String], logger: Logger) throws -> QualiWorker {
    let environment = try AWSEnvironment(settings)
    let http = try CurlHTTPClient()
    func aws(_ service: AWSService) throws -> AWSClientConfiguration {
        AWSClientConfiguration(
            region: environment.region ?? "eu-west-1",
            credentials: environment.credentials,
            httpClient: http,
            endpoint: try environment.endpoint(of: service)
        )
    }
    let lab = SandboxClient.Configuration(
        url: settings["CLOUDSHELL_URL"] ?? "",
        username: settings["CLOUDSHELL_USER"] ?? "",
        password: Secret(settings["CLOUDSHELL_PASSWORD"] ?? ""),
        domain: settings["CLOUDSHELL_DOMAIN"] ?? "Global"
    )
    var configuration = QualiWorker.Configuration(lab: lab, codePipeline: try aws(.codePipeline), s3: try aws(.s3))
    configuration.statusInterval = .milliseconds(200)
    return try QualiWorker(configuration, labHTTPClient: http, logger: logger)
}

try await LocalCloud.withRunning { cloud in
    let logger = Logger(label: "example") { StreamLogHandler.standardError(label: $0) }
    let worker = try makeWorker(cloud.environment, logger: logger)
    let group = ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)

    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }

        // The pipeline whose jobs the worker does.
        for type in QualiActions().definitions() {
            try cloud.codePipeline.register(.init(type.category.rawValue, type.provider, type.version))
        }
        let end = try await cloud.run(lab: "Web lab")
        for action in end.actions { print("\(action.name): \(action.status), \(action.summary ?? "")") }
        precondition(end.status == "Succeeded")

        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
