/// What metrics say of a worker besides what it counts.
struct WorkerFacts: Sendable {
    /// The program's version; `nil` for none to show.
    var version: String?
    /// The pipelines' region.
    var region: String
    /// The lab's host; `nil` where there is no lab.
    var labHost: String?
    /// Whether the worker is ready.
    var isReady: Bool
    /// Whether somebody has paused it.
    var isPaused = false
}
