import Foundation
import HTTPTransport
import Logging
import WorkerSettings

/// The time before a worker polls: what it waits for is said, and nothing that it waits for is in the way of a signal.
final class WorkerStart: WaitTeller {
    /// How long something may take before it is said.
    private static let patience: Duration = .milliseconds(500)
    /// The pause until it is said again.
    private static let pause: Duration = .seconds(30)

    private struct State {
        var logger: Logger
        var waitsFor: (@Sendable () -> String)?
        var process: WorkerProcess?
    }

    private let serviceManager: ServiceManager?
    private let state: Locked<State>

    /// Begins a start.
    ///
    /// - Parameters:
    ///   - serviceManager: Who is told what the worker waits for.
    ///   - logger: Where it is said until there is a better one.
    init(_ serviceManager: ServiceManager? = nil, logger: Logger) {
        self.serviceManager = serviceManager
        state = Locked(State(logger: logger))
    }

    /// Where the start says something.
    var logger: Logger {
        get { state.withLock { $0.logger } }
        set { state.withLock { $0.logger = newValue } }
    }

    /// The worker, once it is there.
    var process: WorkerProcess? { state.withLock { $0.process } }

    /// Does something that may take long.
    ///
    /// - Parameters:
    ///   - what: What is waited for, in words, each time that it is to be said.
    ///   - body: What takes long.
    /// - Returns: What `body` returns.
    func wait<Value>(
        for what: @escaping @Sendable () -> String,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        state.withLock { $0.waitsFor = what }
        defer { state.withLock { $0.waitsFor = nil } }
        return try await body()
    }

    /// Makes a worker, and says meanwhile what is waited for.
    func run(_ make: (WorkerStart) async throws -> WorkerProcess) async throws -> WorkerProcess {
        // Cancelled when this function returns.
        async let _: Void = say()
        let process = try await make(self)
        state.withLock { $0.process = process }
        return process
    }

    /// Ends the program at a signal that comes before there is a worker: nothing is in hand yet.
    func end(_ signal: String) -> Never {
        logger.notice("Stopping", metadata: ["signal": "\(signal)"])
        serviceManager?.tellStop()
        Program.tidyUp()
        // What is waited for goes on in other threads, which must not meet the process's exit handlers.
        _exit(0)
    }

    private func say() async {
        var said: (what: String, at: ContinuousClock.Instant)?
        while (try? await Task.sleep(for: Self.patience)) != nil {
            guard let what = state.withLock({ $0.waitsFor })?() else { continue }
            if let said, said.what == what, said.at.duration(to: .now) < Self.pause { continue }
            logger.notice("Waiting before the first poll", metadata: ["for": "\(what)"])
            serviceManager?.tell(["STATUS=Starting; waits for \(what)"])
            said = (what, .now)
        }
    }
}
