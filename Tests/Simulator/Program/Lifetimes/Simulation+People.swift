import Foundation
import LocalCloud
import QualiCore

/// What people do in a world that is about how long sandboxes live.
extension Simulation {
    /// Sees to it that people do what they are going to.
    func invitePeople(_ plan: Lifetimes) {
        cloud.lab.add(Lifetimes.person)
        do { try cloud.codePipeline.register(Lifetimes.gate) } catch { checks.fail("\(error)") }
        for deed in plan.deeds {
            let pipeline = scenario.pipelines[deed.pipeline]
            VirtualExecutor.shared.after(deed.time) {
                guard !self.isOver, deed.time > pipeline.start else { return }
                if case .reserve(let what) = deed.what {
                    Task { await self.reserve(what) }
                } else if let words = self.act(deed.what, on: pipeline.name) {
                    self.step { "somebody \(words) \(pipeline.name)" }
                }
                self.noteExecutions()
            }
        }
    }

    /// Does something to a pipeline.
    ///
    /// - Returns: What was done, in words; `nil` where it can't be done now.
    private func act(_ deed: Lifetimes.Deed, on pipeline: String) -> String? {
        let service = cloud.codePipeline
        let executions = service.executions(of: pipeline)
        do {
            switch deed {
            case .start: return "starts \(try service.start(pipeline).prefix(8)) of"
            case .stop(let abandon):
                guard let live = executions.last(where: { !$0.hasEnded }) else { return nil }
                try service.stop(live.id, abandon: abandon)
                return "stops \(abandon ? "and abandons " : "")\(live.id.prefix(8)) of"
            case .retry(let mode):
                guard let failed = executions.last(where: { ["Failed", "Stopped"].contains($0.status) }),
                    let stage = failed.stages.last(where: { ["Failed", "Stopped"].contains($0.status) })
                else { return nil }
                try service.retryStage(stage.name, of: failed.id, mode: mode)
                return "retries \(mode.rawValue) of '\(stage.name)' of \(failed.id.prefix(8)) of"
            case .rollback(let stages):
                for stage in stages {
                    guard let target = executions.last(where: { $0.stages.contains { $0 == (stage, "Succeeded") } })
                    else { continue }
                    let id = try service.rollbackStage(stage, to: target.id)
                    return "rolls '\(stage)' back to \(target.id.prefix(8)), as \(id.prefix(8)), of"
                }
                return nil
            case .edit:
                let declaration = try service.call("GetPipeline", ["name": .string(pipeline)])?["pipeline"]
                guard let declaration else { return nil }
                try service.call("UpdatePipeline", ["pipeline": declaration])
                return "edits"
            case .reserve: return nil
            }
        } catch {
            return nil
        }
    }

    // MARK: The lab

    /// Reserves a sandbox as a person does.
    private func reserve(_ what: Lifetimes.Reservation) async {
        var name = "Anna's"
        switch what {
        case .plain: break
        case .foreign: name = SandboxTag(actionExecutionID: "another account's \(time)").name(for: "Theirs")
        case .copy:
            guard let original = checks.lifetimes?.namedSandbox() else { return }
            name = original.name
        }
        let person = Lifetimes.person
        let login = LocalRequest(
            method: "PUT",
            path: "/api/login",
            headers: [("Content-Type", "application/json")],
            body: JSON.strings(["username": person.username, "password": person.password, "domain": "Global"]).data
        )
        let token = String(decoding: await cloud.answer(login, at: cloud.lab).body, as: UTF8.self)
        let start = LocalRequest(
            method: "POST",
            path: "/api/v2/blueprints/\(scenario.blueprint.id)/start",
            headers: [
                ("Authorization", "Basic " + token.trimmingCharacters(in: ["\""])),
                ("Content-Type", "application/json"),
            ],
            body: JSON.strings(["name": name, "duration": "PT23H"]).data
        )
        let reply = await cloud.answer(start, at: cloud.lab)
        guard let id = (try? JSON(parsing: reply.body))?["id"]?.string else {
            return checks.fail(
                "A person gets no sandbox: \(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
            )
        }
        checks.lifetimes?.foreign.insert(id)
        step { "somebody reserves '\(name)'" }
    }

