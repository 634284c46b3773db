import CLibcurl

/// The thread that owns a curl multi handle, and the inbox through which other threads reach it.
///
/// Every call to libcurl happens on that thread, as it demands.
final class TransferLoop: @unchecked Sendable {
    // `@unchecked`: all but the inbox and the count, which are locked, and the waker is the loop's thread's alone.

    private enum Command {
        case start(any CurlJob)
        case cancel(any CurlJob)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopped = false
        /// Whether the loop has been woken since it last looked here.
        var isWoken = false
    }

    /// How many handles are kept for transfers to come: a new one is 5 KB to clear, and as much to free.
    private static let mostSpare = 16

    private let multi: CurlMulti
    private let inbox = Locked(Inbox())
    private let waker: SocketSet.Waker
    private var sockets: SocketSet
    /// When libcurl wants to be called even if nothing has happened; by `CLOCK_MONOTONIC`, as libcurl and epoll count.
    private var alarm: SuspendingClock.Instant?
    private var spare: [CurlHandle] = []
    private var running: [CurlHandle: any CurlJob] = [:] {
        didSet { liveCount.withLock { $0 = running.count } }
    }
    private let liveCount = Locked(0)

    /// How many transfers hold a handle.
    var liveTransfers: Int { liveCount.withLock { $0 } }

    /// How many connections to a host there may be.
    let connectionsPerHost: Int

    private init(multi: CurlMulti, sockets: consuming SocketSet, connectionsPerHost: Int) {
        self.multi = multi
        self.connectionsPerHost = connectionsPerHost
        waker = sockets.waker
        self.sockets = sockets
    }

    // libcurl's global state is set up once per process and never torn down.
    private static let globalResult: CURLcode = quali_curl_global_init()

    static func start(connectionsPerHost: Int) throws -> TransferLoop {
        func failure(_ what: String) -> HTTPClientError {
            HTTPClientError(.other, what, mayHaveBeenProcessed: false)
        }
        guard globalResult == CURLE_OK else { throw failure("libcurl can't be initialised") }
        guard let sockets = SocketSet() else { throw failure("no pipe can be opened") }
        guard let multi = CurlMulti() else { throw failure("libcurl has no memory for a multi handle") }
        let budget = ConnectionBudget(perHost: connectionsPerHost, openFiles: FileAccess.mostOpenFiles)
        multi.set(CURLMOPT_MAX_HOST_CONNECTIONS, budget.perHost)
        multi.set(CURLMOPT_MAX_TOTAL_CONNECTIONS, budget.total)
        // Where calls share a connection by HTTP/2, libcurl 7.88 (Debian 12) may leave the last bytes of a reply in its buffers
        // until the call's time is over.
        multi.set(CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        // Without a number libcurl closes all but four for each call that is under way, so each burst would make its own.
        multi.set(CURLMOPT_MAXCONNECTS, min(2 * budget.perHost, budget.total))
        let loop = TransferLoop(multi: multi, sockets: sockets, connectionsPerHost: budget.perHost)
        let code = OwnThread.start { loop.run() }
        guard code == 0 else {
            multi.free()
            throw failure("no thread can be started (error \(code))")
        }
        return loop
    }

    func submit(_ job: any CurlJob) {
        post { $0.commands.append(.start(job)) }
    }

    func cancel(_ job: any CurlJob) {
        post { $0.commands.append(.cancel(job)) }
    }

    func stop() {
        post { $0.isStopped = true }
    }

    private func post(_ change: (inout Inbox) -> Void) {
        inbox.withLock { inbox in
            change(&inbox)
            if !inbox.isWoken { waker.wake() }
            inbox.isWoken = true
        }
    }

    // MARK: On the loop's own thread

    private func run() {
        multi.setListener(self)
        // A cancellation may overtake the start of its transfer.
        var cancelledEarly: Set<ObjectIdentifier> = []
        while true {
            let (commands, isStopped) = inbox.withLock { inbox in
                defer {
                    inbox.commands = []
                    inbox.isWoken = false
                }
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
        for handle in spare { handle.free() }
        multi.free()
    }

    /// Takes what libcurl wants to know of a socket.
    func watch(_ socket: curl_socket_t, for what: Int32) {
        sockets.watch(socket, for: what)
    }

    /// Takes when libcurl wants to be called; a negative number takes that back.
    func setAlarm(_ milliseconds: Int) {
        alarm = milliseconds < 0 ? nil : SuspendingClock.now.advanced(by: .milliseconds(milliseconds))
    }

    private func begin(_ job: any CurlJob) {
        guard let handle = spare.popLast() ?? CurlHandle() else {
            job.abandon(
                HTTPClientError(.other, "libcurl has no memory for a transfer", mayHaveBeenProcessed: false)
            )
            return
        }
        running[handle] = job
        do {
            try job.prepare(handle)
            guard multi.add(handle) else {
                throw HTTPClientError(.other, "libcurl refuses the transfer", mayHaveBeenProcessed: false)
            }
        } catch {
            end(handle, throwing: error)
        }
    }

    /// Lets libcurl do what it can, and waits until it can do more.
    private func drive() {
        if let due = alarm, due <= .now {
            alarm = nil
            multi.act(CURL_SOCKET_TIMEOUT, 0)
            finish()
        }
        for (socket, events) in sockets.wait(milliseconds: untilAlarm) {
            multi.act(socket, events)
        }
        finish()
    }

    /// Whole milliseconds, so that none is spent in waiting for a part of one; a minute at most, which is only a bound.
    private var untilAlarm: Int32 {
        guard let alarm else { return 60_000 }
        let rest = SuspendingClock.now.duration(to: alarm)
        return rest <= .zero ? 0 : Int32(min(rest / .milliseconds(1), 59_999)) + 1
    }

    /// Tells those whose transfers have ended.
    private func finish() {
        while let (handle, result) = multi.nextFinished() {
            take(handle, keeping: result == CURLE_OK) { $0.finish(result) }
        }
    }

    private func end(_ handle: CurlHandle, throwing error: any Error) {
        take(handle, keeping: false) { $0.abandon(error) }
    }

    /// Takes a handle from its job, after its last words.
    ///
    /// `isWell` says whether its transfer ended well. No other handle is kept: one of libcurl 8.14 (Debian 13) that
    /// couldn't rewind a body fails each later transfer for that, and `curl_easy_reset` doesn't mend it.
    private func take(
        _ handle: CurlHandle,
        keeping isWell: Bool,
        _ tell: (any CurlJob) -> Void
    ) {
        // One that was never added is none of the multi handle's, which it then says.
        multi.remove(handle)
        let job = running.removeValue(forKey: handle)
        if let job { tell(job) }
        // The handle still knows the job's buffers.
        withExtendedLifetime(job) {
            guard isWell, spare.count < Self.mostSpare else { return handle.free() }
            handle.reset()
            spare.append(handle)
        }
    }
}
