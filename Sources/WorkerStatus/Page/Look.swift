import JobEngine

/// How a state looks: a colour, and always a sign and a word beside it.
enum Look: String, Sendable {
    case running
    case succeeded
    case failed
    case abandoned
    case waiting
    case requeued
    case paused
    case quiet

    init(_ stage: WorkerSnapshot.Stage) {
        self =
            switch stage {
            case .waiting: .waiting
            case .requeued: .requeued
            default: .running
            }
    }

    init(_ ending: WorkerSnapshot.Ending) {
        self =
            switch ending {
            case .succeeded: .succeeded
            case .failed: .failed
            case .abandoned: .abandoned
            default: .quiet
            }
    }

    /// The sign.
    private var sign: String {
        switch self {
        case .running: "▶"
        case .succeeded: "✓"
        case .failed: "✕"
        case .abandoned: "⊘"
        case .waiting: "…"
        case .requeued: "↻"
        case .paused: "‖"
        case .quiet: "–"
        }
    }

    /// A badge with the sign and a word, which begins with a capital letter there.
    func badge(_ word: String) -> HTML {
        let word = word.prefix(1).uppercased() + word.dropFirst()
        return "<span class=\"badge \(rawValue)\"><span aria-hidden=\"true\">\(sign)</span> \(word)</span>"
    }
}
