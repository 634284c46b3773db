/// A link within the API, as the lab gives it for an object and what belongs to it.
package struct APILink: Hashable, Sendable, Codable {
    /// Where it leads, relative to the API's versioned root.
    package var href: String
    /// The method to call it with.
    package var method: String?
    /// What it is for, in the lab's words.
    package var name: String?
    /// Whether ``href`` is a template.
    package var isTemplated: Bool?

    /// Makes a link, as a test does.
    package init(href: String, method: String? = nil, name: String? = nil, isTemplated: Bool? = nil) {
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
    package init(from decoder: any Decoder) throws {
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
