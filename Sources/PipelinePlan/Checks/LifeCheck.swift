import JobEngine
import QualiCore

/// Checks how long sandboxes live: whether it is long enough, and who ends them.
struct LifeCheck {
    /// Actions of one stage and run order, and the one among them that may take longest.
    private struct Step {
        let position: PlannedAction.Position
        let label: String
        let minutes: Int
    }

    private let options: PlanOptions
    private let pipeline: PlannedPipeline
    private let actions: [QualiAction]
    private let steps: [Step]
    /// When an artifact is read, or a namespace's variable, for the last time.
    private let lastReads: [String: PlannedAction.Position]
    private let lastNames: [String: PlannedAction.Position]

    init(_ pipeline: PlannedPipeline, _ actions: [QualiAction], _ options: PlanOptions) {
        self.options = options
        self.pipeline = pipeline
        self.actions = actions
        let planned = Dictionary(actions.map { ($0.action.label, $0) }) { first, _ in first }
        var steps: [Step] = []
        var reads: [String: PlannedAction.Position] = [:]
        var names: [String: PlannedAction.Position] = [:]
        for action in pipeline.actions.sorted(by: { $0.position.isBefore($1.position) }) {
            let minutes = planned[action.label]?.longestMinutes(options) ?? action.timeout ?? 0
            let isSame = steps.last.map { !$0.position.isBefore(action.position) } ?? false
            if !isSame || minutes > steps[steps.count - 1].minutes {
                if isSame { steps.removeLast() }
                steps.append(Step(position: action.position, label: action.label, minutes: minutes))
            }
            for name in action.inputs.compactMap(\.value) { reads[name] = action.position }
            for property in action.properties {
                for reference in VariableReference.all(in: property.value.value ?? "") {
                    names[reference.namespace] = action.position
                }
            }
        }
        self.steps = steps
        lastReads = reads
        lastNames = names
    }

    func check(_ findings: inout Findings) {
        for start in actions where start.kind == .start {
            let users = actions.filter { if case .start(start.action.label) = $0.sandbox { true } else { false } }
            let enders = users.filter { $0.kind == .end }
            checkOrder(users, enders, &findings)
            checkDuration(start, &findings)
            checkRollbacks(start, users, &findings)
            checkLeaks(start, enders, &findings)
        }
        if pipeline.isParallel, let mode = pipeline.mode,
            actions.contains(where: {
                $0.kind == .start && $0.minutes("WaitForResourcesInMinutes", options, or: 0) == 0
            })
        {
            findings.note(.parallel, at: mode.place) {
                "Executions that are PARALLEL start a sandbox each at the same time. Where the lab or its user's limit has no room for all, a start fails at once: 'WaitForResourcesInMinutes' lets it wait."
            }
        }
    }

    private func checkOrder(_ users: [QualiAction], _ enders: [QualiAction], _ findings: inout Findings) {
        for run in users where run.kind == .run {
            guard let ender = enders.first(where: { $0.action.position.isCertainlyNotAfter(run.action.position) })
            else { continue }
            findings.note(.endTooEarly, at: run.action.place, run.action) {
                "'\(ender.action.label)' ends the sandbox before or while this action uses it. Wanted: a smaller runOrder here, or a later end."
            }
        }
    }

    // MARK: Time

    /// The minutes that a sandbox may be reserved at most; `nil` where that can't be known.
    private func reservation(of start: QualiAction) -> Int? {
        guard let duration = start.minutes("DurationInMinutes"), duration > 0 else {
            return nil
        }
        guard start.has(StartOptions.property) else { return duration }
        guard let most = start.startOptions else { return nil }
        return most.maxDuration.map { max(duration, Int($0.components.seconds / 60)) } ?? duration
    }

