/// The findings about a definition, as they come.
final class Findings {
    /// How many of each severity are told: nobody reads more, and a definition that is made to take long has any number.
    private static let limit = 1_000

    /// What the pipeline is called that is looked at.
    var pipeline = ""
    private(set) var all: [Finding] = []
    private var counts: [Finding.Severity: Int] = [:]

    /// Notes a finding; what rests on a default is no error, since another value may come in its place.
    func note(
        _ id: Finding.ID,
        at place: Place,
        _ action: String? = nil,
        isAssumed: Bool = false,
        as severity: Finding.Severity? = nil,
        _ text: () -> String
    ) {
        var severity = severity ?? id.severity
        if isAssumed, severity == .error { severity = .warning }
        guard counts[severity, default: 0] < Self.limit else { return }
        counts[severity, default: 0] += 1
        let text = (isAssumed ? "By a default: " : "") + text()
        all.append(Finding(id: id, severity: severity, place: place, pipeline: pipeline, action: action, text: text))
    }
}
