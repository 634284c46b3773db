/// What a run is told on its command line.
struct SoakOptions: Sendable {
    static let usage =
        "usage: soak [--minutes N] [--kills N] [--pipelines N] [--workers N] [--without-right] [--clock LIBRARY] [--folder PATH], or soak --crowd N"

    /// How long workers are killed; decimals are allowed.
    var minutes = 60.0
    /// After how many kills to stop earlier.
    var kills = Int.max
    /// How many pipelines are under way at a time.
    var pipelines = 20
    /// How many workers share the queue.
    var workers = 2
    /// How many jobs are to wait while a worker is killed and stopped, in place of all else.
    var crowd: Int?
    /// Whether workers lack the right to `ListActionExecutions`.
    var deniesExecutions = false
    /// A library that steps the clock of a worker into which it is preloaded; without it clocks are left alone.
    var clock: String?
    /// Where the workers' journals and logs are kept.
    var folder = "/tmp/quali-worker-soak"

    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    init(_ arguments: [String]) throws {
        var words = arguments.makeIterator()
        while let name = words.next() {
            if name == "--without-right" {
                deniesExecutions = true
                continue
            }
            guard let value = words.next() else { throw Mistake(description: "\(name) needs a value") }
            func number<Number: LosslessStringConvertible & Comparable>(_ least: Number) throws -> Number {
                guard let number = Number(value), number >= least else {
                    throw Mistake(description: "\(name) is '\(value)'. Wanted: a number from \(least)")
                }
                return number
            }
            switch name {
            case "--minutes": minutes = try number(0)
            case "--kills": kills = try number(1)
            case "--pipelines": pipelines = try number(1)
            case "--workers": workers = try number(1)
            case "--crowd": crowd = try number(1)
            case "--clock": clock = value
            case "--folder": folder = value
            default: throw Mistake(description: "there is no option \(name)")
            }
        }
    }
}
