import Foundation

/// The conditions of stages, and their rules.
extension World {
    /// The one type of rules that the stand-in plays.
    static let variableCheck: JSON = [
        "category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1",
    ]

    /// Runs the rules of the condition at a place of the stage that an execution is in.
    ///
    /// - Returns: Whether all rules succeeded, which they do where there's no condition.
    mutating func isMet(_ place: ConditionPlace, of id: String, now: Date) -> Bool {
        guard let execution = executions[id],
            let condition = execution.stageList[execution.stageIndex].conditions[place]
        else { return true }
        let done = condition.rules.map { run($0, in: execution, now: now) }
        for run in done {
            ruleRuns[run.id] = run
            ruleRunOrder[execution.pipelineName, default: []].append(run.id)
        }
        let failed = done.filter { $0.status == "Failed" }
        let status =
            failed.isEmpty ? "Succeeded" : failed.contains { $0.errorCode != nil } ? "Errored" : "Failed"
        executions[id]?.stages[execution.stageIndex].conditions[place] = ConditionRun(
            status: status,
            summary: failed.isEmpty
                ? "All rules succeeded" : "Rules that failed: \(failed.map(\.rule.name).joined(separator: ", "))",
            updated: now,
            rules: done.map(\.id)
        )
        touch(id, now: now)
        return failed.isEmpty
    }

    /// Runs a rule, which takes no time.
    ///
    /// That a variable without a value makes the rule fail with an error is a guess.
    private func run(_ rule: Rule, in execution: Execution, now: Date) -> RuleRun {
        var run = RuleRun(
            id: Random.uuid(),
            executionID: execution.id,
            stageName: execution.stageList[execution.stageIndex].name,
            rule: rule,
            started: now,
            status: "Failed",
            configuration: [:],
            summary: ""
        )
        for (name, value) in rule.configuration {
            switch resolve(value, in: execution) {
            case .success(let resolved): run.configuration[name] = resolved
            case .failure(let unknown):
                run.errorCode = "ConfigurationError"
                run.summary = "The variable '\(unknown.reference)' in the rule '\(rule.name)' has no value"
                return run
            }
        }
        let check = VariableCheck(run.configuration)
        guard let holds = check.holds else {
            run.errorCode = "ConfigurationError"
            run.summary = "The value '\(check.value)' of the rule '\(rule.name)' is no regular expression"
            return run
        }
        run.status = holds ? "Succeeded" : "Failed"
        run.summary =
            "The variable's value '\(check.variable)' \(holds ? "meets" : "doesn't meet") "
            + "\(check.comparison) '\(check.value)'"
        return run
    }
}

/// A rule of AWS's that compares a variable with a value.
struct VariableCheck {
    /// The operators that it has.
    static let operators = ["EQ", "NE", "CONTAINS", "MATCHES"]

    let variable: String
    let value: String
    let comparison: String

    /// Reads a configuration whose variables are put in.
    init(_ configuration: [String: String]) {
        variable = configuration["Variable"] ?? ""
        value = configuration["Value"] ?? ""
        comparison = configuration["Operator"] ?? ""
    }

    /// Whether it comes out well; `nil` where the value has to be a regular expression and isn't.
    var holds: Bool? {
        switch comparison {
        case "EQ": variable == value
        case "NE": variable != value
        case "CONTAINS": variable.contains(value)
        default: matches
        }
    }

    /// Whether the regular expression describes all of the variable, as Java's `matches` has it (a guess).
    private var matches: Bool? {
        guard let expression = try? NSRegularExpression(pattern: "^(?:\(value))$") else { return nil }
        return expression.firstMatch(in: variable, range: NSRange(variable.startIndex..., in: variable)) != nil
    }
}
