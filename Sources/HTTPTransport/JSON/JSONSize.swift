package import FoundationEssentials

/// How many values a JSON text holds, found out before a decoder makes much more memory of them than the text has.
package enum JSONSize {
    /// How many values a reply may hold: those of 16 MiB of a lab's sandboxes, or of a thousand components.
    package static let mostValues = 500_000

    /// A text holds more values than are read.
    package struct TooManyValues: Error, CustomStringConvertible {
        /// How many would be read.
        package let limit: Int
        /// What is wrong, for a sentence about the text.
        package var description: String { "it holds more than \(limit) values" }
    }

    /// Checks that a text has no more than so many values, by a look at each byte.
    ///
    /// - Returns: At most how many it has.
    package static func check(_ data: Data, most limit: Int = mostValues) throws(TooManyValues) -> Int {
        // Each value but the last has a comma, a colon or a bracket beside it.
        guard data.count / 2 + 1 > limit else { return data.count / 2 + 1 }
        let count = data.lend { Self.count($0) }
        guard count <= limit else { throw TooManyValues(limit: limit) }
        return count
    }

    /// The commas and opening brackets outside of texts, and one more: the values, keys not counted.
    private static func count(_ bytes: BorrowedBytes) -> Int {
        var count = 1
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): count += 1
            case UInt8(ascii: "\""):
                index += 1
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
            default: break
            }
            index += 1
        }
        return count
    }
}
