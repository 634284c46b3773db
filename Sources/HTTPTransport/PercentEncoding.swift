/// Percent-encoding of RFC 3986: everything but the unreserved characters, digits in upper case.
package enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Encodes the UTF-8 bytes of a text, as one segment of a path or one part of a query.
    ///
    /// `kept` is one more ASCII character that stays as it is, such as the slash of a path.
    package static func encode(_ text: String, keeping kept: Character? = nil) -> String {
        encode(text.utf8, keeping: kept)
    }

    package static func encode(_ bytes: some Sequence<UInt8>, keeping kept: Character? = nil) -> String {
        let keptByte = kept?.asciiValue
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.underestimatedCount)
        for byte in bytes {
            if isUnreserved(byte) || byte == keptByte {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
