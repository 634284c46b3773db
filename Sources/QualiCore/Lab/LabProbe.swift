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
        let outage = OutageLog(.probingLab)
        var requests = 0
        while !Task.isCancelled {
            if monitor.labRequests == requests {
                do {
                    _ = try await client.sandboxes()
                    outage.succeeded(at: clock.now, logger)
                } catch {
                    // What a stop cuts off says nothing about the lab.
                    guard !Task.isCancelled else { return }
                    // Of a refused login tells who logs in.
                    if (error as? SandboxAPIError)?.isRefusedLogin != true {
                        outage.failed(error, at: clock.now, logger)
                    }
                }
            }
            requests = monitor.labRequests
            try? await clock.sleep(for: interval)
        }
    }
}
