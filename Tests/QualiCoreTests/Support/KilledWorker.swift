import LocalCloud
import Logging
import QualiCore
import ServiceLifecycle
import TestSupport

/// What a worker does until it is killed, at each of some writes of its journal.
struct KilledWorker: Sendable, CustomStringConvertible {
    var name: String
    /// What the worker notes until the last kill.
    var writes: [String]
    /// The first of those writes at which it is killed, from 1.
    var firstEnd = 1
    var actions: [VirtualPipeline.Action]
    /// How long the lab takes to set a sandbox up while the worker lives.
    var setup: Duration = .milliseconds(20)
    /// Whether the reply to its first acknowledgement is lost.
    var losesAcknowledgement = false
    /// Whether it puts jobs back to show their progress.
    var showsProgress = false
    /// Whether somebody abandons the pipeline while the command `soak` runs.
    var isAbandoned = false
    /// How the pipeline ends.
    var status = "Succeeded"

    var description: String { name }

    /// The moments at which it is killed.
    var ends: [Life.End] {
        (firstEnd...writes.count).flatMap { write in [false, true].map { Life.End(write: write, isWritten: $0) } }
    }

    private static let start = [
        "claim", "noteAcknowledged", "saveCheckpoint", "saveCheckpoint", "saveCheckpoint", "saveOutcome", "forget",
    ]
    private static let other = [
        "claim", "noteAcknowledged", "saveCheckpoint", "saveCheckpoint", "saveOutcome", "forget",
    ]
    private static let soak = [Site.startAction(), Site.runAction("SANDBOX", "soak"), Site.endAction()]

    static let all = [
        KilledWorker(
            name: "start-run-end",
            writes: start + other + other,
            actions: [Site.startAction(), Site.runAction("SANDBOX", "health-check"), Site.endAction()]
        ),
        KilledWorker(
            name: "put-back-in-doubt",
            writes: ["claim", "saveOutcome", "forget", "claim", "noteAcknowledged"],
            firstEnd: 2,
            actions: [Site.startAction(), Site.endAction()],
            losesAcknowledgement: true
        ),
        KilledWorker(
            name: "put-back-for-progress",
            writes: start.prefix(5) + ["saveCheckpoint"] + start.suffix(2) + start.prefix(2),
            firstEnd: 7,
            actions: [Site.startAction(), Site.endAction()],
            setup: .seconds(600),
            showsProgress: true
        ),
        KilledWorker(
            name: "abandoned",
            writes: start + other,
            firstEnd: 12,
            actions: soak,
            isAbandoned: true,
            status: "Stopped"
        ),
        KilledWorker(
            name: "failed",
            writes: start + other,
            firstEnd: 12,
            actions: [Site.startAction(), Site.runAction("web-server.*", "fail")],
            status: "Failed"
        ),
    ]

    /// Starts the pipeline, and lets a worker live until `end`.
    ///
    /// - Returns: The pipeline's execution.
    func live(until end: Life.End, _ cloud: LocalCloud, _ journal: any JobJournal) async throws -> (String, [String]) {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: setup)
        cloud.lab.add(blueprint)
        let life = Life(until: end)
        let (worker, _) = try await Site.makeWorker(cloud, life: life, journal: journal) {
            if showsProgress { $0.progressInterval = .seconds(1) }
        }
        if losesAcknowledgement { cloud.faults.inject(.loseReply, on: "AcknowledgeJob") }
        let id = try cloud.begin(actions)
        let group = ServiceGroup(services: [worker], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup { tasks in
            tasks.addTask { try? await group.run() }
            if isAbandoned {
                tasks.addTask {
                    _ = try? await cloud.lab.firstExecution { $0.command.name == "soak" }
                    try? cloud.codePipeline.stop(id, abandon: true)
                }
            }
            await life.over()
            tasks.cancelAll()
        }
        return (id, life.writes)
    }
}
