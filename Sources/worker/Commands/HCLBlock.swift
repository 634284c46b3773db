/// A block of HCL, Terraform's language: a label, attributes, and blocks within.
struct HCLBlock {
    /// An attribute's value.
    enum Value {
        case text(String)
        case number(Int)
        case bool(Bool)
    }

    private let label: String
    private let attributes: [(String, Value)]
    private let blocks: [HCLBlock]

    /// Creates a block.
    init(_ label: String, _ attributes: [(String, Value)], _ blocks: [HCLBlock] = []) {
        self.label = label
        self.attributes = attributes
        self.blocks = blocks
    }

    /// The block's lines, formatted as `terraform fmt` does.
    func text(indent: Int = 0) -> String {
        let margin = String(repeating: " ", count: indent)
        let width = attributes.map(\.0.count).max() ?? 0
        let lines = attributes.map { name, value in
            "\(margin)  \(name.padding(to: width)) = \(value.text)\n"
        }
        let inner = (lines.isEmpty ? [] : [lines.joined()]) + blocks.map { $0.text(indent: indent + 2) }
        return "\(margin)\(label) {\n\(inner.joined(separator: "\n"))\(margin)}\n"
    }

    /// A text in quotes, in which nothing is a template.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        var before: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // ${ and %{ begin templates; the sign twice is the sign.
            case "{" where before == "$" || before == "%": quoted += "\(before){"
            case _ where scalar.properties.generalCategory == .control:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
            before = scalar
        }
        return quoted + "\""
    }
}

extension HCLBlock.Value {
    fileprivate var text: String {
        switch self {
        case .text(let text): HCLBlock.quoted(text)
        case .number(let number): String(number)
        case .bool(let bool): String(bool)
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
