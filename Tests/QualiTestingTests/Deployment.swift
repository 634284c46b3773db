import AWSLite
import Foundation
import JobEngine
import Logging

/// A service that deploys versions, from memory.
actor DeploymentService {
    struct Order: Sendable, Equatable {
        let id: String
        let version: String
        /// What whoever has ordered it knows it by.
        let key: String
        var isCancelled = false
    }

    private(set) var orders: [Order] = []
    private var looks = 0
    /// At which look a deployment is done.
    private let looksNeeded: Int

    init(looksNeeded: Int = 4) { self.looksNeeded = looksNeeded }

    var versions: [String] { orders.map(\.version) }
    var isAnyLeft: Bool { orders.contains { !$0.isCancelled } }

    func order(_ version: String, key: String) -> String {
        orders.append(Order(id: "d-\(orders.count + 1)", version: version, key: key))
        return "d-\(orders.count)"
    }

    func find(_ key: String) -> String? { orders.first { $0.key == key }?.id }

    /// How much of it is done, in percent.
    func progress(of id: String) -> Int {
        looks += 1
        return min(100, looks * 100 / looksNeeded)
    }

    func cancel(_ id: String) {
        for index in orders.indices where orders[index].id == id { orders[index].isCancelled = true }
    }
}

/// Deploys a version, waits until that is done, and writes a report.
struct Deployment: WaitingActionHandler {
    struct Configuration: ActionConfiguration {
        let version: String
        let limit: Duration

        init(_ properties: ActionProperties) throws {
            version = try properties.string("Version")
            limit = try properties.minutes("TimeoutInMinutes", default: 5)
        }
    }

    struct Checkpoint: Codable, Sendable, Equatable {
        /// When the deployment has failed.
        var deadline: Date
        /// What the service calls it, once it was ordered.
        var id: String?
    }

    let service: DeploymentService
    /// Whether it looks for what was ordered by a worker that saved nothing more.
    var looksBack = true

    func run(_ configuration: Configuration, after event: Never?, context: JobContext<Checkpoint>) async throws
        -> JobStep<Never>
    {
        var checkpoint = context.checkpoint ?? Checkpoint(deadline: context.job.claimedAt + configuration.limit)
        if context.checkpoint == nil { try await context.save(checkpoint) }
        let id = try await order(configuration, &checkpoint, context)
        let percent = await service.progress(of: id)
        await context.report(JobProgress("Deploying", percentComplete: percent, externalExecutionID: id))
        guard percent == 100 else {
            guard context.clock.now < checkpoint.deadline else {
                throw JobFailure(.jobFailed, "\(id) isn't done in time.", externalExecutionID: id)
            }
            return .wait(.pause(.seconds(10), for: "the deployment \(id)", until: checkpoint.deadline))
        }
        for artifact in context.artifacts.outputs {
            try await context.artifacts.write(
                Data("deployed \(configuration.version)".utf8),
                contentType: "text/plain",
                to: artifact
            )
        }
        context.logger.info("Deployed", metadata: ["deployment": "\(id)"])
        return .done(JobResult(summary: "\(configuration.version) is live", externalExecutionID: id))
    }

    private func order(
        _ configuration: Configuration,
        _ checkpoint: inout Checkpoint,
        _ context: JobContext<Checkpoint>
    ) async throws -> String {
        if let id = checkpoint.id { return id }
        let key = context.job.actionExecutionID
        let earlier = looksBack ? await service.find(key) : nil
        let id: String
        if let earlier { id = earlier } else { id = await service.order(configuration.version, key: key) }
        checkpoint.id = id
        try await context.save(checkpoint)
        return id
    }

    func abandon(_ context: JobContext<Checkpoint>) async throws {
        guard let id = context.checkpoint?.id else { return }
        await service.cancel(id)
    }

    func isBegun(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> Bool? {
        await service.find(context.job.actionExecutionID) != nil
    }
}

extension Date {
    static func + (date: Date, duration: Duration) -> Date {
        date.addingTimeInterval(TimeInterval(duration.components.seconds))
    }
}
