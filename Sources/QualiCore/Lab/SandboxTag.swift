import COpenSSL
import Foundation

/// The mark by which a sandbox is known as the work of one action's execution, whatever else is lost.
package struct SandboxTag: Sendable, Hashable, CustomStringConvertible {
    /// The portal's limit for a sandbox's name.
    package static let nameLimit = 60

    /// The mark, such as `[q3f2b8c1e0a4d]`.
    package let description: String

    /// Creates the tag of an action's execution: 48 bits of its SHA-256.
    package init(actionExecutionID: String) {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        let bytes = Array(actionExecutionID.utf8)
        // It writes as many bytes as the digest has.
        unsafe SHA256(bytes, bytes.count, &digest)
        description = "[q" + digest.prefix(6).map { String(format: "%02x", $0) }.joined() + "]"
    }

    /// Reads the tag at the end of a sandbox's name.
    ///
    /// - Returns: `nil` if there is none, so that no worker has started the sandbox.
    package init?(endOf name: String) {
        let text = name.suffix(Self.length)
        let digits = text.dropFirst(2).dropLast()
        guard text.utf8.count == Self.length, text.hasPrefix("[q"), text.hasSuffix("]"),
            digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        description = String(text)
    }

    private static let length = 15

    /// A sandbox's name that ends with the tag and isn't longer than the lab takes.
    package func name(for wanted: String) -> String {
        // The lab is a .NET product, whose length of a text is its count of UTF-16 units.
        let room = Self.nameLimit - description.utf16.count - 1
        var base = wanted
        while base.utf16.count > room { base.removeLast() }
        return base.trimmingWhitespace + " " + description
    }

    /// Whether a sandbox of this name is this execution's.
    package func marks(_ name: String) -> Bool {
        name.utf8.suffix(Self.length).elementsEqual(description.utf8)
    }
}
