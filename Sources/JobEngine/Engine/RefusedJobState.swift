import AWSLite

extension AWSError {
    /// The state of the job that a refusal's words name, such as `The job … is in state Dispatched`; `nil` if they name
    /// none, or several and it isn't clear which is meant.
    ///
    /// No member of a reply tells it.
    var namedJobState: CodePipeline.JobStatus? {
        let words = message.split { !$0.isLetter }.map(String.init)
        let named = words.indices.filter { Self.jobStates.contains(words[$0]) }
        if Set(named.map { words[$0] }).count == 1 { return named.first.map { .init(rawValue: words[$0]) } }
        let told = named.filter { index in
            let before = words[..<index].last { $0 != "is" && $0 != "of" }?.lowercased()
            return before == "state" || before == "status"
        }
        return told.count == 1 ? .init(rawValue: words[told[0]]) : nil
    }

    private static let jobStates: Set<String> = [
        "Created", "Queued", "Dispatched", "InProgress", "TimedOut", "Succeeded", "Failed",
    ]
}

extension CodePipeline.JobStatus {
    /// Whether a job of this state is nobody's yet.
    var isUnclaimed: Bool { self == .created || self == .queued || self == .dispatched }
}
