/// The findings about one pipeline, as they come.
struct Findings: Sendable {
    let pipeline: PlannedPipeline
    private(set) var all: [Finding] = []

    init(_ pipeline: PlannedPipeline) {
        self.pipeline = pipeline
    }

    /// Notes a finding; what rests on a default is no error, since another value may come in its place.
    mutating func note(
        _ id: Finding.ID,
        at place: Place,
        _ action: PlannedAction? = nil,
        isAssumed: Bool = false,
        as severity: Finding.Severity? = nil,
        _ text: () -> String
    ) {
        let severity = severity ?? id.severity
        all.append(
            Finding(
                id: id,
                severity: isAssumed && severity == .error ? .warning : severity,
                place: place,
                pipeline: pipeline.label,
                action: action?.label,
                text: (isAssumed ? "By a default: " : "") + text()
            )
        )
    }
}
