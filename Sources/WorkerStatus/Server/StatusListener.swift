import FlyingSocks
import Foundation
import HTTPTransport

/// A socket that listens where the status page is to be.
final class StatusListener: Sendable {
    /// The socket.
    let socket: Socket
    /// Where it listens, with the real port.
    let address: String

    private let isClosed = Locked(false)

    /// Begins to listen.
    init(_ address: StatusAddress) throws(StatusAddressError) {
        do {
            let socket = try Socket(domain: address.isIPv6 ? AF_INET6 : AF_INET)
            do {
                // A program that the worker starts mustn't inherit the port.
                _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
                try socket.setValue(true, for: .localAddressReuse)
                if address.isIPv6 {
                    try socket.bind(to: sockaddr_in6.inet6(ip6: address.host, port: address.port))
                } else {
                    try socket.bind(to: sockaddr_in.inet(ip4: address.host, port: address.port))
                }
            } catch {
                try? socket.close()
                throw error
            }
            // It closes the socket itself where it fails.
            try socket.listen(maxPendingConnection: 128)
            switch try socket.sockname() {
            case .ip4(let host, let port), .ip6(let host, let port): self.address = StatusAddress.text(host, port)
            case .unix(let path): self.address = path
            }
            self.socket = socket
        } catch {
            var reason = "\(error)"
            if case SocketError.failed(_, let number, _) = error { reason = unsafe String(cString: strerror(number)) }
            throw StatusAddressError(address: address, reason: reason)
        }
    }

    deinit { close() }

    /// Stops listening; once is enough.
    func close() {
        let isOpen = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        // Its number may be another file's afterwards.
        if isOpen { try? socket.close() }
    }
}
