import Foundation
import LocalCloud
import QualiCore

/// Days like any other: nothing goes wrong, and so many jobs come that it is the calls that count.
///
/// `Docs/scale.md` says what they are to be.
struct Load {
    /// Jobs a day, a third each of starts, commands and ends.
    var jobsADay: Int
    var hosts: Int
    /// What the lab takes for each call; `nil` for as little as the network itself.
    var labTime: Duration?

    static let setup: Duration = .seconds(600)
    static let command: Duration = .seconds(60)
    /// When as many pipelines end as begin.
    static let start: Duration = .seconds(20 * 60)
    static let end: Duration = .seconds(80 * 60)

    /// How long a pipeline may take: setup and command, six looks for work, the pause to each end, and a score of calls of
    /// the lab's one after the other.
    var longest: Duration { .seconds(660 + 120) + (labTime ?? .zero) * 20 }

    var jobsASecond: Double { Double(jobsADay) / 86_400 }

    /// How many jobs are held at once on average.
    var waiting: Double { jobsASecond / 3 * ((Self.setup + Self.command) / .seconds(1)) }
}

extension Scenario {
    /// A world without any trouble in which pipelines of three jobs begin evenly over the time.
    init(_ load: Load) {
        self.load = load
        codePipeline.actionTimeout = .seconds(86_400)
        lab.emptyFirstReads = 0
        blueprint.beforeSetup = .zero
        blueprint.setup = .succeeds(after: Load.setup)
        blueprint.teardown = .succeeds(after: .seconds(10))
        blueprint.components = [
            LabComponent(
                name: "web-server",
                kind: .application,
                model: "Generic App Model",
                commands: [LabCommand(name: "deploy", params: [.init("Package")], duration: Load.command)]
            )
        ]
        let room = max(100, Int(load.waiting * 3) / load.hosts)
        hosts = (0..<load.hosts).map { _ in
            Host(handoff: .onStop, maxJobs: room, pollInterval: .seconds(5), skew: .zero, jumps: [], downfalls: [])
        }
        let pause = 3 / load.jobsASecond
        let count = Int(Load.end / .seconds(pause))
        pipelines = (1...max(1, count)).map { number in
            Pipeline(name: "P\(number)", actions: actions(number), start: .seconds(pause * Double(number)))
        }
        calm = Load.end
    }

    private func actions(_ number: Int) -> [VirtualPipeline.Action] {
        [
            .init(
                "Start",
                Names.start,
                ["BlueprintName": blueprint.name, "DurationInMinutes": "600"],
                outputs: ["Sandbox"]
            ),
            .init(
                "Run",
                Names.run,
                [
                    "ComponentName": "web-server.*", "CommandName": "deploy",
                    "ArgumentsJSON": #"{"Package": "P\#(number)"}"#,
                ],
                inputs: ["Sandbox"],
                runOrder: 2
            ),
            .init("End", Names.end, inputs: ["Sandbox"], runOrder: 3),
        ]
    }
}

/// Counts what services are asked for under a ``Load``.
struct LoadMeter {
    private var calls: [String: Int] = [:]
    private var labCalls = 0
    /// The jobs that each worker has acknowledged.
    private var jobs: [String: Int] = [:]
    private var held: [Int] = []
    private var longest: Duration = .zero

    /// A service has acted on a worker's request.
    mutating func handled(_ operation: String, at service: String, from worker: String, at time: Duration) {
        guard (Load.start..<Load.end).contains(time) else { return }
        calls[operation, default: 0] += 1
        if service == "lab" { labCalls += 1 }
        if operation == "AcknowledgeJob" { jobs[worker, default: 0] += 1 }
    }

    /// So many actions are under way now.
    mutating func underWay(_ count: Int, at time: Duration) {
        if (Load.start..<Load.end).contains(time) { held.append(count) }
    }

    /// A pipeline has ended after so long.
    mutating func ended(after duration: Duration) { longest = max(longest, duration) }

    /// A line of figures, and one that says of which calls.
    func summary(_ load: Load) -> String {
        let seconds = (Load.end - Load.start) / .seconds(1)
        func rate(_ count: Int) -> String {
            String(format: "%.2f", Double(count) / seconds)
        }
        let all = calls.values.reduce(0, +)
        let waiting = held.isEmpty ? 0 : held.reduce(0, +) / held.count
        let shares = jobs.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let list = calls.sorted { $0.key < $1.key }.map { "\($0.key) \(rate($0.value))" }
        return """
            \(load.jobsADay) jobs a day, \(load.hosts) workers: \(waiting) under way, \(rate(all - labCalls)) AWS calls \
            a second, \(rate(labCalls)) lab calls a second
            calls a second: \(list.joined(separator: ", "))
            jobs taken: \(shares.joined(separator: ", ")); the longest pipeline took \(longest)
            """
    }
}
