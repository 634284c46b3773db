/// What came of one check.
public struct CheckResult: Sendable, Hashable, Encodable {
    /// How it went.
    public enum Status: String, Sendable, Encodable {
        case ok
        case failed
        /// It works, but somebody should know.
        case warning
        /// It depends on something else that failed, or can't be tried without harm.
        case notTried = "not tried"

        /// The mark before the line.
        var mark: String {
            switch self {
            case .ok: "✓"
            case .failed: "✗"
            case .warning: "!"
            case .notTried: "–"
            }
        }
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
        try container.encode(status, forKey: .status)
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
