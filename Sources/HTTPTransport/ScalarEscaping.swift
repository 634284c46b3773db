extension String {
    /// The text with other texts for some of its Unicode scalars.
    ///
    /// Whoever reads escaped text goes by scalars. `Character` and `replacing(_:with:)` don't: to them a quote with a
    /// combining mark is no quote, and CR LF no LF.
    ///
    /// `escape` returns what stands for a scalar; `nil` where it stands for itself.
    package func escaping(_ escape: (Unicode.Scalar) -> String?) -> String {
        var escaped = ""
        escaped.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            if let text = escape(scalar) {
                escaped += text
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
