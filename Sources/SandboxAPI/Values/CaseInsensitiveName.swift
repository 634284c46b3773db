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
        left.folded == right.folded
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
}
