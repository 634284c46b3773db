import JobEngine

/// A value of a definition, with its place.
struct Node: Sendable {
    enum Content: Sendable {
        /// A text, a number or a truth value, as it is written.
        case text(String)
        case list([Node])
        case map([Member])
        /// What nobody can know before the template is deployed.
        case unknown
        /// One of some values.
        case oneOf([Node])
        /// Nothing: null, or `AWS::NoValue`.
        case nothing
    }

    struct Member: Sendable {
        let name: String
        let place: Place
        let value: Node
    }

    var content: Content
    let place: Place
    /// Whether it is a default, which somebody may replace by something else.
    var isAssumed = false
    /// Whether a condition may leave it out.
    var isOptional = false

    /// The text; `nil` where it is none, or can't be known.
    var text: String? {
        if case .text(let text) = content { text } else { nil }
    }

    var members: [Member] {
        if case .map(let members) = content { members } else { [] }
    }

    /// A member by its name, whatever the case of the name's first letter: CodePipeline's and CloudFormation's names differ
    /// in that alone.
    subscript(_ name: String) -> Node? {
        members.first { Self.isSame($0.name, name) }?.value
    }

    static func isSame(_ one: String, _ other: String) -> Bool {
        one.utf8.count == other.utf8.count && one.dropFirst() == other.dropFirst()
            && one.prefix(1).lowercased() == other.prefix(1).lowercased()
    }

    /// What it is, in words.
    var kind: String {
        switch content {
        case .text(let text): "'\(text.cut(to: 60))'"
        case .list: "a list"
        case .map: "a mapping"
        case .unknown, .oneOf: "a function's value"
        case .nothing: "nothing"
        }
    }
}

extension Character {
    /// Whether it is a letter or a digit of ASCII.
    var isLetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
