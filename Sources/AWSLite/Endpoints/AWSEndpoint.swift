/// Where requests of a service go.
package struct AWSEndpoint: Sendable, Hashable {
    /// `https` or `http`.
    package var scheme: String
    /// Host, and port where it isn't the scheme's own.
    package var authority: String
    /// What goes before each request's path: empty, or a slash and segments without one at the end.
    package var basePath: String
    /// Whether somebody configured it, rather than the region implying it.
    package var isCustom: Bool

    /// Creates an endpoint.
    package init(scheme: String, authority: String, basePath: String = "", isCustom: Bool) {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
        self.isCustom = isCustom
    }

    /// Reads a configured address such as `http://127.0.0.1:4566`.
    ///
    /// - Throws: ``AWSConfigurationError`` when it isn't an `http` or `https` address without user, query and
    ///   fragment.
    package init(custom address: String) throws {
        // Not quoted in messages: somebody may have put a password into it.
        let lowered = address.lowercased()
        guard let scheme = ["https", "http"].first(where: { lowered.hasPrefix("\($0)://") }) else {
            throw AWSConfigurationError("an endpoint has to start with https:// or http://")
        }
        let rest = address.dropFirst(scheme.count + 3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.dropFirst(authority.count)
        guard Self.isAuthority(authority) else {
            throw AWSConfigurationError("an endpoint has to name a host, perhaps a port, and no user")
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else {
            throw AWSConfigurationError("an endpoint can't have a query, a fragment or unencoded characters")
        }
        var base = path
        while base.last == "/" { base = base.dropLast() }
        self.init(scheme: scheme, authority: String(authority), basePath: String(base), isCustom: true)
    }

    /// The host without its port.
    package var host: Substring {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return authority[...end] }
        return authority.prefix { $0 != ":" }
    }

    /// Whether the host is an IPv4 or IPv6 address rather than a name.
    package var isAddressLiteral: Bool {
        if host.hasPrefix("[") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let address = text[text.index(after: text.startIndex)..<end]
            guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                return false
            }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return false }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let host = parts.first, !host.isEmpty else { return false }
            let isHost = host.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
            guard isHost else { return false }
            port = parts.count == 2 ? parts[1] : nil
        }
        return port.map { UInt16($0) != nil } ?? true
    }
}

/// The region, the endpoint or the profile can't be used as configured.
public struct AWSConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in words for a person; never a secret.
    package var message: String

    /// Creates an error.
    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