    // MARK: Approvals

    /// Approves, and refuses, what has waited for long enough.
    func attendGates(_ plan: Lifetimes) {
        takeGates()
        for report in executions.compactMap(cloud.codePipeline.execution) where !report.hasEnded {
            guard let gate = plan.gates[report.pipeline], let length = gate.length else { continue }
            for action in report.actions where action.provider == Lifetimes.gate.provider && !action.hasEnded {
                guard let job = action.jobs.last, job.status == "InProgress",
                    Date().timeIntervalSince(action.started) >= length / .seconds(1)
                else { continue }
                let isRefused = refusals[report.pipeline, default: 0] < gate.refusals
                if isRefused { refusals[report.pipeline, default: 0] += 1 }
                step { "somebody \(isRefused ? "refuses" : "approves") \(report.id.prefix(8)) of \(report.pipeline)" }
                do {
                    if isRefused {
                        try cloud.codePipeline.call(
                            "PutJobFailureResult",
                            ["jobId": .string(job.id), "failureDetails": ["type": "JobFailed", "message": "No"]]
                        )
                    } else {
                        try cloud.codePipeline.call("PutJobSuccessResult", ["jobId": .string(job.id)])
                    }
                } catch { checks.fail("An approval can't be given: \(error)") }
            }
        }
    }

    /// Takes the jobs of the approvals, so that their results can be told.
    private func takeGates() {
        let type = Lifetimes.gate
        let input: JSON = [
            "actionTypeId": [
                "category": .string(type.category), "owner": "Custom", "provider": .string(type.provider),
                "version": .string(type.version),
            ], "maxBatchSize": 10,
        ]
        do {
            for job in try cloud.codePipeline.call("PollForJobs", input)?["jobs"]?.array ?? [] {
                guard let id = job["id"], let nonce = job["nonce"] else { continue }
                try cloud.codePipeline.call("AcknowledgeJob", ["jobId": id, "nonce": nonce])
            }
        } catch { checks.fail("The approvals can't be taken: \(error)") }
    }

    // MARK: The end

    /// Waits until all has been done, all that is to be ended has ended, and as long again as that may take.
    func watch(_ plan: Lifetimes) async {
        guard let lifetimes = checks.lifetimes else { return }
        while checks.violation == nil {
            await pause(.seconds(5))
            cloud.advance(by: .zero)
            attendGates(plan)
            noteExecutions()
            lifetimes.check(at: time, lives: hosts.compactMap(\.life))
            for host in hosts { await host.checkPolls() }
            let begin = scenario.pipelines.map(\.start).max() ?? .zero
            let quiet = max(plan.horizon, begin, scenario.calm, lifetimes.lastChange, lifetimes.excusedUntil)
            guard time > quiet + plan.grace + plan.interval * 2 + .seconds(60) else { continue }
            let late = executions.compactMap(cloud.codePipeline.execution).filter {
                !$0.hasEnded && !checks.isExcused($0)
            }
            // What goes on has its time.
            if late.isEmpty || time > quiet + Self.patience * 2 { break }
        }
        guard plan.isFleetLost, checks.violation == nil else { return }
        await loseFleet(lifetimes)
    }

    /// Kills all workers at once; what has a lease ends by itself.
    private func loseFleet(_ lifetimes: LifetimeChecks) async {
        step { "all workers are lost" }
        endWork()
        for host in hosts { host.life?.end() }
        let lost = time
        while time < lost + lifetimes.longestLease + .seconds(30), checks.violation == nil {
            await pause(.seconds(30))
            cloud.advance(by: .zero)
            lifetimes.checkLeases(since: lost, at: time)
        }
    }
}
