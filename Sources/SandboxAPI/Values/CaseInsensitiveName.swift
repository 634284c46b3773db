import HTTPTransport

/// A name that the lab chooses: a state, a status, a type.
///
/// The lab's releases spell the same name in several ways (`Undeployed`, `undeployed`; `BeforeSetup`,
/// `Pending Setup`), and a later release may bring new names. So two names are equal when they differ only in case,
/// spaces, hyphens and underscores, and an unknown one is kept as it came.
public protocol CaseInsensitiveName: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
where RawValue == String {
    /// Wraps a name as the lab spells it.
    init(rawValue: String)
}

extension CaseInsensitiveName {
    /// Wraps a name as the lab spells it.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }

    /// The name as the lab spelled it.
    public var description: String { rawValue }

    /// The name without what may differ between spellings: the lower-case letters and digits alone.
    package var folded: String { rawValue.folded }

    /// Whether two names mean the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.rawValue.folds(to: right.rawValue)
    }

    /// Whether two names mean different things.
    ///
    /// Stated here because the standard library's `!=` for raw values would compare the spelling.
    public static func != (left: Self, right: Self) -> Bool {
        !(left == right)
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(folded)
    }
}

extension String {
    /// The text in lower case without spaces, hyphens and underscores.
    var folded: String {
        // Most names come as they are wanted.
        if utf8.allSatisfy({ (0x61...0x7A).contains($0) }) { return self }
        return lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
    }

    /// Whether two texts are the same once folded; replies have many names, so this makes no copies of them.
    func folds(to other: String) -> Bool {
        other.lend { folds(to: $0[...]) }
    }

    /// Whether a text is the same as one in UTF-8 once both are folded.
    func folds(to other: BorrowedBytes) -> Bool {
        lend { bytes in
            var (left, right) = (bytes[...], other)
            while true {
                let (a, b) = (left.nextFolded(), right.nextFolded())
                guard let a, let b else { return a == nil && b == nil }
                // Letters beyond ASCII are none of the lab's, but may be anybody's.
                guard a < 0x80, b < 0x80 else { return folded == String(decoding: other, as: UTF8.self).folded }
                guard a == b else { return false }
            }
        }
    }
}

extension BorrowedBytes {
    /// The next byte of a name, in lower case where it is ASCII.
    fileprivate mutating func nextFolded() -> UInt8? {
        while let byte = popFirst() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "_"), UInt8(ascii: "-"): continue
            case 0x41...0x5A: return byte | 0x20
            default: return byte
            }
        }
        return nil
    }
}
