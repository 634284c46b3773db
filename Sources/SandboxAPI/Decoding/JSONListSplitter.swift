import HTTPTransport

/// Cuts a list of JSON into its elements while it comes, and holds no more of it than one of them.
struct JSONListSplitter {
    private enum Stage {
        case before, inside, after
        /// It is something else than a list.
        case other
    }

    /// The largest element, in bytes.
    private static let longestElement = 1 << 20
    /// How much is kept of what is no list: enough for an error.
    private static let longestOther = 256 << 10

    private var stage = Stage.before
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    /// The beginning of an element whose end is still to come.
    private var beginning: [UInt8] = []
    /// What came instead of a list.
    private(set) var other: [UInt8] = []
    private var failure: MalformedReply?

    /// The most bytes that are held at any time; for tests.
    var held: Int { beginning.capacity + other.capacity }

    /// Takes the next bytes, and gives each element that ends in them.
    mutating func take(_ bytes: BorrowedBytes, _ each: (BorrowedBytes) -> Void) {
        guard failure == nil else { return }
        var start = bytes.startIndex
        for index in bytes.indices {
            let byte = bytes[index]
            switch stage {
            case .before:
                guard !Self.isBlank(byte) else { continue }
                stage = byte == UInt8(ascii: "[") ? .inside : .other
                start = index + (stage == .inside ? 1 : 0)
            case .after:
                if !Self.isBlank(byte) {
                    failure = MalformedReply(reason: "there is something after its end")
                    return
                }
            case .inside:
                guard isBorder(byte) else { continue }
                finish(bytes[start..<index], each)
                start = index + 1
                if byte == UInt8(ascii: "]") { stage = .after }
            case .other: break
            }
            if case .other = stage { break }
        }
        switch stage {
        case .inside: keep(bytes[start...])
        case .other:
            other += bytes[start...].prefix(Self.longestOther - other.count)
        case .before, .after: break
        }
    }

    /// Whether a byte inside of the list ends an element of it.
    private mutating func isBorder(_ byte: UInt8) -> Bool {
        if isInText {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInText = false
            }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""): isInText = true
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "]") where depth == 0: return true
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
        case UInt8(ascii: ","): return depth == 0
        default: break
        }
        return false
    }

    private mutating func finish(_ end: BorrowedBytes, _ each: (BorrowedBytes) -> Void) {
        guard !beginning.isEmpty else { return each(end.rebased) }
        keep(end)
        beginning.lend { each($0) }
        beginning.removeAll(keepingCapacity: true)
    }

    private mutating func keep(_ bytes: BorrowedBytes) {
        guard beginning.count + bytes.count <= Self.longestElement else {
            failure = MalformedReply(reason: "an element of it is larger than \(Self.longestElement) bytes")
            beginning = []
            return
        }
        beginning += bytes
    }

    /// Checks that the whole list has come.
    func checkEnd() throws(MalformedReply) {
        if let failure { throw failure }
        guard case .after = stage else { throw MalformedReply(reason: "it isn't a whole list") }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
