import JobEngine

/// How a state looks: a colour, and always a sign and a word beside it.
enum Look: String, Sendable, CaseIterable {
    case running
    case succeeded
    case failed
    case abandoned
    case waiting
    case quiet

    init(_ ending: WorkerSnapshot.Ending) {
        self =
            switch ending {
            case .succeeded: .succeeded
            case .failed: .failed
            case .abandoned: .abandoned
            default: .quiet
            }
    }

    /// The word.
    var word: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    /// The sign.
    private var sign: String {
        switch self {
        case .running: "▶"
        case .succeeded: "✓"
        case .failed: "✕"
        case .abandoned: "⊘"
        case .waiting: "…"
        case .quiet: "–"
        }
    }

    /// A badge with the sign and a word.
    func badge(_ word: String? = nil) -> HTML {
        "<span class=\"badge \(rawValue)\"><span aria-hidden=\"true\">\(sign)</span> \(word ?? self.word)</span>"
    }
}
