import Foundation
import HTTPTransport
import LocalCloud
import PipelinePlan
import QualiCore

/// A pipeline of which `plan` says whether it leaks, and the worlds in which that is tried.
struct PlanTrial: CustomStringConvertible {
    private let number: UInt64
    private let policy: EndWithPipeline
    /// The stage with the end action; `nil` without one.
    private let end: String?
    /// The stage that may be left out; `nil` without one.
    private let skipped: String?
    private let pipeline: Scenario.Pipeline

    var description: String {
        let words = [
            "\(policy.rawValue)", pipeline.executionMode, end.map { "end in \($0)" } ?? "no end",
            skipped.map { "\($0) may be skipped" }, onFailure,
        ]
        return "\(number) (\(words.compactMap(\.self).joined(separator: ", ")))"
    }

    private var onFailure: String? {
        switch pipeline.onFailure {
        case .retry(let mode): "retry of \(mode.rawValue)"
        case .rollback: "rollback"
        case .condition, nil: nil
        }
    }

    /// Draws a pipeline.
    init(_ number: UInt64) {
        self.number = number
        var random = SeededGenerator(number &+ 9)
        policy = random.pick([.onFailure, .onFailure, .always, .never])
        var start = VirtualPipeline.Action(
            "Start",
            Names.start,
            [
                "BlueprintName": "Web lab", "DurationInMinutes": "600",
                "OptionsJSON": #"{"EndWithPipeline": "\#(policy.rawValue)"}"#,
            ],
            outputs: ["Sandbox"],
            namespace: "lab"
        )
        if policy == .onFailure, random.chance(0.5) { start.configuration["OptionsJSON"] = nil }
        var pipeline = Scenario.Pipeline(name: "P1", actions: [start], start: .zero)
        var stages: [VirtualPipeline.Stage] = []
        var later = VirtualPipeline.Stage("Later", [])
        // What is used, and what people approve, is in the start's stage or the next one.
        if random.chance(0.5) { pipeline.actions.append(Self.run(2)) }
        let gate = VirtualPipeline.Action("Wait", Lifetimes.gate, runOrder: 3)
        if random.chance(0.4) { pipeline.actions.append(gate) } else { later.actions.append(gate) }
        if random.chance(0.3) { later.actions.append(Self.run(4)) }
        if !later.actions.isEmpty { stages.append(later) }
        end = random.pick([nil, "Lab", "Later", "Finish", "Finish"])
        let action = VirtualPipeline.Action(
            "End",
            Names.end,
            random.chance(0.5) ? [:] : ["SandboxId": "#{lab.SandboxId}"],
            inputs: ["Sandbox"],
            runOrder: 5
        )
        switch end {
        case "Lab": pipeline.actions.append(action)
        case "Later" where !stages.isEmpty: stages[0].actions.append(action)
        case let name?: stages.append(.init(name, [action]))
        case nil: break
        }
        pipeline.later = stages
        pipeline.executionMode = random.pick(["SUPERSEDED", "SUPERSEDED", "QUEUED", "PARALLEL"])
        pipeline.onFailure = random.pick([nil, nil, .retry(.allActions), .retry(.failedActions), .rollback])
        // AWS refuses that.
        if pipeline.executionMode == "PARALLEL", case .rollback = pipeline.onFailure { pipeline.onFailure = nil }
        // Without a start there would be no sandbox for the others.
        skipped = random.chance(0.5) ? stages.last?.name : nil
        if skipped != nil {
            pipeline.variables = ["Go": "yes"]
            pipeline.later[stages.count - 1].beforeEntry = .init(
                [.init("#{variables.Go}", .equals, "yes")],
                otherwise: .skip
            )
        }
        self.pipeline = pipeline
    }

    private static func run(_ order: Int) -> VirtualPipeline.Action {
        .init(
            "Run\(order)",
            Names.run,
            [
                "ComponentName": "web-server.*", "CommandName": "install", "TimeoutInMinutes": "15",
                "ArgumentsJSON": ##"{"Package": "P1-\##(order)-#{codepipeline.PipelineExecutionId}"}"##,
            ],
            inputs: ["Sandbox"],
            runOrder: order
        )
    }

    /// The ids of what `plan` finds of leaks.
    func findings() -> [String] {
        let declaration: JSON = ["pipeline": pipeline.whole.declaration(bucket: "artifacts")]
        let executor = VirtualExecutor.shared
        executor.begin(number)
        let found = Locked<Result<Plan, any Error>?>(nil)
        Task {
            let result: Result<Plan, any Error>
            do { result = .success(try await Plan.of(declaration.data)) } catch { result = .failure(error) }
            found.withLock { $0 = result }
        }
        _ = executor.run { found.withLock { $0 == nil } }
        guard case .success(let plan)? = found.withLock({ $0 }) else { preconditionFailure("plan can't read it") }
        let ids = plan.findings.map(\.id.rawValue).filter { $0.hasPrefix("leak-") }
        return Set(ids).sorted()
    }

    /// The seed of a run.
    func seed(_ run: UInt64) -> UInt64 { Scenario.lifetimeGeneration &+ number &* 1_000 &+ run }

    /// The world of a run: hosts and services with troubles of all kinds, and people who stop, retry and roll back.
    func scenario(_ run: UInt64) -> Scenario {
        var random = SeededGenerator(seed(run) &+ 10)
        var scenario = Scenario(seed: seed(run))
        // Whose twin is whose can't be told, and who may not look can't end anything.
        scenario.repeatedStarts = 0
        scenario.deniesExecutions = false
        var plan = Lifetimes(
            endWithPipeline: .onFailure,
            grace: .seconds(random.pick([60, 180])),
            interval: .seconds(random.pick([10, 30]))
        )
        var pipeline = pipeline
        if skipped != nil { pipeline.variables = ["Go": random.pick(["yes", "no"])] }
        for index in pipeline.actions.indices where pipeline.actions[index].configuration["CommandName"] != nil {
            if random.chance(0.3) { pipeline.actions[index].configuration["CommandName"] = "fail" }
        }
        scenario.pipelines = [pipeline]
        plan.gates = [pipeline.name: .init(length: random.seconds(1...120), refusals: random.pick([0, 0, 1, 2]))]
        for _ in 0..<random.int(0...4) {
            let deed: Lifetimes.Deed =
                switch random.int(0...6) {
                case 0, 1: .start
                case 2: .stop(abandon: random.chance(0.5))
                case 3: .retry(random.pick([.allActions, .failedActions]))
                default: .rollback(of: random.pick([["Lab"], ["Later", "Lab"]]))
                }
            plan.deeds.append((random.seconds(30...600), 0, deed))
        }
        scenario.lifetimes = plan
        return scenario
    }
}
