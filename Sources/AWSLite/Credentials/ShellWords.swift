/// Splits a line into words as a POSIX shell does, without expanding anything; botocore's `shlex.split`.
enum ShellWords {
    /// A word as it has to be written to be one.
    static func quoted(_ word: String) -> String {
        split(word) == [word] ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }

    /// The words, or `nil` where a quotation mark or a backslash lacks its end.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var quote: Unicode.Scalar?
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if isEscaped {
                // Between double quotation marks a backslash stands for itself, but before one or another backslash.
                if let quote, scalar != quote, scalar != "\\" { word?.append("\\") }
                word?.append(scalar)
                isEscaped = false
            } else if scalar == "\\", quote != "'" {
                word = word ?? .init()
                isEscaped = true
            } else if let open = quote {
                if scalar == open { quote = nil } else { word?.append(scalar) }
            } else if scalar == "\"" || scalar == "'" {
                word = word ?? .init()
                quote = scalar
            } else if scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n" {
                if let word { words.append(String(word)) }
                word = nil
            } else {
                word = word ?? .init()
                word?.append(scalar)
            }
        }
        guard quote == nil, !isEscaped else { return nil }
        if let word { words.append(String(word)) }
        return words
    }
}
