package import Foundation

extension Plan {
    /// A definition's first pipeline as CreatePipeline takes it, for a stand-in that plays it.
    ///
    /// What can't be known is a text that is alike for functions that are alike. Of two values that a condition chooses from, it's the first.
    ///
    /// - Throws: ``DefinitionError`` if the definition can't be read.
    package static func declaration(of definition: some Collection<UInt8>) throws(DefinitionError) -> Data {
        let root = try DefinitionText.read(definition).root
        let pipeline = try DefinitionReader.pipelines(in: root)[0]
        var value = json(pipeline.node, Template(root), hasOwnNames: false) as? [String: Any] ?? [:]
        value["name"] = value["name"] ?? pipeline.name
        guard let data = try? JSONSerialization.data(withJSONObject: value) else {
            throw DefinitionError("has no pipeline that can be played.", at: pipeline.node.place)
        }
        return data
    }

    /// The words of a function, so that those that are alike give names that are alike.
    private static func words(_ node: Node) -> [String] {
        switch node.content {
        case .text(let text): text.split { !$0.isLetterOrDigit }.map(String.init)
        case .list(let nodes), .oneOf(let nodes): nodes.flatMap(words)
        case .map(let members): members.flatMap { words($0.value) }
        case .unknown, .nothing: ["unknown"]
        }
    }

    /// A value of plain JSON, with the names that CodePipeline has; `nil` for nothing.
    ///
    /// `hasOwnNames` says whether the members' names are the author's.
    private static func json(_ written: Node, _ template: Template, hasOwnNames: Bool) -> Any? {
        let node = template.resolved(written)
        switch node.content {
        case .text(let text): return text
        case .list(let nodes): return nodes.compactMap { json($0, template, hasOwnNames: hasOwnNames) }
        case .map(let members):
            var object: [String: Any] = [:]
            for member in members {
                let first = member.name.prefix(1)
                let name = hasOwnNames ? member.name : first.lowercased() + member.name.dropFirst()
                let value = json(member.value, template, hasOwnNames: hasOwnNames || name == "configuration")
                object[name] = name == "runOrder" ? (value as? String).flatMap { Int($0) } : value
            }
            return object
        case .unknown: return words(written).joined(separator: "-")
        case .oneOf(let nodes): return nodes.first.flatMap { json($0, template, hasOwnNames: hasOwnNames) }
        case .nothing: return nil
        }
    }
}
