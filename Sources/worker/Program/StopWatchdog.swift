import Dispatch
import Foundation
import HTTPTransport
import WorkerSettings

/// Ends the process where a stop outlives its grace, whatever Swift's threads are busy with.
///
/// It needs none of them: a signal comes to it by a queue of its own, and the time passes on a thread of its own.
final class StopWatchdog: Sendable {
    /// How long after the grace the process is ended.
    static let delay: Duration = .seconds(5)

    private enum Stage {
        case idle, counting, over
    }

    private let limit: Duration
    private let expire: @Sendable () -> Void
    private let stage = Locked(Stage.idle)
    private let queue = DispatchQueue(label: "StopWatchdog")

    /// Creates a watchdog.
    ///
    /// - Parameters:
    ///   - grace: How long a stop may take.
    ///   - delay: How much longer it may take.
    ///   - expire: What is done then.
    init(grace: Duration, delay: Duration = delay, expire: @escaping @Sendable () -> Void) {
        limit = grace + delay
        self.expire = expire
    }

    /// Watches for signals that begin a stop, until the result is dropped.
    func watch(_ signals: [Int32]) -> [any DispatchSourceSignal] {
        signals.map { signal in
            let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
            source.setEventHandler { [self] in begin() }
            source.resume()
            return source
        }
    }

    /// Notes that a stop has begun.
    func begin() {
        let isFirst = stage.withLock { stage in
            guard case .idle = stage else { return false }
            stage = .counting
            return true
        }
        guard isFirst else { return }
        _ = OwnThread.start { [self] in
            Thread.sleep(forTimeInterval: limit / .seconds(1))
            let isOver = stage.withLock { if case .over = $0 { true } else { false } }
            if !isOver { expire() }
        }
    }

    /// Notes that the stop has come to its end.
    func end() {
        stage.withLock { $0 = .over }
    }

    /// Says why, if that is possible at once, and exits.
    @Sendable static func endProcess() {
        let line =
            "quali-worker: the worker didn't stop within its grace, so the process ends; its jobs are in the journal\n"
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        if unsafe poll(&descriptor, 1, 0) == 1 {
            _ = unsafe line.withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
        }
        _exit(ProgramFailure.Status.software.rawValue)
    }
}
