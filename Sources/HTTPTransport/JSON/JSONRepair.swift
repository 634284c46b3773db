package import FoundationEssentials

/// Mends the texts of a JSON text where they hold what no decoder takes.
///
/// What a program prints needn't be Unicode, and a service that quotes it may pass that on. One such character mustn't cost
/// the whole text.
package enum JSONRepair {
    /// The text with U+FFFD for bytes that aren't UTF-8 and for halves of surrogate pairs, and with escapes for control
    /// characters within texts; `nil` where there is nothing to mend, or it is in another encoding than UTF-8.
    package static func mended(_ data: Data) -> Data? {
        // UTF-16 and UTF-32 have zeros, or a mark that no UTF-8 begins with.
        guard !data.prefix(4).contains(0), data.first.map({ $0 < 0xFE }) ?? false else { return nil }
        let bytes = Array(String(decoding: data, as: UTF8.self).utf8)
        let wasBroken = !bytes.elementsEqual(data)
        let escaped = mendedEscapes(bytes)
        return escaped.map { Data($0) } ?? (wasBroken ? Data(bytes) : nil)
    }

    private static func mendedEscapes(_ bytes: [UInt8]) -> [UInt8]? {
        var mended: [UInt8] = []
        mended.reserveCapacity(bytes.count)
        var isMended = false
        var isInText = false
        var index = 0
        func keep(_ count: Int) {
            let end = min(index + count, bytes.count)
            mended += bytes[index..<end]
            index = end
        }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                isInText.toggle()
                keep(1)
            case UInt8(ascii: "\\") where isInText:
                guard let code = escapedCode(bytes, at: index), (0xD800...0xDFFF).contains(code) else {
                    keep(2)
                    continue
                }
                if code < 0xDC00, let low = escapedCode(bytes, at: index + 6), (0xDC00...0xDFFF).contains(low) {
                    keep(12)
                } else {
                    mended += "\u{FFFD}".utf8
                    index += 6
                    isMended = true
                }
            case 0..<0x20 where isInText:
                let digits = PercentEncoding.encode(CollectionOfOne(bytes[index])).dropFirst()
                mended += "\\u00\(digits)".utf8
                index += 1
                isMended = true
            default: keep(1)
            }
        }
        return isMended ? mended : nil
    }

    /// The number in an escape such as `\ud83d`; `nil` where there is none.
    private static func escapedCode(_ bytes: [UInt8], at index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        return HexDigits.value(bytes[(index + 2)..<(index + 6)])
    }
}
