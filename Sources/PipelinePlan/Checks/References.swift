/// The variables that a text names, such as `#{lab.SandboxId}`.
struct VariableReference: Sendable, Hashable {
    let namespace: String
    let name: String

    /// All of a text, in their order.
    static func all(in text: String) -> [Self] {
        var found: [Self] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "#") {
            rest = rest[rest.index(after: open)...]
            guard rest.first == "{", let close = rest.firstIndex(of: "}") else { continue }
            let parts = rest[rest.index(after: rest.startIndex)..<close].split(
                separator: ".",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, parts.allSatisfy(isName) else { continue }
            found.append(Self(namespace: String(parts[0]), name: String(parts[1])))
        }
        return found
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "@-_".unicodeScalars.contains(scalar))
            }
    }

    /// A text with each of its variables replaced; where one has no replacement, `nil`.
    static func replaced(_ text: String, by value: (Self) -> String?) -> String? {
        var result = text
        for reference in all(in: text) {
            guard let value = value(reference) else { return nil }
            result = result.split(
                separator: "#{\(reference.namespace).\(reference.name)}",
                omittingEmptySubsequences: false
            )
            .joined(separator: value)
        }
        return result
    }
}
