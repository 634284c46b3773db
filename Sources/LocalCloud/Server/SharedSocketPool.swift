import CEpoll
import FlyingSocks
import Foundation
import Glibc
import Synchronization

/// Waits for the sockets of all servers of the process, with one thread and one epoll instance between them.
///
/// FlyingFox's own pools take a thread of libdispatch each, of which there is a limited number; a test run with some
/// hundred servers at once then stands still.
final class SharedSocketPool: AsyncSocketPool {
    static let shared = SharedSocketPool()

    private struct Waiter {
        let id: Int
        let mask: UInt32
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiters: [Int32: [Waiter]] = [:]
        var lastID = 0
    }

    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let state = Mutex(State())

    private init() {
        // It lives as long as the process, as this one instance does.
        Thread.detachNewThread { [epoll] in SharedSocketPool.watch(epoll) }
    }

    func prepare() async throws {}

    /// Waits for the server's end.
    ///
    /// Nothing runs here: the thread does it all.
    func run() async throws {
        let (never, continuation) = AsyncStream<Void>.makeStream()
        defer { continuation.finish() }
        for await _ in never {}
        throw CancellationError()
    }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        let file = socket.file.rawValue
        let mask = events.reduce(into: UInt32(0)) { mask, event in
            mask |= event == .read ? EPOLLIN.rawValue : EPOLLOUT.rawValue
        }
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure: (any Error)? = state.withLock { state in
                    guard !Task.isCancelled else { return CancellationError() }
                    let waiters =
                        state.waiters[file, default: []] + [Waiter(id: id, mask: mask, continuation: continuation)]
                    guard arm(file, for: waiters) else { return SocketError.disconnected }
                    state.waiters[file] = waiters
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let index = state.waiters[file]?.firstIndex(where: { $0.id == id }) else { return nil as Waiter? }
                let waiter = state.waiters[file]?.remove(at: index)
                if state.waiters[file]?.isEmpty == true { state.waiters[file] = nil }
                return waiter
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Asks for one event of those that are waited for.
    ///
    /// What an event carries of its own is always the socket.
    private func arm(_ file: Int32, for waiters: [Waiter]) -> Bool {
        var on: Int32 = 1
        // FlyingFox writes the head of a reply before the body, which the kernel would hold back for 40 ms.
        _ = unsafe setsockopt(file, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var event = unsafe epoll_event()
        unsafe event.events = waiters.reduce(EPOLLONESHOT.rawValue) { $0 | $1.mask }
        unsafe event.data.fd = file
        return unsafe epoll_ctl(epoll, EPOLL_CTL_MOD, file, &event) == 0
            || epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event) == 0
    }

    /// Wakes those whose sockets are ready, of which each event carries one.
    private static func watch(_ epoll: Int32) {
        var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = unsafe epoll_wait(epoll, &events, Int32(events.count), -1)
            for index in 0..<max(0, Int(count)) {
                unsafe shared.wake(events[index].data.fd, events[index].events)
            }
        }
    }

    private func wake(_ file: Int32, _ events: UInt32) {
        // A broken connection wakes everybody; what they do next tells them.
        let isBroken = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let woken = state.withLock { state in
            let all = state.waiters[file] ?? []
            let woken = all.filter { isBroken || $0.mask & events != 0 }
            let rest = all.filter { waiter in !woken.contains { $0.id == waiter.id } }
            state.waiters[file] = rest.isEmpty || !arm(file, for: rest) ? nil : rest
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }
}
