import Foundation

/// The service manager that has started the program, and what it is told, as sd_notify(3) has it: a datagram for each
/// message.
///
/// Nothing waits for it: a manager in trouble never holds up the worker.
struct ServiceManager: Sendable {
    /// Within what time the manager wants to hear that the worker is alive; `nil` if it doesn't ask.
    let watchdog: Duration?
    private let socket: NotificationSocket

    /// The manager that an environment names; `nil` if it names none, or one that can't be told anything.
    init?(environment: [String: String]) {
        guard let address = environment["NOTIFY_SOCKET"], let socket = NotificationSocket(address) else { return nil }
        self.socket = socket
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = isMeant && limit > 0 ? .microseconds(limit) : nil
    }

    /// The manager of this process, taken out of its environment, so that nobody it starts speaks in its name.
    ///
    /// It must be called before anything else reads the environment at the same time.
    static func take() -> ServiceManager? {
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsafe unsetenv(name) }
        return manager
    }

    /// Tells something.
    ///
    /// - Returns: Whether the manager has it.
    @discardableResult
    func tell(_ lines: [String]) -> Bool {
        socket.send(lines.joined(separator: "\n"))
    }
}

/// A socket of datagrams to an address of this host.
private final class NotificationSocket: Sendable {
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// Makes a socket; `nil` where the address is neither a path nor, with an `@` before it, a name without a file.
    init?(_ text: String) {
        var path = Array(text.utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.count > 1, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        switch path[0] {
        case UInt8(ascii: "/"): break
        case UInt8(ascii: "@"): path[0] = 0
        default: return nil
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        self.address = address
        length = socklen_t((MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 0) + path.count)
        let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        descriptor = socket(AF_UNIX, Int32(kind), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        // The sockets' calls take an address of any family as one of this type, and its length.
        let sent = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(descriptor, bytes, bytes.count, 0, $0, length)
            }
        }
        return sent == bytes.count
    }
}
