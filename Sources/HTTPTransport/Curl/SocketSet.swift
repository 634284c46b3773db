import CLibcurl

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The sockets that libcurl waits for, and a pipe that ends the waiting.
///
/// A client has few connections however many its calls are, so `poll` does.
struct SocketSet: ~Copyable {
    /// Ends the waiting of another thread.
    struct Waker: Sendable {
        fileprivate let file: Int32

        func wake() {
            // A full pipe wakes as well.
            _ = SystemCalls.write(file, CollectionOfOne(0).span)
        }
    }

    let waker: Waker
    /// The pipe's end first.
    private var watched: [pollfd]

    /// Makes the pipe; `nil` where the process may open no more files.
    init?() {
        guard let ends = SystemCalls.pipe() else { return nil }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        waker = Waker(file: ends[1])
        watched = [pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)]
    }

    deinit {
        close(watched[0].fd)
        close(waker.file)
    }

    /// Takes what libcurl wants to know of a socket: a `CURL_POLL_` number.
    mutating func watch(_ socket: curl_socket_t, for what: Int32) {
        let index = watched.dropFirst().firstIndex { $0.fd == socket }
        let events: Int32 =
            switch what {
            case CURL_POLL_IN: POLLIN
            case CURL_POLL_OUT: POLLOUT
            case CURL_POLL_INOUT: POLLIN | POLLOUT
            default: 0
            }
        switch (index, what == CURL_POLL_REMOVE) {
        case (let index?, false): watched[index].events = Int16(events)
        case (let index?, true): watched.remove(at: index)
        case (nil, false): watched.append(pollfd(fd: socket, events: Int16(events), revents: 0))
        case (nil, true): break
        }
    }

    /// Waits until something happens on a socket, the waker wakes, or the time is over.
    ///
    /// - Returns: The sockets, each with a sum of `CURL_CSELECT_` numbers.
    mutating func wait(milliseconds: Int32) -> [(socket: curl_socket_t, events: Int32)] {
        guard SystemCalls.poll(&watched, milliseconds: milliseconds) > 0 else { return [] }
        if watched[0].revents != 0 {
            var bytes: UInt64 = 0
            _ = unsafe read(watched[0].fd, &bytes, 8)
        }
        var ready: [(socket: curl_socket_t, events: Int32)] = []
        for entry in watched.dropFirst() where entry.revents != 0 {
            var events: Int32 = 0
            if entry.revents & Int16(POLLIN | POLLHUP) != 0 { events |= CURL_CSELECT_IN }
            if entry.revents & Int16(POLLOUT) != 0 { events |= CURL_CSELECT_OUT }
            if entry.revents & Int16(POLLERR | POLLNVAL) != 0 { events |= CURL_CSELECT_ERR }
            ready.append((entry.fd, events))
        }
        return ready
    }
}
