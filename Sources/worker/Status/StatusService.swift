import Logging
import ServiceLifecycle

/// The status page beside a worker.
///
/// It answers until everything else has stopped, and nothing that befalls it ends or holds up the worker.
struct StatusService: Service, CustomStringConvertible {
    let listener: StatusListener
    let routes: StatusRoutes
    let logger: Logger

    /// The name alone, for logs.
    var description: String { "StatusService" }

    func run() async {
        logger.info("Status page", metadata: ["url": "http://\(listener.address)/"])
        await withTaskGroup { tasks in
            tasks.addTask {
                // Throws when it is cancelled, only.
                try? await gracefulShutdown()
            }
            tasks.addTask {
                let limits = StatusServer.Limits.fitting(openFiles: Program.fileLimit)
                let server = StatusServer(listener: listener, limits: limits, logger: logger) { routes.reply(to: $0) }
                do {
                    try await server.run()
                } catch {
                    if Task.isCancelled { return }
                    logger.error("The status page has failed; the worker goes on", metadata: ["error": "\(error)"])
                }
                // To return early would end the worker.
                try? await gracefulShutdown()
            }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}
