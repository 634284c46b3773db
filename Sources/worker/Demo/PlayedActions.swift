import AWSLite
import Foundation
import HTTPTransport
import JobEngine
import LocalCloud
import Logging
import WorkerSettings

/// A worker that stands in for all actions that aren't one of the three: each succeeds, and makes what it declares.
struct PlayedActions: Sendable {
    /// An action that is played.
    struct Action: Sendable {
        let type: VirtualPipeline.ActionType
        let stage: String
        let name: String
        /// The variables that others want of it.
        let variables: [String: String]
        let fails: Bool
    }

    private let actions: [Action]
    /// What the sources bring.
    private let source: Data

    /// Prepares a worker; `folder` is what sources bring, `nil` for next to nothing.
    ///
    /// - Throws: ``ProgramFailure`` where the folder can't be read.
    init(_ actions: [Action], folder: String?) async throws {
        self.actions = actions
        source = try await OwnThread.run { try Self.archive(of: folder) }
    }

    private static func archive(of folder: String?) throws -> Data {
        guard let folder else { return try ArtifactArchive.zip([.init(path: "source.txt", content: Data())]) }
        let root = URL(fileURLWithPath: folder, isDirectory: true)
        guard let files = try? FileManager.default.subpathsOfDirectory(atPath: root.path) else {
            throw ProgramFailure(.usage, "--source is '\(folder)', which can't be read. Wanted: a folder.")
        }
        var size = 0
        let entries = try files.filter { !$0.hasPrefix(".git/") }.compactMap { path -> ArtifactArchive.Entry? in
            let file = root.appendingPathComponent(path)
            guard let content = try? Data(contentsOf: file) else { return nil }
            size += content.count
            guard size <= 50_000_000 else {
                throw ProgramFailure(.usage, "--source is '\(folder)', which has more than 50 MB. Wanted: less.")
            }
            return .init(path: path, content: content)
        }
        return try ArtifactArchive.zip(entries)
    }

    /// The types that a cloud has to know.
    private var types: [VirtualPipeline.ActionType] {
        var seen: Set<String> = []
        return actions.map(\.type).filter { seen.insert("\($0.category) \($0.provider) \($0.version)").inserted }
    }

    /// Registers the types.
    ///
    /// - Throws: A `LocalServiceError` where CodePipeline would refuse one.
    func register(in cloud: LocalCloud) throws {
        for type in types { try cloud.codePipeline.register(type) }
    }

    /// Plays the actions until the task is cancelled.
    func run(_ settings: WorkerSettings, _ logger: Logger) async throws {
        guard !actions.isEmpty else { return }
        let client = try settings.aws.httpClient()
        let handler = Handler(actions: actions, source: source)
        var configuration = JobWorker.Configuration()
        configuration.pollInterval = settings.jobs.pollInterval
        let worker = JobWorker(
            queue: CodePipeline(settings.aws.client(client, endpoint: settings.aws.codePipelineEndpoint)),
            actions: types.map { type in
                let id = CodePipeline.ActionTypeID(
                    category: .init(rawValue: type.category),
                    provider: type.provider,
                    version: type.version
                )
                return JobAction(id, handler: handler)
            },
            artifactStore: S3ArtifactStore(settings.aws.client(client, endpoint: settings.aws.s3Endpoint)),
            configuration: configuration,
            logger: logger
        )
        try await worker.run()
    }

    private struct Handler: ActionHandler {
        struct Configuration: ActionConfiguration {
            init(_ properties: ActionProperties) {}
        }

        let actions: [Action]
        let source: Data

        func run(_ configuration: Configuration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
            let place = context.job.place
            let action = actions.first { $0.stage == place.stage && $0.name == place.action }
            if action?.fails == true { throw JobFailure(.jobFailed, "It was told to fail.") }
            for output in context.artifacts.outputs {
                try await context.artifacts.write(source, contentType: "application/zip", to: output)
            }
            return JobResult(summary: "Played", outputVariables: action?.variables ?? [:])
        }
    }
}
