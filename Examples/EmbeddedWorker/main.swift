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
    let lab = SandboxClient.Configuration(
        url: settings["CLOUDSHELL_URL"] ?? "",
        username: settings["CLOUDSHELL_USER"] ?? "",
        password: Secret(settings["CLOUDSHELL_PASSWORD"] ?? ""),
        domain: settings["CLOUDSHELL_DOMAIN"] ?? "Global"
    )
    var configuration = QualiWorker.Configuration(
        lab: lab,
        codePipeline: try environment.configuration(of: .codePipeline),
        s3: try environment.configuration(of: .s3)
    )
    configuration.statusInterval = .milliseconds(500)
    return try QualiWorker(configuration, labHTTPClient: try CurlHTTPClient(), logger: logger)
}

/// A pipeline that starts a sandbox, installs a package on its web server, and ends it.
func makePipeline(_ actions: QualiActions) -> VirtualPipeline {
    func type(_ index: Int) -> VirtualPipeline.ActionType {
        let id = actions.typeIDs[index]
        return .init(category: id.category.rawValue, provider: id.provider, version: id.version)
    }
    return VirtualPipeline(
        "Example",
        stages: [
            .init(
                "Lab",
                [
                    .init(
                        "Start",
                        type(0),
                        ["BlueprintName": "Web lab", "DurationInMinutes": "30"],
                        outputs: ["Sandbox"]
                    ),
                    .init(
                        "Install",
                        type(1),
                        [
                            "ComponentName": "web-.*", "CommandName": "install",
                            "ArgumentsJSON": #"{"Package": "nginx"}"#,
                        ],
                        inputs: ["Sandbox"],
                        runOrder: 2
                    ),
                    .init("End", type(2), inputs: ["Sandbox"], runOrder: 3),
                ]
            )
        ]
    )
}

try await LocalCloud.withRunning { cloud in
    // For real, this is ProcessInfo.processInfo.environment.
    let settings = cloud.environment
    let logger = Logger(label: "example") { _ in SwiftLogNoOpLogHandler() }
    let worker = try makeWorker(settings, logger: logger)
    let group = ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)

    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }

        // From here on it is the pipeline's side, which for real is in AWS.
        let actions = QualiActions()
        for definition in actions.definitions() {
            try cloud.codePipeline.register(
                .init(
                    category: definition.category.rawValue,
                    provider: definition.provider,
                    version: definition.version
                ),
                optional: definition.configurationProperties.map(\.name)
            )
        }
        try cloud.create(makePipeline(actions))
        let end = try await cloud.codePipeline.end(of: try cloud.codePipeline.start("Example"))
        for action in end.actions.dropFirst() {
            print("\(action.name): \(action.status), \(action.summary ?? action.errorMessage ?? "")")
        }
        guard end.status == "Succeeded" else { throw Failure(status: end.status) }

        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

struct Failure: Error { let status: String }
