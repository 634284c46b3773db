/// A value in a CloudFormation template: a text, or a function of others.
enum TemplateExpression: Encodable, ExpressibleByStringLiteral {
    case text(String)
    case list([Self])
    case object([String: Self])

    init(stringLiteral value: String) { self = .text(value) }

    /// The value of a parameter.
    static func reference(_ name: String) -> Self { .object(["Ref": .text(name)]) }

    /// A text with parameters as `${Name}`.
    static func substituted(_ text: String) -> Self { .object(["Fn::Sub": .text(text)]) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}
