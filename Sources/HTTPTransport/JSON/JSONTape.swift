import FoundationEssentials

/// A JSON text, read once into a flat list of its values, each before what is in it.
final class JSONTape {
    enum Kind {
        /// Its keys and values take turns.
        case object
        case list
        case text
        case escapedText
        case integer
        case decimal
        case truth(Bool)
        case null
    }

    struct Value {
        let kind: Kind
        /// Where it stands in the text, without quotes.
        let range: Range<Int>
        /// Where the value after it stands in the list.
        fileprivate(set) var next: Int
    }

    /// Whether somebody asked for what isn't there, so that `JSONDecoder` might answer otherwise.
    var isDoubtful = false
    private(set) var values: ContiguousArray<Value> = []
    private let bytes: [UInt8]

    /// A longer object is left to `JSONDecoder`, which finds its members faster.
    private static let mostMembers = 64

    /// Reads a text; `nil` where it is broken or unusual.
    init?(_ data: Data) {
        bytes = Array(data)
        values.reserveCapacity(bytes.count / 16)
        let isRead = bytes.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return read(&scanner, depth: 0) && scanner.isAtEnd()
        }
        guard isRead else { return nil }
    }

    private func read(_ scanner: inout JSONScanner, depth: Int) -> Bool {
        guard depth < JSONScanner.deepest else { return false }
        switch scanner.next() {
        case UInt8(ascii: "\""):
            guard let text = scanner.text() else { return false }
            add(text.hasEscapes ? .escapedText : .text, text.range)
        case UInt8(ascii: "{"):
            let object = add(.object)
            values[object].next = .max
            var count = 0
            guard
                scanner.members({ scanner, key in
                    count += 1
                    guard key.isPlain, count <= Self.mostMembers, index(of: key.utf8, in: object) == nil else {
                        return false
                    }
                    add(.text, key.range)
                    return read(&scanner, depth: depth + 1)
                })
            else { return false }
            values[object].next = values.count
        case UInt8(ascii: "["):
            let list = add(.list)
            guard scanner.elements({ read(&$0, depth: depth + 1) }) else { return false }
            values[list].next = values.count
        case UInt8(ascii: "t"):
            guard scanner.word("true") else { return false }
            add(.truth(true))
        case UInt8(ascii: "f"):
            guard scanner.word("false") else { return false }
            add(.truth(false))
        case UInt8(ascii: "n"):
            guard scanner.word("null") else { return false }
            add(.null)
        default:
            guard let number = scanner.number() else { return false }
            add(number.isInteger ? .integer : .decimal, number.range)
        }
        return true
    }

    @discardableResult
    private func add(_ kind: Kind, _ range: Range<Int> = 0..<0) -> Int {
        values.append(Value(kind: kind, range: range, next: values.count + 1))
        return values.count - 1
    }

    /// Where the value of a key stands; `nil` where the object hasn't got it.
    func index(of key: some Collection<UInt8>, in object: Int) -> Int? {
        var index = object + 1
        // The end of an object that is being read isn't known yet.
        let end = min(values[object].next, values.count)
        while index < end {
            let range = values[index].range
            if range.count == key.count, bytes[range].elementsEqual(key) { return index + 1 }
            index = values[index + 1].next
        }
        return nil
    }

    /// Where the keys of an object stand.
    func keys(of object: Int) -> [Int] {
        var keys: [Int] = []
        var index = object + 1
        while index < values[object].next {
            keys.append(index)
            index = values[index + 1].next
        }
        return keys
    }

    /// A text.
    func string(_ index: Int) -> String? {
        let range = values[index].range
        return bytes.withUnsafeBufferPointer { bytes in
            switch values[index].kind {
            case .text: String(validating: bytes[range], as: UTF8.self)
            case .escapedText:
                JSONScanner.Text(bytes: bytes, hasEscapes: true, isPlain: false, range: range).string
            default: nil
            }
        }
    }

    /// A whole number that is written as one.
    func integer(_ index: Int) -> Int64? {
        guard case .integer = values[index].kind else { return nil }
        var number: Int64 = 0
        let digits = bytes[values[index].range]
        for digit in digits where digit != UInt8(ascii: "-") { number = number * 10 + Int64(digit - UInt8(ascii: "0")) }
        return digits.first == UInt8(ascii: "-") ? -number : number
    }

    /// A number; `nil` also where it may be too great or too small for the type.
    func double(_ index: Int) -> Double? {
        if let integer = integer(index) { return Double(integer) }
        guard case .decimal = values[index].kind else { return nil }
        return Double(String(decoding: bytes[values[index].range], as: UTF8.self)).flatMap { $0.isNormal ? $0 : nil }
    }

    /// Notes that what is asked for isn't there.
    func doubt() -> any Error {
        isDoubtful = true
        return Doubt()
    }

    private struct Doubt: Error {}
}
