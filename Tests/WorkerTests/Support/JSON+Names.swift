import LocalCloud

extension JSON {
    /// The value with its members' names in capitals at the beginning.
    var capitalized: JSON { renamed { $0.prefix(1).uppercased() + $0.dropFirst() } }

    /// The value with its members' names like `this_name`.
    var snakeCased: JSON {
        renamed { name in
            String(name.flatMap { $0.isUppercase ? ["_", Character($0.lowercased())] : [$0] })
        }
    }

    private func renamed(_ rename: (String) -> String) -> JSON {
        switch self {
        case .object(let members):
            .object(Dictionary(uniqueKeysWithValues: members.map { (rename($0), $1.renamed(rename)) }))
        case .array(let elements): .array(elements.map { $0.renamed(rename) })
        default: self
        }
    }
}
