import JobEngine
import QualiCore

/// Checks how long sandboxes live: whether it is long enough, and who ends them.
struct LifeCheck {
    /// Actions of one stage and run order, by the one among them that may take longest.
    private struct Step {
        let position: PlannedAction.Position
        let label: String
        let minutes: Int
    }

    private let pipeline: PlannedPipeline
    private let actions: [QualiAction]
    private let findings: Findings
    private var steps: [Step] = []
    /// When an artifact is read, or a namespace's variable, for the last time.
    private var lastReads: [String: PlannedAction.Position] = [:]
    private var lastNames: [String: PlannedAction.Position] = [:]

    init(_ pipeline: PlannedPipeline, _ actions: [QualiAction], _ findings: Findings) {
        self.pipeline = pipeline
        self.actions = actions
        self.findings = findings
        let planned = Dictionary(actions.map { ($0.label, $0) }) { first, _ in first }
        for action in pipeline.actions.sorted(by: { $0.position.isBefore($1.position) }) {
            let minutes = planned[action.label]?.longestMinutes ?? action.timeout ?? 0
            let step = Step(position: action.position, label: action.label, minutes: minutes)
            if let last = steps.last, !last.position.isBefore(action.position) {
                if minutes > last.minutes { steps[steps.count - 1] = step }
            } else {
                steps.append(step)
            }
            for name in action.inputs.compactMap(\.text) { lastReads[name] = action.position }
            for reference in action.properties.flatMap(\.value.references) {
                lastNames[reference.namespace] = action.position
            }
        }
    }

    func check() {
        for start in actions where start.kind == .start {
            let users = actions.filter { $0.sandbox == .start(start.label) }
            let enders = users.filter { $0.kind == .end }
            checkOrder(users, enders)
            checkDuration(start)
            checkRollbacks(start, users)
            checkFailure(start, enders)
            checkEnds(start, enders)
        }
        guard pipeline.isParallel, let mode = pipeline.mode,
            actions.contains(where: { $0.kind == .start && $0.minutes("WaitForResourcesInMinutes", or: 0) == 0 })
        else { return }
        findings.note(.parallel, at: mode.place) {
            "Executions that are PARALLEL start a sandbox each at the same time. Where the lab or its user's limit has no room for all, a start fails at once: 'WaitForResourcesInMinutes' lets it wait."
        }
    }

    private func checkOrder(_ users: [QualiAction], _ enders: [QualiAction]) {
        for run in users where run.kind == .run {
            guard let ender = enders.first(where: { $0.position.isCertainlyNotAfter(run.position) }) else { continue }
            findings.note(.endTooEarly, at: run.action.place, run.label) {
                "'\(ender.label)' ends the sandbox before or while this action uses it. Wanted: a smaller runOrder here, or a later end."
            }
        }
    }

    // MARK: Time

    /// The minutes that a sandbox may be reserved at most; `nil` where that can't be known.
    private func reservation(of start: QualiAction) -> Int? {
        guard let duration = start.minutes("DurationInMinutes"), duration > 0 else { return nil }
        guard start.has(StartOptions.property) else { return duration }
        return start.startOptions.map { max(duration, $0.maxDuration.map { Int($0.components.seconds / 60) } ?? 0) }
    }

    private func checkDuration(_ start: QualiAction) {
        guard let reserved = reservation(of: start), let setup = start.longestMinutes else { return }
        let last = lastUse(of: start)
        let used = steps.filter { step in
            step.minutes > 0 && start.position.isBefore(step.position) && !last.isBefore(step.position)
        }
        let sum = used.reduce(setup) { $0 + $1.minutes }
        guard sum > reserved else { return }
        let parts = ["setup \(setup)"] + used.map { "\($0.label) \($0.minutes)" }
        findings.note(.durationShort, about: ["DurationInMinutes"], of: start) {
            "The sandbox is reserved for \(reserved) minutes, but its actions may take \(sum): \(parts.joined(separator: ", ").cut(to: 600)). Wanted: a longer reservation, shorter time-outs, or 'MaxDurationInMinutes' in 'OptionsJSON'."
        }
    }

    /// When a sandbox is used for the last time.
    private func lastUse(of start: QualiAction) -> PlannedAction.Position {
        let reads = start.action.outputs.compactMap(\.text).map { lastReads[$0] }
        let uses = reads + [start.action.namespace?.text.flatMap { lastNames[$0] }]
        return uses.compactMap(\.self).reduce(start.position) { $0.isBefore($1) ? $1 : $0 }
    }

    // MARK: Rollbacks

    private func checkRollbacks(_ start: QualiAction, _ users: [QualiAction]) {
        guard pipeline.knowsRollbacks else { return }
        for (index, stage) in pipeline.stages.enumerated() where index != start.position.stage {
            guard let user = users.first(where: { $0.position.stage == index && $0.kind == .run }) else { continue }
            findings.note(.rollbackBreaks, at: stage.place, user.label, as: stage.rollsBack ? .warning : .note) {
                "A rollback of the stage '\(stage.label)' runs with the sandbox of an earlier execution, which has mostly ended. Wanted: '\(start.label)' in the same stage."
            }
        }
    }

    // MARK: Leaks

    /// How long a sandbox stays that nothing ends.
    private static let end = "until its reservation is over"

    private func checkFailure(_ start: QualiAction, _ enders: [QualiAction]) {
        guard start.endWithPipeline == .never else { return }
        let mode = pipeline.mode?.text ?? "SUPERSEDED"
        let isSuperseded = mode == "SUPERSEDED" && enders.contains { $0.position.stage != start.position.stage }
        findings.note(.leakFailure, at: start.action.place, start.label) {
            "Where the execution fails or is stopped\(isSuperseded ? ", is superseded" : "") before an end action, the sandbox stays \(Self.end): 'EndWithPipeline' is 'Never'."
        }
    }

    private func checkEnds(_ start: QualiAction, _ enders: [QualiAction]) {
        // An end whose sandbox can't be known may be this one's.
        let mayEnd = actions.contains { $0.kind == .end && $0.sandbox == .unknown }
        guard let policy = start.endWithPipeline, policy != .always, !mayEnd else { return }
        let way = #"Wanted: an end action, or {"EndWithPipeline": "Always"} in 'OptionsJSON'."#
        guard let ender = enders.first else {
            findings.note(.leakSuccess, at: start.action.place, start.label) {
                "No action ends the sandbox: after a success it stays \(Self.end). \(way)"
            }
            return
        }
        let own = pipeline.stages[start.position.stage]
        let others = enders.filter { $0.position.stage != start.position.stage }
        let isSkippable = enders.allSatisfy { ender in
            ender.action.isOptional && !start.action.isOptional
                || ender.position.stage != start.position.stage && pipeline.stages[ender.position.stage].maySkip
        }
        if isSkippable {
            findings.note(.leakSkip, at: ender.action.place, ender.label) {
                "Where this stage is skipped, the sandbox of '\(start.label)' stays \(Self.end). \(way)"
            }
        }
        if others.count == enders.count, pipeline.knowsRollbacks {
            findings.note(.leakRollback, at: start.action.place, start.label, as: own.rollsBack ? .warning : .note) {
                "A rollback of the stage '\(own.label)' starts a sandbox, but runs no other stage, so nothing ends it: it stays \(Self.end). Wanted: the end in the same stage, or 'EndWithPipeline' = 'Always'."
            }
        }
    }
}
