import Logging
import SandboxAPI

/// Asks a lab of which nobody wants anything whether it is there, so that its trouble is known before a job meets it.
struct LabProbe: Sendable {
    /// The pause after a refused login: a wrong password that is tried too often may lock the user out.
    private static let refusalPause: Duration = .seconds(600)

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
            var pause = interval
            if monitor.labRequests == requests {
                do {
                    _ = try await client.sandboxes()
                    outage.succeeded(at: clock.now, logger)
                } catch {
                    // What a stop cuts off says nothing about the lab.
                    guard !Task.isCancelled else { return }
                    outage.failed(error, at: clock.now, logger)
                    if (error as? SandboxAPIError)?.code == .authentication {
                        // It answers, and yet no job would get far.
                        monitor.labFailed(error)
                        pause = max(pause, Self.refusalPause)
                    }
                }
            }
            requests = monitor.labRequests
            try? await clock.sleep(for: pause)
        }
    }
}
