/// Numbers in hexadecimal digits.
enum HexDigits {
    /// The number that at most eight digits are; `nil` where one is none.
    static func value(_ digits: some Sequence<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit & 0x0F)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | (UInt32(digit & 0x0F) + 9)
            default: return nil
            }
        }
        return value
    }
}
