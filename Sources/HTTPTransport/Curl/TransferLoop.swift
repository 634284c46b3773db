import CLibcurl

/// The thread that owns a curl multi handle, and the inbox through which other threads reach it.
///
/// Every curl call but `curl_multi_wakeup` happens on that thread, as libcurl demands.
final class TransferLoop: @unchecked Sendable {
    // `@unchecked`: `multi` and `running` are touched by the loop's thread alone, the inbox is locked.

    private enum Command {
        case start(any CurlJob)
        case cancel(any CurlJob)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopped = false
    }

    private let multi: UnsafeMutableRawPointer
    private let inbox = Locked(Inbox())
    private var running: [UnsafeMutableRawPointer: any CurlJob] = [:] {
        didSet { liveCount.withLock { $0 = running.count } }
    }
    private let liveCount = Locked(0)

    /// How many transfers hold a handle.
    var liveTransfers: Int { liveCount.withLock { $0 } }

    private init(multi: UnsafeMutableRawPointer) {
        self.multi = multi
    }

    // libcurl's global state is set up once per process and never torn down.
    private static let globalResult: CURLcode = quali_curl_global_init()

    static func start(connectionsPerHost: Int) throws -> TransferLoop {
        func failure(_ what: String) -> HTTPClientError {
            HTTPClientError(.other, what, mayHaveBeenProcessed: false)
        }
        guard globalResult == CURLE_OK else { throw failure("libcurl can't be initialised") }
        guard let multi = curl_multi_init() else { throw failure("libcurl has no memory for a multi handle") }
        _ = quali_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
        let loop = TransferLoop(multi: multi)
        let code = OwnThread.start { loop.run() }
        guard code == 0 else {
            curl_multi_cleanup(multi)
            throw failure("no thread can be started (error \(code))")
        }
        return loop
    }

    func submit(_ job: any CurlJob) {
        post(.start(job))
    }

    func cancel(_ job: any CurlJob) {
        post(.cancel(job))
    }

    func stop() {
        inbox.withLock {
            $0.isStopped = true
            // Under the lock, because the loop frees the handle as soon as it sees the flag.
            curl_multi_wakeup(multi)
        }
    }

    private func post(_ command: Command) {
        inbox.withLock {
            $0.commands.append(command)
            curl_multi_wakeup(multi)
        }
    }

    // MARK: On the loop's own thread

    private func run() {
        // A cancellation may overtake the start of its transfer.
        var cancelledEarly: Set<ObjectIdentifier> = []
        while true {
            let (commands, isStopped) = inbox.withLock { inbox in
                defer { inbox.commands = [] }
                return (inbox.commands, inbox.isStopped)
            }
            for command in commands {
                switch command {
                case .start(let job):
                    if cancelledEarly.remove(ObjectIdentifier(job)) != nil {
                        job.abandon(CancellationError())
                    } else {
                        begin(job)
                    }
                case .cancel(let job):
                    if job.state == .new {
                        cancelledEarly.insert(ObjectIdentifier(job))
                    } else if let handle = job.handle {
                        end(handle, throwing: CancellationError())
                    }
                }
            }
            if isStopped { break }
            drive()
        }
        for handle in Array(running.keys) { end(handle, throwing: CancellationError()) }
        curl_multi_cleanup(multi)
    }

    private func begin(_ job: any CurlJob) {
        do {
            let handle = try job.prepare()
            running[handle] = job
            let code = curl_multi_add_handle(multi, handle)
            if code != CURLM_OK {
                end(
                    handle,
                    throwing: HTTPClientError(.other, "libcurl refuses the transfer", mayHaveBeenProcessed: false)
                )
            }
        } catch {
            job.abandon(error)
        }
    }

    private func drive() {
        var count: Int32 = 0
        _ = curl_multi_perform(multi, &count)
        var result = CURLE_OK
        while let handle = quali_curl_next_finished(multi, &result) {
            guard let job = running.removeValue(forKey: handle) else { continue }
            curl_multi_remove_handle(multi, handle)
            job.finish(result)
        }
        // Returns at once for a wake-up, and in time for curl's own timers; the minute is only a bound.
        _ = curl_multi_poll(multi, nil, 0, 60_000, nil)
    }

    private func end(_ handle: UnsafeMutableRawPointer, throwing error: any Error) {
        guard let job = running.removeValue(forKey: handle) else { return }
        curl_multi_remove_handle(multi, handle)
        job.abandon(error)
    }
}
