/// A CloudFormation template, as far as its functions' values can be known.
struct Template: Sendable {
    /// The parameters' defaults, which somebody may replace.
    private var defaults: [String: String] = [:]

    /// A template, or a definition without functions.
    init(_ root: Node) {
        for parameter in root["Parameters"]?.members ?? [] {
            // What a parameter of another type stands for is known at the deployment alone.
            guard let type = parameter.value["Type"]?.text, type == "String" || type == "Number" else { continue }
            defaults[parameter.name] = parameter.value["Default"]?.text
        }
    }

    /// A member with its functions done, but for those of its members.
    func member(_ name: String, of node: Node) -> Node? { node[name].map { resolved($0) } }

    /// A value with its functions done, but for those of its members.
    func resolved(_ node: Node, depth: Int = 0) -> Node {
        guard case .map(let members) = node.content, let function = members.first?.name,
            function == "Ref" || function == "Condition" && members.count == 1 || function.hasPrefix("Fn::")
        else { return node }
        var result = node
        result.content = .unknown
        // With others beside it, it is a macro, which may make anything of them.
        guard members.count == 1, depth < 20, let argument = members.first?.value else { return result }
        switch (function, argument.content) {
        case ("Ref", .text("AWS::NoValue")): result.content = .nothing
        case ("Ref", .text(let name)):
            guard let value = defaults[name] else { break }
            result.content = .text(value)
            result.isAssumed = true
        case ("Fn::Sub", .text(let text)):
            let known = text.replacingAll(/\$\{([^{}]*)\}/) { match in
                if match.1.hasPrefix("!") { return "${\(match.1.dropFirst())}" }
                result.isAssumed = true
                return defaults[String(match.1)]
            }
            if let known { result.content = .text(known) }
        case ("Fn::Join", .list(let arguments)) where arguments.count == 2:
            guard let separator = arguments[0].text,
                case .list(let written) = resolved(arguments[1], depth: depth + 1).content
            else { break }
            let parts = written.map { resolved($0, depth: depth + 1) }
            let texts = parts.compactMap(\.text)
            guard texts.count == parts.count else { break }
            result.content = .text(texts.joined(separator: separator))
            result.isAssumed = parts.contains(where: \.isAssumed)
        case ("Fn::If", .list(let arguments)) where arguments.count == 3:
            result.content = .oneOf(arguments.dropFirst().map { resolved($0, depth: depth + 1) })
        default: break
        }
        return result
    }
}

extension String {
    /// The text with all matches replaced; `nil` where one of them has no replacement.
    func replacingAll<Output>(_ pattern: Regex<Output>, by value: (Regex<Output>.Match) -> String?) -> String? {
        var isKnown = true
        let text = replacing(pattern) { match in
            let value = value(match)
            isKnown = isKnown && value != nil
            return value ?? ""
        }
        return isKnown ? text : nil
    }
}
