import LocalCloud
import QualiCore

/// How long sandboxes are to live in a world, and what people do there meanwhile.
struct Lifetimes {
    /// What a person does, if it can be done at that time.
    enum Deed {
        /// Starts another execution of a pipeline.
        case start
        /// Stops the latest execution.
        case stop(abandon: Bool)
        /// Tries a stage of the latest execution again.
        case retry(VirtualPipeline.RetryMode)
        /// Goes back to what an earlier execution did in the first of these stages in which one has succeeded.
        case rollback(of: [String])
        /// Edits the pipeline, which cancels what runs.
        case edit
        /// Reserves a sandbox that no pipeline has to do with.
        case reserve(Reservation)
    }

    /// A sandbox of somebody else's.
    enum Reservation: CaseIterable {
        /// With a name that a person thinks of.
        case plain
        /// With a tag that no action of this account has.
        case foreign
        /// With the name, and so the tag, of one that an action has started and named.
        case copy
    }

    /// An approval: an action that no worker takes.
    struct Gate {
        /// How long it takes; `nil` where nobody ever gives it.
        var length: Duration?
        /// How often it is refused before it is given, in each pipeline.
        var refusals: Int
    }

    /// What the workers' settings say.
    var endWithPipeline: EndWithPipeline
    var grace: Duration
    var interval: Duration
    /// What is done when, and to which pipeline.
    var deeds: [(time: Duration, pipeline: Int, what: Deed)] = []
    /// The approvals, by pipeline.
    var gates: [String: Gate] = [:]
    /// When the lab refuses to extend anything.
    var refusedExtensions: Range<Duration>?
    /// What the workers may not call.
    var deniedCalls: Set<String> = []
    /// Whether the whole fleet is gone at the end.
    var isFleetLost = false

    static let gate = VirtualPipeline.ActionType(category: "Test", provider: "Gate", version: "1")
    static let person = LabAccount(username: "anna", password: "anna-of-the-lab")

    /// When the last thing is done.
    var horizon: Duration { max(deeds.map(\.time).max() ?? .zero, refusedExtensions?.upperBound ?? .zero) }
}

extension Scenario {
    /// From this seed on worlds are about how long sandboxes live.
    static let lifetimeGeneration: UInt64 = 9_000_000

    mutating func drawLifetimes(_ seed: UInt64) {
        var random = SeededGenerator(seed &+ 8)
        calmDown(&random)
        var plan = Lifetimes(
            endWithPipeline: random.pick([.onFailure, .onFailure, .onFailure, .always, .never]),
            grace: .seconds(random.pick([60, 180, 600, 600, 1_200, 3_600])),
            interval: .seconds(random.pick([10, 20, 30, 60]))
        )
        let span = min(plan.grace * 2 + .seconds(900), .seconds(4_500))
        for index in pipelines.indices {
            plan.gates[pipelines[index].name] = Lifetimes.Gate(
                length: random.chance(0.15) ? nil : random.seconds(1...random.pick([60, 600, 3_600])),
                refusals: random.pick([0, 1, 1, 2])
            )
            pipelines[index] = drawn(pipelines[index], &random)
            pipelines[index].stop = nil
        }
        let allPipelines = 0...(pipelines.count - 1)
        for _ in 0..<random.int(2...8) {
            let deed: Lifetimes.Deed =
                switch random.int(0...11) {
                case 0, 1: .start
                case 2, 3: .stop(abandon: random.chance(0.5))
                case 4, 5, 6: .retry(random.pick([.allActions, .allActions, .failedActions]))
                case 7: .rollback(of: ["Later", "Lab"])
                case 8: .edit
                default: .reserve(random.pick(Lifetimes.Reservation.allCases))
                }
            let time = random.seconds(30...random.pick([300, span / .seconds(1)]))
            plan.deeds.append((time, random.int(allPipelines), deed))
        }
        if random.chance(0.3) {
            let start = random.seconds(0...1_200)
            plan.refusedExtensions = start..<start + random.seconds(30...900)
        }
        if random.chance(0.1) { plan.deniedCalls = [random.pick(["ListPipelineExecutions", "ListPipelines"])] }
        plan.isFleetLost = random.chance(0.4)
        loseHosts(within: span, &random)
        lifetimes = plan
    }

