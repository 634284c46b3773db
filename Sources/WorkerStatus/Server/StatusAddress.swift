import FlyingSocks
import Foundation

/// Where the status page listens: an address of this host, and a port.
public struct StatusAddress: Sendable, Hashable, CustomStringConvertible {
    /// What a setting may say, in words.
    package static let wanted =
        "off, a port such as 8080 for this host alone, or an address and a port such as 127.0.0.1:8080, [::1]:8080 "
        + "or 0.0.0.0:8080"

    /// The IP address.
    package let host: String
    /// The port; 0 for any that is free.
    package let port: UInt16

    /// A port of the loopback address; 0 for any that is free.
    public init(port: UInt16) {
        host = "127.0.0.1"
        self.port = port
    }

    /// Reads `8080`, `:8080`, `127.0.0.1:8080` or `[::1]:8080`; `nil` for anything else.
    ///
    /// A port without an address is one of the loopback address.
    public init?(_ text: String) {
        let colon = text.lastIndex(of: ":")
        let digits = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        self.port = port
        var host = String(colon.map { text[..<$0] } ?? "")
        if host.isEmpty { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard (try? sockaddr_in6.inet6(ip6: host, port: port)) != nil else { return nil }
        } else {
            guard (try? sockaddr_in.inet(ip4: host, port: port)) != nil else { return nil }
        }
        self.host = host
    }

    /// Whether it is one of IP version 6.
    var isIPv6: Bool { host.contains(":") }

    /// Whether only programs of this host reach it.
    package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// The address and the port.
    public var description: String { Self.text(host, port) }

    /// An address and a port, as they stand in a URL.
    static func text(_ host: String, _ port: UInt16) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
