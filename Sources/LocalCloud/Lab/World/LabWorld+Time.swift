import Foundation

// Nothing here sleeps: what was due since the last look happens when somebody looks, at the time it was due.
extension LabWorld {
    /// Lets everything happen that was due by now.
    mutating func settle(_ now: Date) {
        for session in sessions where session.value.expires <= now { sessions[session.key] = nil }
        guard now >= nextDue else { return }
        for index in dues.indices where dues[index] <= now {
            settle(sandbox: index, now)
            dues[index] = nextDue(of: index)
        }
        nextDue = dues.min() ?? .distantFuture
    }

    /// Has a sandbox looked at by the next request, because something in it changed.
    mutating func touch(_ index: Int) {
        dues[index] = .distantPast
        nextDue = .distantPast
    }

    /// Has all sandboxes looked at, because the lab behaves in another way from now on.
    mutating func touchAll() {
        for index in dues.indices { touch(index) }
    }

    private func nextDue(of index: Int) -> Date {
        let step = nextStep(of: sandboxes[index])?.1 ?? .distantFuture
        return sandboxes[index].unfinished.reduce(step) { min($0, nextChange(of: $1, index) ?? .distantFuture) }
    }

    private mutating func settle(sandbox index: Int, _ now: Date) {
        // Each round takes the next step that's due; there are few of them in a sandbox's life.
        while let (step, time) = nextStep(of: sandboxes[index]), time <= now {
            if step == .teardown {
                settleExecutions(of: index, time)
                stopExecutions(of: index, time)
            }
            take(step, index, time)
        }
        settleExecutions(of: index, now)
        sandboxes[index].unfinished.removeAll { executions[$0].status.isFinal }
    }

    private enum Step: Equatable {
        case beforeSetup, setup
        case stage(LabStage)
        case ready, error, teardown, ended
    }

    private func nextStep(of sandbox: LabSandbox) -> (Step, Date)? {
        if sandbox.isOver { return nil }
        let own = ownStep(of: sandbox)
        guard sandbox.isUnstopped, let end = sandbox.endTime, own.map({ $0.1 > end }) ?? true else { return own }
        return (.teardown, max(end, sandbox.stateSince))
    }

    private func ownStep(of sandbox: LabSandbox) -> (Step, Date)? {
        let since = sandbox.stateSince
        switch sandbox.state {
        case .pending: return sandbox.awaitsApproval ? nil : (.beforeSetup, max(since, sandbox.startTime))
        case .beforeSetup:
            let time = since + sandbox.blueprint.beforeSetup / .seconds(1)
            return (sandbox.blueprint.estimatedSetup == .zero ? .ready : .setup, time)
        case .setup: return setupStep(of: sandbox)
        case .ready, .error, .ended: return nil
        case .teardown:
            switch sandbox.blueprint.teardown {
            case .succeeds(let duration), .fails(_, let duration): return (.ended, since + duration / .seconds(1))
            case .neverEnds: return nil
            }
        }
    }

    private func setupStep(of sandbox: LabSandbox) -> (Step, Date)? {
        let since = sandbox.stateSince
        let walk = LabStage.walk(behavior)
        let place = walk.firstIndex(of: sandbox.stage) ?? 0
        switch sandbox.blueprint.setup {
        case .neverEnds: return nil
        case .succeeds(let duration):
            let part = duration / .seconds(1) / Double(walk.count)
            let time = since + part * Double(place + 1)
            return place + 1 < walk.count ? (.stage(walk[place + 1]), time) : (.ready, time)
        case .fails(let stage, _, let duration):
            let last = walk.firstIndex(of: stage) ?? 0
            let part = duration / .seconds(1) / Double(last + 1)
            let time = since + part * Double(place + 1)
            return place < last ? (.stage(walk[place + 1]), time) : (.error, time)
        }
    }

    private mutating func take(_ step: Step, _ index: Int, _ time: Date) {
        let name = sandboxes[index].name
        switch step {
        case .beforeSetup: enter(.beforeSetup, index, time)
        case .setup:
            enter(.setup, index, time)
            sandboxes[index].stage = LabStage.walk(behavior).first ?? .provisioning
            note(index, time, "'Setup' Blueprint command on '\(name)' started")
            print(index, time, "Beginning sandbox setup")
        case .stage(let stage):
            if sandboxes[index].stage == .provisioning { deploy(index, time) }
            sandboxes[index].stage = stage
            print(index, time, "\(stage.rawValue) has begun")
        case .ready:
            deploy(index, time)
            enter(.ready, index, time)
            sandboxes[index].stage = behavior.stageAfterSetup
            note(index, time, "Sandbox '\(name)' has been set up")
            print(index, time, "Sandbox setup is complete")
        case .error:
            enter(.error, index, time)
            if case .fails(_, let events, _) = sandboxes[index].blueprint.setup {
                for event in events { note(index, time, event, isError: true) }
            }
            print(index, time, "<font style=\"color:red\">Setup failed</font>")
        case .teardown:
            enter(.teardown, index, time)
            note(index, time, "'Teardown' Blueprint command on '\(name)' started")
        case .ended:
            sandboxes[index].isOver = true
            if case .fails(let events, _) = sandboxes[index].blueprint.teardown {
                enter(behavior.stateAfterFailedTeardown, index, time)
                for event in events { note(index, time, event, isError: true) }
            } else {
                enter(.ended, index, time)
            }
            note(index, time, "Sandbox '\(name)' has ended")
        }
    }

    private mutating func enter(_ state: LabState, _ index: Int, _ time: Date) {
        sandboxes[index].state = state
        sandboxes[index].stateSince = time
    }

    /// Begins the teardown of a sandbox that was asked to stop.
    mutating func tearDown(_ index: Int, _ now: Date) {
        settleExecutions(of: index, now)
        stopExecutions(of: index, now)
        take(.teardown, index, now)
    }

    private mutating func deploy(_ index: Int, _ time: Date) {
        for place in sandboxes[index].components.indices where !sandboxes[index].components[place].isDeployed {
            let suffix = String(Random.uuid().suffix(8))
            let component = sandboxes[index].components[place]
            let address =
                component.template.address.isEmpty
                ? "192.168.\(Int.random(in: 1...254)).\(Int.random(in: 1...254))" : component.template.address
            sandboxes[index].components[place].name += "-\(suffix)"
            sandboxes[index].components[place].address = address
            sandboxes[index].components[place].isDeployed = true
            let name = sandboxes[index].components[place].name
            note(index, time, "'Deploy' resource command on '\(name)' completed")
            print(index, time, "Resource: \"\(name)\" is now: Online")
        }
    }

    mutating func note(_ index: Int, _ time: Date, _ text: String, isError: Bool = false, output: String? = nil) {
        lastEventID += 1
        sandboxes[index].events.append(
            LabSandbox.Event(
                id: lastEventID,
                guid: Random.uuid(),
                isError: isError,
                text: text,
                output: output,
                time: time,
                hiddenReads: behavior.activityLag
            )
        )
    }

    mutating func print(_ index: Int, _ time: Date, _ text: String) {
        sandboxes[index].lines.append(.init(id: Random.uuid(), text: text, time: time))
    }
}
