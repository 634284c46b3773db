import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// Keeps jobs away from a worker whose login the lab refuses, until somebody has mended that.
///
/// A refused login is its operator's trouble, and would fail each job that the worker takes from the queue, while another
/// worker could do it.
final class LabDoor: Sendable {
    /// How long the first poll waits for the first login: a lab that doesn't answer refuses nobody.
    private static let longestFirstLogin: Duration = .seconds(15)

    /// Closed while the login is refused, and before the first one.
    let gate = JobGate(isOpen: false)
    private let interval: Duration
    private let monitor: WorkerMonitor
    private let clock: any WorkerClock
    private let logger: Logger
    private let outage = OutageLog(.loggingIn)
    private let isRefused = Locked(false)

    /// `interval` is the pause between looks whether the password has changed.
    init(interval: Duration, monitor: WorkerMonitor, clock: any WorkerClock, logger: Logger) {
        self.interval = interval
        self.monitor = monitor
        self.clock = clock
        self.logger = logger
    }

    /// Notes a login that went well.
    func accepted() {
        isRefused.withLock { $0 = false }
        monitor.labAccepts()
        outage.succeeded(at: clock.now, logger)
        gate.open()
    }

    /// Notes a login that failed.
    ///
    /// `pause` is how long it is until the next one, if this one was refused.
    func failed(_ error: SandboxAPIError, pause: Duration?) {
        var logger = logger
        if error.isRefusedLogin {
            isRefused.withLock { $0 = true }
            gate.close()
            monitor.labRefuses(error)
            if let pause {
                logger[metadataKey: "nextTry"] =
                    "\(clock.now.addingTimeInterval(pause.timeInterval).formatted(.iso8601))"
            }
        } else {
            // Who is in trouble may be well soon.
            openUnlessRefused()
        }
        outage.failed(error, at: clock.now, logger)
    }

    /// Logs in, and again when that makes sense after a refusal, until the task is cancelled.
    func run(_ client: SandboxClient) async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                try? await clock.sleep(for: Self.longestFirstLogin)
                openUnlessRefused()
            }
            // It is told by `accepted` and `failed`.
            try? await client.ensureSession()
            while !Task.isCancelled {
                try? await clock.sleep(for: interval)
                if isRefused.withLock({ $0 }) { try? await client.ensureSession() }
            }
        }
    }

    private func openUnlessRefused() {
        if !isRefused.withLock({ $0 }) { gate.open() }
    }
}
