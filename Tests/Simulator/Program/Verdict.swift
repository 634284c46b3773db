import Foundation
import LocalCloud
import QualiCore

/// Whether what an action says of itself is what has happened in the lab.
struct Verdict {
    /// What isn't true of it.
    private(set) var lie: String?
    /// Whether it has taken another action's execution for its own.
    private(set) var isMixUp = false

    init(_ action: ActionReport, package: String, _ cloud: LocalCloud, _ scenario: Scenario) {
        switch (action.status, action.name) {
        case ("Succeeded", "Start"):
            let tag = SandboxTag(actionExecutionID: action.id)
            let id = action.outputVariables["SandboxId"]
            if !cloud.lab.sandboxes.contains(where: { $0.id == id && tag.marks($0.name) }) {
                lie = "that isn't its sandbox"
            }
            if case .fails = scenario.blueprint.setup { lie = "its setup has failed" }
        case ("Succeeded", "End"):
            let id = action.outputVariables["SandboxId"]
            if cloud.lab.sandboxesNotStopped.contains(where: { $0.id == id }) { lie = "its sandbox still runs" }
        case ("Succeeded", _):
            let execution = cloud.lab.executions.first { $0.id == action.outputVariables["ExecutionId"] }
            if execution?.status != .completed { lie = "its execution hasn't ended well" }
            if let execution, execution.parameters["Package"] != package {
                lie = "that isn't its execution"
                isMixUp = true
            }
        case ("Failed", _):
            lie = Self.lie(ofFailed: action, package, cloud, scenario)
            isMixUp =
                lie == Self.unprovenFailure
                && cloud.lab.executions.contains { other in
                    other.status == .failed && other.sandboxID == action.externalExecutionID
                        && other.command.name == action.configuration["CommandName"]
                }
        default: break
        }
    }

    /// What isn't true of a failure that blames the end of the sandbox.
    private static func lie(ofBlaming sandboxID: String?, _ cloud: LocalCloud) -> String? {
        guard let sandbox = cloud.lab.sandboxes.first(where: { $0.id == sandboxID }) else {
            return "it names no sandbox"
        }
        return sandbox.isUnstopped ? "its sandbox runs" : nil
    }

    private static let unprovenFailure = "its execution hasn't failed"

    /// Whether an execution was cancelled after the action's time, whatever clocks said.
    private static func hadItsTime(_ execution: LabExecution, _ scenario: Scenario) -> Bool {
        guard let cancelled = execution.cancelRequested else { return true }
        // A host that a box keeps from seeing AWS's own date knows the time to five minutes.
        let isMisled = scenario.hosts.contains { $0.boxSkew != nil }
        return cancelled.timeIntervalSince(execution.requested) >= 15 * 60 - (isMisled ? 620 : 5)
    }

    /// A failure has to have a reason, and to name the right one.
    private static func lie(
        ofFailed action: ActionReport,
        _ package: String,
        _ cloud: LocalCloud,
        _ scenario: Scenario
    ) -> String? {
        let message = action.errorMessage ?? ""
        let all = cloud.lab.executions.filter { $0.parameters["Package"] == package }
        // A stage that was tried again has several.
        let execution = scenario.lifetimes == nil ? all.first : all.last { $0.requested <= action.updated }
        switch action.errorCode {
        case "SystemUnavailable":
            return scenario.isHarmless ? "nothing was unavailable" : nil
        case "JobFailed":
            let endings = ["runs no more", "before it was ready", " ended as 'Stopped'"]
            if scenario.lifetimes != nil, endings.contains(where: message.contains) {
                return lie(ofBlaming: action.externalExecutionID, cloud)
            }
            // It runs with the artifact of an execution that its stage has gone back to.
            if scenario.lifetimes != nil, message.contains("belongs to another execution") {
                return lie(ofBlaming: cloud.lab.sandboxes.first { message.contains($0.id) }?.id, cloud)
            }
            if message.contains("The setup of the sandbox failed") {
                if case .fails = scenario.blueprint.setup { return nil }
                return "its setup hasn't failed"
            }
            if message.contains("its teardown reported errors") {
                if case .fails = scenario.blueprint.teardown { return nil }
                return "its teardown hasn't failed"
            }
            if message.contains(" ended as 'Failed'") {
                return execution?.status == .failed ? nil : unprovenFailure
            }
            // Cancelled for its time by a worker that could say so no more.
            if message.contains(" ended as 'Cancelled'"), let execution, execution.cancelRequested != nil {
                return hadItsTime(execution, scenario) ? nil : "it was cancelled too early"
            }
            if message.contains("did not end within") || message.contains("was not ready within") {
                guard action.configuration["CommandName"] == "hang" else { return "it had time enough" }
                return execution.map { hadItsTime($0, scenario) } ?? true ? nil : "it was cancelled too early"
            }
            if message.contains("It is unknown which execution") {
                return scenario.isHarmless ? "nothing was unknown" : nil
            }
            if message.contains("somebody ended it before it was ready"), case .fails = scenario.blueprint.setup {
                // By a worker whose job was taken away, and that can't know it.
                return scenario.codePipeline.answersDetailsOfEndedJobs ? nil : "nobody else had a reason to end it"
            }
            return "the failure is an odd one"
        case "PermissionError" where scenario.refusedLogins != nil && action.name != "Start" && action.name != "End":
            // A worker that was refused tries again after ten minutes, and a command has fifteen.
            return message.contains("The lab refuses the user") ? nil : "nobody lacked a right"
        default:
            return "a failure of the type \(action.errorCode ?? "none") isn't true of any of these pipelines"
        }
    }
}
