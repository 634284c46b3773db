/// What came of one check.
public struct CheckResult: Sendable, Hashable, Encodable {
    /// How it went.
    public struct Status: Sendable, Hashable {
        /// The word of the JSON.
        let word: String
        /// The mark before the line.
        let mark: String
        /// The mark's color, as a terminal takes it.
        let color: String

        /// It is well.
        public static let ok = Self(word: "ok", mark: "✓", color: "32")
        /// It is wrong.
        public static let failed = Self(word: "failed", mark: "✗", color: "31;1")
        /// It works, but somebody should know.
        public static let warning = Self(word: "warning", mark: "!", color: "33")
        /// It depends on something else that failed, or can't be tried without harm.
        public static let notTried = Self(word: "not_tried", mark: "–", color: "2")
    }

    /// What was tried.
    public let name: String
    /// How it went.
    public internal(set) var status: Status
    /// What was seen; where nothing was tried, why.
    public internal(set) var evidence: String
    /// What to do, as a command or a setting.
    public internal(set) var fix: String?

    private enum CodingKeys: String, CodingKey {
        case name, status, evidence, fix
    }

    /// Writes an object that always has all four members.
    ///
    /// - Throws: The encoder's error.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(status.word, forKey: .status)
        try container.encode(evidence, forKey: .evidence)
        try container.encode(fix, forKey: .fix)
    }

    package static func ok(_ name: String, _ evidence: String) -> Self {
        .init(name: name, status: .ok, evidence: evidence)
    }

    package static func failed(_ name: String, _ evidence: String, fix: String) -> Self {
        .init(name: name, status: .failed, evidence: evidence, fix: fix)
    }

    package static func warning(_ name: String, _ evidence: String, fix: String) -> Self {
        .init(name: name, status: .warning, evidence: evidence, fix: fix)
    }

    package static func notTried(_ name: String, _ reason: String, fix: String? = nil) -> Self {
        .init(name: name, status: .notTried, evidence: reason, fix: fix)
    }

    /// The result with secrets masked in what others may have said; the fix is in this program's own words.
    func masked(_ mask: (String) -> String) -> Self {
        .init(name: name, status: status, evidence: mask(evidence), fix: fix)
    }
}
