import FlyingSocks
import Foundation

/// A socket that listens where the status page is to be.
struct StatusListener: Sendable {
    /// The socket.
    let socket: Socket
    /// Where it listens, with the real port.
    let address: String
    /// Whether only programs of this host reach it.
    let isLoopback: Bool

    /// Begins to listen.
    ///
    /// - Throws: ``ProgramFailure`` when the address can't be had.
    init(_ address: StatusAddress) throws(ProgramFailure) {
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
            isLoopback = address.isLoopback
        } catch {
            var reason = "\(error)"
            if case SocketError.failed(_, let number, _) = error { reason = String(cString: strerror(number)) }
            throw ProgramFailure(
                .unavailable,
                "QUALI_STATUS_ADDRESS is \(address), which can't be had: \(reason). "
                    + "Wanted: an address of this host and a port that nobody else uses, or off."
            )
        }
    }
}
