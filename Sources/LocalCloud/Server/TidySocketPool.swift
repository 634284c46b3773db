import FlyingFox
import FlyingSocks
import Foundation

#if os(Linux)
import Glibc
#endif

/// The pool of sockets that a ``LocalServer`` waits on.
enum TidySocketPool {
    static func make() -> any AsyncSocketPool {
        #if os(Linux)
        SocketPool(queue: TidyEPoll())
        #else
        HTTPServer.defaultPool()
        #endif
    }
}

#if os(Linux)
/// FlyingFox's epoll with two things put right.
///
/// FlyingFox 0.27.1 forgets to close the eventfd that wakes its queue: one descriptor for each server. And it
/// writes the head of a reply before the body, which the kernel then holds back until the client has confirmed the
/// head, 40 ms later, unless told not to.
private struct TidyEPoll: EventQueue {
    private var base = ePoll(maxEvents: 20)
    private var wakeUp: Socket.FileDescriptor?
    private var hasSeenListener = false

    mutating func open() throws {
        try base.open()
        // It has no public name. Should a later version call it something else, this does nothing.
        wakeUp = Mirror(reflecting: base).descendant("canary") as? Socket.FileDescriptor
    }

    mutating func stop() throws { try base.stop() }

    /// Called once nobody waits any more.
    mutating func close() throws {
        if let wakeUp {
            self.wakeUp = nil
            _ = Glibc.close(wakeUp.rawValue)
        }
        try base.close()
    }

    mutating func addEvents(_ events: Socket.Events, for socket: Socket.FileDescriptor) throws {
        if !hasSeenListener {
            // The first socket is the one that listens; those that it accepts inherit the option.
            hasSeenListener = true
            var on: Int32 = 1
            _ = setsockopt(socket.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        try base.addEvents(events, for: socket)
    }

    mutating func removeEvents(_ events: Socket.Events, for socket: Socket.FileDescriptor) throws {
        try base.removeEvents(events, for: socket)
    }

    func getNotifications() throws -> [EventNotification] { try base.getNotifications() }
}
#endif
