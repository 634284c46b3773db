/// Percent-encoding of RFC 3986.
package enum PercentEncoding {
    /// Encodes a text as one segment of a path or one value of a query: all but the unreserved characters.
    package static func encode(_ text: String) -> String {
        encode(text, lowerCase: false)
    }

    static func encode(_ text: String, lowerCase: Bool) -> String {
        let digits = Array((lowerCase ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Encodes a segment of a path; `.` and `..`, which a server would take for steps in the tree, are encoded too.
    static func segment(_ text: String) -> String {
        text == "." || text == ".." ? text.replacing(".", with: "%2E") : encode(text)
    }
}
