/// Bounds texts from outside before work is done on them, so that no secret shows at the place where one is cut.
///
/// Half of a secret is no longer known for what it is. So more than is wanted is masked, and the edge is cut off with
/// whatever half of a secret it may hold.
package enum BoundedText {
    /// More bytes than any secret has in any of its forms.
    private static let longestSecret = 32 << 10

    /// The beginning of a text, masked.
    ///
    /// It has at most `limit` bytes, and fewer where secrets were long. `mask` masks all secrets in a text.
    package static func beginning(of text: String, limit: Int, _ mask: (String) -> String) -> String {
        guard text.utf8.count > limit + 2 * longestSecret else { return mask(text).beginning(limit) }
        let masked = mask(text.beginning(limit + 2 * longestSecret))
        return masked.beginning(min(limit, max(0, masked.utf8.count - longestSecret)))
    }

    /// The end of a text, masked, as ``beginning(of:limit:_:)`` masks its beginning.
    package static func end(of text: String, limit: Int, _ mask: (String) -> String) -> String {
        guard text.utf8.count > limit + 2 * longestSecret else { return mask(text).end(limit) }
        let masked = mask(text.end(limit + 2 * longestSecret))
        return masked.end(min(limit, max(0, masked.utf8.count - longestSecret)))
    }
}

extension String {
    /// The first bytes, at most so many, between two Unicode scalars.
    package func beginning(_ limit: Int) -> String {
        guard utf8.count > limit else { return self }
        return String(self[..<boundary(utf8.index(startIndex, offsetBy: limit))])
    }

    /// The last bytes, at most so many, between two Unicode scalars.
    package func end(_ limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var start = utf8.index(endIndex, offsetBy: -limit)
        while start < endIndex, utf8[start] & 0xC0 == 0x80 { start = utf8.index(after: start) }
        return String(self[start...])
    }

    private func boundary(_ index: Index) -> Index {
        var index = index
        while index > startIndex, utf8[index] & 0xC0 == 0x80 { index = utf8.index(before: index) }
        return index
    }
}
