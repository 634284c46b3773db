import Foundation

/// Checks of the conditions in a pipeline's declaration.
extension World {
    /// Checks what a stage says of its success, failure and entry; what isn't played is refused by name.
    func checkConditions(of stage: Stage, isParallel: Bool) throws(LocalServiceError) {
        try checkFailureResult(of: stage)
        for place in ConditionPlace.allCases {
            guard let condition = stage.conditions[place] else { continue }
            try checkResult(stage.result(at: place), at: place, of: stage)
            guard !condition.rules.isEmpty else {
                throw .invalidStage("Stage '\(stage.name)': the condition \(place.rawValue) has no rules")
            }
            guard Set(condition.rules.map(\.name)).count == condition.rules.count else {
                throw .invalidStage("Stage '\(stage.name)': two rules of \(place.rawValue) have the same name")
            }
            for rule in condition.rules { try check(rule, at: place, of: stage) }
        }
        let goesBack =
            stage.failureResult == "ROLLBACK"
            || [.onFailure, .onSuccess].contains { stage.conditions[$0] != nil && stage.result(at: $0) == "ROLLBACK" }
        guard goesBack else { return }
        if isParallel {
            throw .invalidStage(
                "Stage '\(stage.name)': the result ROLLBACK can't be used in a pipeline in PARALLEL mode"
            )
        }
        if stage.isSource { throw .invalidStage("Stage '\(stage.name)' has sources, and can't be rolled back") }
    }

    /// Makes sure that nothing of a stage is in another region than the pipeline.
    func checkRegions(of stage: JSON) throws(LocalServiceError) {
        let rules = ConditionPlace.allCases.flatMap { stage[$0.rawValue]?["conditions"]?[0]?["rules"]?.array ?? [] }
        for part in (stage["actions"]?.array ?? []) + rules {
            guard let other = part["region"]?.string, other != region else { continue }
            throw .validation(
                "'\(part["name"]?.string ?? "")': the stand-in doesn't play the region '\(other)', "
                    + "but '\(region)' alone"
            )
        }
    }

    private func checkFailureResult(of stage: Stage) throws(LocalServiceError) {
        switch stage.failureResult {
        case "SKIP":
            throw .invalidStage("Stage '\(stage.name)': the result SKIP can't be used in onFailure")
        case "RETRY":
            guard stage.conditions[.onFailure] == nil else {
                throw .invalidStage(
                    "Stage '\(stage.name)': the result RETRY can't be used with conditions in onFailure"
                )
            }
            guard stage.retryMode != nil else {
                throw .validation(
                    "Stage '\(stage.name)': the stand-in doesn't play onFailure with the result RETRY "
                        + "without retryConfiguration.retryMode"
                )
            }
        default:
            guard stage.retryMode == nil else {
                throw .validation(
                    "Stage '\(stage.name)': onFailure.retryConfiguration is for the result RETRY alone"
                )
            }
        }
    }

    /// The results that AWS documents for each kind of condition.
    private func checkResult(
        _ result: String,
        at place: ConditionPlace,
        of stage: Stage
    ) throws(LocalServiceError) {
        let allowed =
            switch place {
            case .beforeEntry: ["FAIL", "SKIP"]
            case .onSuccess: ["FAIL", "ROLLBACK"]
            case .onFailure: ["FAIL", "ROLLBACK"]
            }
        guard allowed.contains(result) else {
            throw .invalidStage(
                "Stage '\(stage.name)': the result \(result) can't be used with the condition \(place.rawValue); "
                    + "it takes \(allowed.joined(separator: " or "))"
            )
        }
    }

    private func check(_ rule: Rule, at place: ConditionPlace, of stage: Stage) throws(LocalServiceError) {
        let whole = "Rule '\(rule.name)' of \(place.rawValue) of stage '\(stage.name)'"
        guard rule.provider == "VariableCheck", rule.type["version"]?.string ?? "1" == "1" else {
            throw .validation(
                "\(whole): the stand-in doesn't play the rule provider '\(rule.provider)' "
                    + "version '\(rule.type["version"]?.string ?? "1")', but VariableCheck version '1' alone"
            )
        }
        let names = ["Operator", "Value", "Variable"]
        for name in names where rule.configuration[name] == nil {
            throw .validation("\(whole) is missing the required configuration '\(name)'")
        }
        if let unknown = Set(rule.configuration.keys).subtracting(names).sorted().first {
            throw .validation("\(whole) contains the unknown configuration '\(unknown)'")
        }
        let comparison = rule.configuration["Operator"] ?? ""
        guard VariableCheck.operators.contains(comparison) else {
            throw .validation(
                "\(whole): the Operator '\(comparison)' is none of "
                    + VariableCheck.operators.joined(separator: ", ")
            )
        }
    }
}
