/// The address of a lab's Sandbox API, such as `https://lab.example.com:3443` or `http://10.0.0.5:82/api/`.
package struct LabURL: Hashable, Sendable {
    /// `http` or `https`.
    package let scheme: String
    /// Host and port.
    package let authority: String
    /// The path in front of `login` and `v2`, without a slash at its end; mostly `/api`.
    let root: String

    /// Reads an address, with or without a slash or `/api` at its end.
    ///
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/configuration`` that says what was found
    ///   and what is wanted.
    package init(_ text: String) throws {
        let trimmed = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        guard !trimmed.isEmpty else { throw LabURL.error("it is empty", "") }
        guard let separator = trimmed.firstRange(of: "://") else {
            throw LabURL.error("it has no scheme", trimmed)
        }
        scheme = trimmed[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { throw LabURL.error("its scheme is neither", trimmed) }
        let rest = trimmed[separator.upperBound...]
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw LabURL.error("it has a query or a fragment", trimmed)
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard !rest[..<slash].contains("@") else {
            throw LabURL.error("it has a user in it, which belongs in a setting of its own", trimmed)
        }
        authority = try LabURL.authority(rest[..<slash], trimmed)
        root = try LabURL.root(rest[slash...], trimmed)
    }

    /// Whether the connection is encrypted.
    package var isEncrypted: Bool { scheme == "https" }

    private static func authority(_ text: Substring, _ whole: String) throws -> String {
        var host = text
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]"),
                text[..<end].dropFirst().allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." || $0 == "%" })
            else { throw error("its host is malformed", whole) }
            host = text[...end]
        } else {
            host = text.prefix { $0 != ":" }
            guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_") })
            else { throw error("its host has a character that no host has", whole) }
        }
        guard !host.isEmpty else { throw error("it has no host", whole) }
        let port = text[host.endIndex...]
        guard port.isEmpty || port.first == ":" else { throw error("its host is malformed", whole) }
        if !port.isEmpty {
            let digits = port.dropFirst()
            guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
                (1...65_535).contains(number)
            else { throw error("its port isn't a number from 1 to 65535", whole) }
        }
        return text.lowercased()
    }

    private static func root(_ path: Substring, _ whole: String) throws -> String {
        var segments = path.split(separator: "/", omittingEmptySubsequences: true)
        for segment in segments {
            guard segment.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._~%".contains($0)) }) else {
                throw error("its path has a character that must be encoded", whole)
            }
        }
        if let last = segments.last?.lowercased(), last == "v1" || last == "v2" || last == "login" {
            segments.removeLast()
        }
        if segments.last?.lowercased() == "api" { segments.removeLast() }
        return "/" + (segments + ["api"]).joined(separator: "/")
    }

    private static func error(_ reason: String, _ found: String) -> SandboxAPIError {
        // What stands before an @ may be a password.
        let shown = found.lastIndex(of: "@").map { "…" + found[$0...] } ?? found
        let subject =
            found.isEmpty
            ? "The lab's address is missing"
            : "The lab's address “\(LabText.line(shown, limit: 200))” is unusable: \(reason)"
        return SandboxAPIError(
            .configuration,
            "\(subject); wanted is http or https, host and port, for example https://lab.example.com:3443 or "
                + "http://lab.example.com:82.",
            operation: "configure"
        )
    }
}

extension LabURL: CustomStringConvertible {
    /// The address without its path to the API.
    package var description: String { "\(scheme)://\(authority)\(root.dropLast("/api".count))" }
}
