/// Lengths that a service enforces and its SDKs don't.
enum Limits {
    /// A text cut to a length, between two characters.
    ///
    /// The length counts UTF-16 units. Whether CodePipeline counts those or Unicode scalars isn't documented;
    /// neither count can exceed this one.
    static func truncate(_ text: String, to limit: Int, marking: Bool = true) -> String {
        guard text.utf16.count > limit else { return text }
        let mark = marking && limit > 1 ? "…" : ""
        let room = limit - mark.utf16.count
        var length = 0
        var end = text.startIndex
        while end < text.endIndex {
            let next = text.index(after: end)
            length += text[end..<next].utf16.count
            if length > room { break }
            end = next
        }
        if end == text.startIndex {
            // One character alone is too long: cut it between scalars.
            let scalars = text.unicodeScalars.prefix(room / 2)
            return String(String.UnicodeScalarView(scalars)) + mark
        }
        return text[..<end] + mark
    }

    /// As ``truncate(_:to:marking:)``, with nothing for an empty text, which no member may be.
    static func optional(_ text: String?, to limit: Int, marking: Bool = true) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return truncate(text, to: limit, marking: marking)
    }
}
