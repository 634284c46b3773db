/// A variable that a text names, such as `#{lab.SandboxId}`.
struct VariableReference: Sendable, Hashable, CustomStringConvertible {
    let namespace: String
    let name: String

    /// What names one; a regular expression can't be shared between tasks.
    private static var pattern: Regex<(Substring, Substring, Substring)> {
        /#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_-]+)\}/
    }

    /// As it is written.
    var description: String { "#{\(namespace).\(name)}" }

    /// Whether a text may name one; the expression, which takes its time, isn't made for any other.
    private static func mayName(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "#")) }

    /// All of a text, in their order.
    static func all(in text: String) -> [Self] {
        guard mayName(text) else { return [] }
        return text.matches(of: pattern).map { Self(namespace: String($0.1), name: String($0.2)) }
    }

    /// A text with each of its variables replaced; where one has no replacement, `nil`.
    static func replaced(_ text: String, by value: (Self) -> String?) -> String? {
        guard mayName(text) else { return text }
        return text.replacingAll(pattern) { value(Self(namespace: String($0.1), name: String($0.2))) }
    }
}

extension Node {
    /// The variables that its text names.
    var references: [VariableReference] { text.map(VariableReference.all) ?? [] }
}
