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
        private let start: UInt32
        private let end: UInt32
        private var nextValue: UInt32

        fileprivate init(kind: Kind, range: Range<Int>, next: Int) {
            self.kind = kind
            start = UInt32(range.lowerBound)
            end = UInt32(range.upperBound)
            nextValue = UInt32(next)
        }

        /// Where it stands in the text, without quotes.
        var range: Range<Int> { Int(start)..<Int(end) }

        /// Where the value after it stands in the list.
        fileprivate(set) var next: Int {
            get { Int(nextValue) }
            set { nextValue = UInt32(newValue) }
        }
    }

    /// Whether somebody asked for what isn't there, so that `JSONDecoder` might answer otherwise.
    var isDoubtful = false
    let values: ContiguousArray<Value>
    private let bytes: [UInt8]

    /// Reads a text; `nil` where it is broken or unusual.
    ///
    /// It has at most `mostValues` values.
    init?(_ data: Data, mostValues: Int) {
        // A place in it has 32 bits.
        guard data.count < UInt32.max else { return nil }
        let bytes = Array(data)
        let values = bytes.lend { bytes -> ContiguousArray<Value>? in
            var scanner = JSONScanner(bytes)
            var reader = Reader(bytes: bytes, mostValues: mostValues)
            return reader.read(&scanner, depth: 0) && scanner.isAtEnd() ? reader.values : nil
        }
        guard let values else { return nil }
        self.values = values
        self.bytes = bytes
    }

    /// Makes the list of values.
    private struct Reader {
        let bytes: BorrowedBytes
        var values: ContiguousArray<Value> = []

        /// A longer object is left to `JSONDecoder`, which finds its members faster.
        private static let mostMembers = 64

        init(bytes: BorrowedBytes, mostValues: Int) {
            self.bytes = bytes
            values.reserveCapacity(min(bytes.count / 16, mostValues))
        }

        mutating func read(_ scanner: inout JSONScanner, depth: Int) -> Bool {
            guard depth < JSONScanner.deepest else { return false }
            switch scanner.next() {
            case UInt8(ascii: "\""):
                guard let text = scanner.text() else { return false }
                add(text.hasEscapes ? .escapedText : .text, text.range)
            case UInt8(ascii: "{"):
                let object = add(.object)
                var count = 0
                guard
                    scanner.members({ scanner, key in
                        count += 1
                        let name = key.utf8
                        let twin = values.member(of: object, until: values.count) { key, _ in name.equals(bytes[key]) }
                        guard key.isPlain, count <= Self.mostMembers, twin == nil else { return false }
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
        private mutating func add(_ kind: Kind, _ range: Range<Int> = 0..<0) -> Int {
            values.append(Value(kind: kind, range: range, next: values.count + 1))
            return values.count - 1
        }
    }

    /// Where the value of a key stands; `nil` where the object hasn't got it.
    func index(of key: String, in object: Int) -> Int? {
        key.lend { wanted in member(of: object) { key, _ in wanted.equals(key) } }
    }

    /// Where the value of an object's first member stands that is as wanted, by its key and where its value stands.
    func member(of object: Int, where isWanted: (BorrowedBytes, Int) -> Bool) -> Int? {
        bytes.lend { bytes in
            values.member(of: object, until: values[object].next) { isWanted(bytes[$0], $1) }
        }
    }

    /// Where the keys of an object stand.
    func keys(of object: Int) -> [Int] {
        var keys: [Int] = []
        _ = values.member(of: object, until: values[object].next) { _, value in
            keys.append(value - 1)
            return false
        }
        return keys
    }

    /// A text.
    func string(_ index: Int) -> String? {
        let range = values[index].range
        return bytes.lend { bytes in
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

extension ContiguousArray<JSONTape.Value> {
    /// Where the value of an object's first member stands that is as wanted, by where its key is in the text, and where its
    /// value stands.
    fileprivate func member(of object: Int, until end: Int, where isWanted: (Range<Int>, Int) -> Bool) -> Int? {
        var index = object + 1
        while index < end {
            if isWanted(self[index].range, index + 1) { return index + 1 }
            index = self[index + 1].next
        }
        return nil
    }
}