    private func checkDuration(_ start: QualiAction, _ findings: inout Findings) {
        guard let reserved = reservation(of: start), let value = start.values["DurationInMinutes"],
            let setup = start.longestMinutes(options)
        else { return }
        let last = lastUse(of: start)
        var sum = setup
        var parts = ["setup \(setup)"]
        for step in steps where step.minutes > 0 && start.action.position.isBefore(step.position) {
            if last.isBefore(step.position) { break }
            sum += step.minutes
            parts.append("\(step.label) \(step.minutes)")
        }
        guard sum > reserved else { return }
        findings.note(.durationShort, at: value.place, start.action, isAssumed: value.isAssumed) {
            "The sandbox is reserved for \(reserved) minutes, but its actions may take \(sum): \(parts.joined(separator: ", ").cut(to: 600)). Wanted: a longer reservation, shorter time-outs, or 'MaxDurationInMinutes' in 'OptionsJSON'."
        }
    }

    /// When a sandbox is used for the last time.
    private func lastUse(of start: QualiAction) -> PlannedAction.Position {
        let uses =
            start.action.outputs.compactMap { $0.value.flatMap { lastReads[$0] } }
            + [start.action.namespace?.value.flatMap { lastNames[$0] }].compactMap(\.self)
        return uses.reduce(start.action.position) { $0.isBefore($1) ? $1 : $0 }
    }

    // MARK: Rollbacks

    private func checkRollbacks(_ start: QualiAction, _ users: [QualiAction], _ findings: inout Findings) {
        guard !pipeline.isParallel, pipeline.type?.value != "V1" else { return }
        let own = start.action.position.stage
        for index in Set(users.map(\.action.position.stage)).sorted() where index != own {
            let stage = pipeline.stages[index]
            guard let user = users.first(where: { $0.action.position.stage == index && $0.kind == .run }) else {
                continue
            }
            findings.note(.rollbackBreaks, at: stage.place, user.action, as: stage.rollsBack ? .warning : .note) {
                "A rollback of the stage '\(stage.name.value ?? "?")' runs with the sandbox of an earlier execution, which has mostly ended. Wanted: '\(start.action.label)' in the same stage."
            }
        }
    }

    // MARK: Leaks

    private func checkLeaks(_ start: QualiAction, _ enders: [QualiAction], _ findings: inout Findings) {
        guard let policy = start.endWithPipeline(options), policy != .always else { return }
        // An end whose sandbox can't be known may be this one's.
        let mayEnd = actions.contains { if case .unknown = $0.sandbox { $0.kind == .end } else { false } }
        let end = "until its reservation is over"
        let way = #"Wanted: an end action, or {"EndWithPipeline": "Always"} in 'OptionsJSON'."#
        let place = start.action.place
        if policy == .never {
            let superseded =
                pipeline.mode?.value ?? "SUPERSEDED" == "SUPERSEDED"
                    && enders.contains { $0.action.position.stage != start.action.position.stage }
                ? ", is superseded" : ""
            findings.note(.leakFailure, at: place, start.action) {
                "Where the execution fails or is stopped\(superseded) before an end action, the sandbox stays \(end): 'EndWithPipeline' is 'Never'."
            }
        }
        if enders.isEmpty {
            if !mayEnd {
                findings.note(.leakSuccess, at: place, start.action) {
                    "No action ends the sandbox: after a success it stays \(end). \(way)"
                }
            }
            return
        }
        let own = start.action.position.stage
        func isSkippable(_ ender: QualiAction) -> Bool {
            let stage = pipeline.stages[ender.action.position.stage]
            return ender.action.position.stage != own && stage.maySkip
                || ender.action.isOptional && !start.action.isOptional
        }
        guard !mayEnd else { return }
        if let ender = enders.first, enders.allSatisfy(isSkippable) {
            findings.note(.leakSkip, at: ender.action.place, ender.action) {
                "Where this stage is skipped, the sandbox of '\(start.action.label)' stays \(end). \(way)"
            }
        }
        if !enders.contains(where: { $0.action.position.stage == own }), !pipeline.isParallel,
            pipeline.type?.value != "V1"
        {
            findings.note(.leakRollback, at: place, start.action, as: pipeline.stages[own].rollsBack ? .warning : .note)
            {
                "A rollback of the stage '\(pipeline.stages[own].name.value ?? "?")' starts a sandbox, but runs no other stage, so nothing ends it: it stays \(end). Wanted: the end in the same stage, or 'EndWithPipeline' = 'Always'."
            }
        }
    }
}
