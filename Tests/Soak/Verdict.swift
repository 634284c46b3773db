/// What a run has come to.
struct Verdict: Sendable, CustomStringConvertible {
    var seconds = 0.0
    var kills = 0
    var stops = 0
    /// Processes that didn't end as they should, or of their own accord.
    var badEnds: [String] = []
    var faults = 0
    /// How often a worker's clock was put forward or back.
    var steps = 0
    /// How often a copy of a worker's state folder was run beside it.
    var copies = 0
    /// How often the lab refused logins for a while.
    var refusals = 0
    /// Sandboxes and executions that came of requests which something on the way repeated.
    var repeated = 0
    /// Sandboxes of that kind that run on though their pipeline has ended, and were not told.
    var untoldTwins = 0
    var requests = 0
    var pipelines = 0
    var jobs = 0
    var sandboxes = 0
    var executions = 0
    /// Actions that have never ended.
    var lost = 0
    /// Sandboxes and executions beyond the one that an action is for.
    var doubled = 0
    /// Pipelines that were stopped, or that fail before their End action.
    var unfinished = 0
    /// Sandboxes that nobody has ended, though their pipeline has been over for longer than the grace.
    var leftOver = 0
    /// Each of them.
    var leftovers: [String] = []
    /// Those of them that bear one tag with another, so that it can't be proven which is the action's.
    var leftTwins = 0
    /// Actions that have failed, by what they said.
    var failures: [String: Int] = [:]

    /// Whether nothing was lost and nothing done twice.
    var isGood: Bool { lost == 0 && doubled == 0 && leftOver == 0 && untoldTwins == 0 && badEnds.isEmpty }

    var description: String {
        var lines = [
            "seconds             \(Int(seconds))", "SIGKILLs            \(kills)", "SIGTERMs            \(stops)",
            "faults on the way   \(faults)", "steps of a clock    \(steps)", "copied folders      \(copies)",
            "refused logins      \(refusals)", "repeated by a box   \(repeated)", "untold twins        \(untoldTwins)",
            "requests            \(requests)", "pipelines           \(pipelines)",
            "failing or stopped  \(unfinished)",
            "jobs                \(jobs)", "sandboxes           \(sandboxes)", "executions          \(executions)",
            "bad ends            \(badEnds.count)", "left over           \(leftOver)",
            "left twins          \(leftTwins)",
            "failed, and said so \(failures.values.reduce(0, +))", "lost                \(lost)",
            "doubled             \(doubled)",
        ]
        for end in badEnds { lines.append("  bad end: \(end)") }
        for sandbox in leftovers { lines.append("  left over: \(sandbox)") }
        for (message, count) in failures.sorted(by: { $0.value > $1.value }) { lines.append("  \(count) × \(message)") }
        return lines.joined(separator: "\n")
    }
}
