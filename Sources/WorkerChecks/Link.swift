import Foundation
import HTTPTransport

/// The way to one server, and what a person would have to change on it.
struct Link: Sendable {
    /// How often a connection is made that breaks: servers and balancers do that while they are started anew.
    static let attempts = 3
    /// How long is waited in between.
    static let pause = Duration.milliseconds(500)

    /// The server, in a word.
    let title: String
    /// Its address.
    let address: String
    /// How it is reached.
    let client: CurlHTTPClient
    /// The parameter that names it.
    let addressName: String
    /// The parameter that names the certificates to trust.
    let trustName: String
    /// The parameter that names a proxy.
    let proxyName: String
    /// The parameter and its value with which there is no proxy; `nil` where the environment alone can say so.
    var withoutProxy: String?
    /// Whether an unencrypted way is as it should be, as it is to a stand-in of AWS.
    var mayBePlain = true

    private var components: URLComponents? { URLComponents(string: address) }

    /// Whether the way is encrypted.
    var isEncrypted: Bool { components?.scheme?.lowercased() == "https" }

    /// The host, as an address has it.
    var host: String { components?.host ?? address }

    /// The host without the brackets of an IPv6 address.
    var bareHost: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }

    /// The port.
    var port: Int { components?.port ?? (isEncrypted ? 443 : 80) }

    /// Whether the host is an address, so that there is no name to look up.
    var isLiteral: Bool {
        var (four, six) = (in_addr(), in6_addr())
        return unsafe inet_pton(AF_INET, bareHost, &four) == 1 || inet_pton(AF_INET6, bareHost, &six) == 1
    }
}
