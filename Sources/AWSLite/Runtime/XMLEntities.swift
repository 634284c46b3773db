/// The entities that any XML document has: the five predefined ones and numeric ones.
enum XMLEntities {
    /// The longest name between `&` and `;`.
    private static let longest = 9

    /// Text with its entities expanded; what is none that is known stays as it is.
    ///
    /// - Returns: The text, and whether everything that looked like an entity was known.
    static func expand(_ text: ArraySlice<UInt8>) -> (text: [UInt8], isWhole: Bool) {
        var (result, isWhole): ([UInt8], Bool) = ([], true)
        var rest = text
        while let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) {
            result += rest[..<ampersand]
            let after = rest[(ampersand + 1)...]
            if let end = after.prefix(longest + 1).firstIndex(of: UInt8(ascii: ";")),
                let scalar = scalar(Substring(decoding: after[..<end], as: UTF8.self))
            {
                result += Array(String(Character(scalar)).utf8)
                rest = after[(end + 1)...]
            } else {
                isWhole = false
                result.append(UInt8(ascii: "&"))
                rest = after
            }
        }
        return (result + rest, isWhole)
    }

    private static func scalar(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init)
        }
    }
}
