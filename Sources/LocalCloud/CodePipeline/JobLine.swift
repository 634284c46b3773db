/// The jobs that may be handed out, in order of their creation.
///
/// One that leaves is found by its number, however long the line is.
struct JobLine: Sendable {
    private var entries: [(number: Int, id: String)] = []

    var ids: some Sequence<String> { entries.lazy.map(\.id) }

    /// Adds a job that is newer than all others.
    mutating func append(_ job: Job) {
        entries.append((job.number, job.id))
    }

    /// Removes a job; one that isn't there does no harm.
    mutating func remove(_ job: Job) {
        var range = entries.indices
        while let first = range.first {
            let middle = first + range.count / 2
            let number = entries[middle].number
            if number == job.number {
                entries.remove(at: middle)
                return
            }
            range = number < job.number ? middle + 1..<range.upperBound : first..<middle
        }
    }
}
