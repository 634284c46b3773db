import Logging
import SandboxAPI

/// Asks a lab of which nobody wants anything whether it is there, so that its trouble is known before a job meets it.
struct LabProbe: Sendable {
    let client: SandboxClient
    let interval: Duration
    let monitor: WorkerMonitor
    let clock: any WorkerClock
    let logger: Logger

    /// Reads one list at most once per interval, and only if nothing was asked of the lab meanwhile, until the task is
    /// cancelled.
    func run() async {
        let client = client.unrepeated(timeout: SandboxWatcher.readTimeout)
        var outage = OutageLog("Asking the lab whether it is there", logger: logger)
        var requests = 0
        while !Task.isCancelled {
            if monitor.labRequests == requests {
                do {
                    _ = try await client.sandboxes()
                    outage.succeeded()
                } catch {
                    // What a stop cuts off says nothing about the lab.
                    if !Task.isCancelled { outage.failed(error) }
                }
            }
            requests = monitor.labRequests
            try? await clock.sleep(for: interval)
        }
    }
}
