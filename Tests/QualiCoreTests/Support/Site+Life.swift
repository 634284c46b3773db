import Foundation
import LocalCloud
import Logging
import QualiCore
import ServiceLifecycle

extension Site {
    /// Runs a worker until its life is over, or until a pipeline's execution has ended.
    static func live(
        _ cloud: LocalCloud,
        _ life: Life,
        _ journal: any JobJournal,
        _ executionID: String
    ) async throws {
        let (worker, _) = try await makeWorker(cloud, life: life, journal: journal)
        let group = ServiceGroup(services: [worker], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup { tasks in
            tasks.addTask {
                async let stop: Void = {
                    guard (try? await cloud.codePipeline.end(of: executionID)) != nil else { return }
                    await group.triggerGracefulShutdown()
                }()
                try? await group.run()
                await stop
            }
            tasks.addTask { await life.over() }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}
