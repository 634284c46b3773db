extension String {
    /// The text without white space around it.
    package var trimmingWhitespace: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// At most so many Unicode scalars, with an ellipsis where something was cut.
    ///
    /// Not characters, of which one may be as long as whoever wrote it likes.
    package func cut(to limit: Int) -> String {
        let scalars = unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return self }
        return self[..<scalars.index(before: end)] + "…"
    }
}
