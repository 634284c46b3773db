/// A text that must never be printed, logged or stored: a password, a key, a token.
///
/// Every way by which Swift turns a value into text (`description`, `debugDescription`, string
/// interpolation, `dump`, a mirror) shows `<redacted>`. The one way to the text is ``reveal()``, so a
/// search for that word lists every place that uses a secret.
public struct Secret: Sendable, Hashable {
    private let text: String

    /// Wraps a text.
    public init(_ text: String) {
        self.text = text
    }

    /// Whether there is no text at all.
    public var isEmpty: Bool { text.isEmpty }

    /// The text itself, for the one place that must send it.
    public func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }

    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }

    /// A mirror without children, so that `dump` shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