    /// Leaves away some of the trouble that would excuse too much, and what breaks other promises.
    private mutating func calmDown(_ random: inout SeededGenerator) {
        deniesExecutions = random.chance(0.08)
        if random.chance(0.5) { faultRate = 0 }
        if random.chance(0.5) { repeatedStarts = 0 }
        if random.chance(0.6) { refusedLogins = nil }
        if random.chance(0.4) { outages = [] }
        let hasOddClocks = random.chance(0.3)
        for index in hosts.indices {
            hosts[index].pollInterval = random.seconds(15...60)
            if hosts[index].backup != nil { hosts[index].backup?.isKnown = true }
            guard !hasOddClocks else { continue }
            hosts[index].skew = .zero
            hosts[index].jumps = []
            hosts[index].boxSkew = nil
        }
    }

    /// Lets hosts go for good or come back without their disks, late in the world; one remains.
    private mutating func loseHosts(within span: Duration, _ random: inout SeededGenerator) {
        for index in hosts.indices where random.chance(0.5) {
            var downfall = Downfall(
                trigger: .time(random.seconds(60...(span / .seconds(1)))),
                kind: random.pick([.loss, .crash, .stop(grace: .seconds(30))]),
                pause: random.seconds(1...random.pick([60, 600]))
            )
            downfall.isForGood = index > 0 && random.chance(0.5)
            if downfall.isForGood { downfall.kind = .loss }
            hosts[index].downfalls.append(downfall)
        }
    }

    /// A pipeline whose sandbox has terms, with an approval somewhere, and perhaps without an End action.
    private func drawn(_ old: Pipeline, _ random: inout SeededGenerator) -> Pipeline {
        var pipeline = old
        var options: [String] = []
        if let end = random.pick([nil, nil, "OnFailure", "Always", "Always", "Never"]) {
            options.append(#""EndWithPipeline": "\#(end)""#)
        }
        if random.chance(0.5) {
            pipeline.actions[0].configuration["DurationInMinutes"] = random.pick(["15", "20", "30"])
            options.append(#""MaxDurationInMinutes": \#(random.pick([30, 45, 1_200]))"#)
        }
        if !options.isEmpty {
            pipeline.actions[0].configuration["OptionsJSON"] = "{" + options.joined(separator: ", ") + "}"
        }
        for index in pipeline.actions.indices {
            guard let arguments = pipeline.actions[index].configuration["ArgumentsJSON"] else { continue }
            pipeline.actions[index].configuration["ArgumentsJSON"] = arguments.replacing(
                #""}"#,
                with: #"-#{codepipeline.PipelineExecutionId}"}"#
            )
        }
        var end = pipeline.actions.removeLast()
        let last = pipeline.actions.map(\.runOrder).max() ?? 1
        var gate = VirtualPipeline.Action("Wait", Lifetimes.gate)
        if random.chance(0.3) {
            gate.runOrder = last + 1
            pipeline.actions.append(gate)
            end.runOrder = last + 2
            if random.chance(0.4) { pipeline.actions.append(end) }
        } else {
            pipeline.later = [.init("Later", [gate])]
            end.runOrder = 1
            if random.chance(0.4) { pipeline.later.append(.init("Finish", [end])) }
        }
        pipeline.executionMode = random.pick(["SUPERSEDED", "SUPERSEDED", "QUEUED", "PARALLEL"])
        pipeline.onFailure = random.pick([nil, nil, nil, .retry(.allActions), .retry(.failedActions), .rollback])
        // AWS refuses that.
        if pipeline.executionMode == "PARALLEL", case .rollback = pipeline.onFailure { pipeline.onFailure = nil }
        return pipeline
    }
}
