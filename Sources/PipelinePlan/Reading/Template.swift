import Foundation

/// A CloudFormation template, as far as its functions' values can be known.
struct Template: Sendable {
    private var parameters: [String: Node] = [:]

    /// A definition without functions.
    init() {}

    /// A template.
    init(_ root: Node) {
        for parameter in root["Parameters"]?.members ?? [] {
            // What a parameter of another type stands for is known at the deployment alone.
            guard case .text(let type) = parameter.value["Type"]?.content, type == "String" || type == "Number",
                let value = parameter.value["Default"], case .text = value.content
            else { continue }
            parameters[parameter.name] = value
        }
    }

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
            if let value = parameters[name] {
                result.content = value.content
                result.isAssumed = true
            }
        case ("Fn::Sub", .text(let text)):
            if let (text, isAssumed) = substituted(text) {
                result.content = .text(text)
                result.isAssumed = isAssumed
            }
        case ("Fn::Join", .list(let arguments)) where arguments.count == 2:
            guard case .text(let separator) = arguments[0].content,
                case .list(let parts) = resolved(arguments[1], depth: depth + 1).content
            else { break }
            let known = parts.map { resolved($0, depth: depth + 1) }
            let texts = known.compactMap { if case .text(let text) = $0.content { text } else { nil } }
            if texts.count == parts.count {
                result.content = .text(texts.joined(separator: separator))
                result.isAssumed = known.contains(where: \.isAssumed)
            }
        case ("Fn::If", .list(let arguments)) where arguments.count == 3:
            result.content = .oneOf(arguments.dropFirst().map { resolved($0, depth: depth + 1) })
        default: break
        }
        return result
    }

    private func substituted(_ text: String) -> (String, isAssumed: Bool)? {
        var result = ""
        var rest = text[...]
        var isAssumed = false
        while let open = rest.range(of: "${"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            result += rest[..<open.lowerBound]
            let name = rest[open.upperBound..<close]
            if name.hasPrefix("!") {
                result += "${\(name.dropFirst())}"
            } else if case .text(let value) = parameters[String(name)]?.content {
                result += value
                isAssumed = true
            } else {
                return nil
            }
            rest = rest[rest.index(after: close)...]
        }
        return (result + rest, isAssumed)
    }
}
