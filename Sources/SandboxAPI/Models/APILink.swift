/// A link within the API, as the lab gives it for an object and what belongs to it.
public struct APILink: Hashable, Sendable, Codable {
    /// Where it leads, relative to the API's versioned root.
    public var href: String
    /// The method to call it with.
    public var method: String?
    /// What it is for, in the lab's words.
    public var name: String?
    /// Whether ``href`` is a template.
    public var isTemplated: Bool?

    /// Makes a link, as a test does.
    public init(href: String, method: String? = nil, name: String? = nil, isTemplated: Bool? = nil) {
        self.href = href
        self.method = method
        self.name = name
        self.isTemplated = isTemplated
    }

    private enum CodingKeys: String, CodingKey {
        case href, method, name
        case isTemplated = "templated"
    }

    /// Reads what the lab sends.
    public init(from decoder: any Decoder) throws {
        let object = try LenientObject(decoder)
        guard let href = object.filledString("href") else { throw MissingMember.error("href", decoder) }
        self.init(
            href: href,
            method: object.filledString("method"),
            name: object.filledString("name"),
            isTemplated: object.bool("templated")
        )
    }
}
