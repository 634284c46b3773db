extension VirtualPipeline {
    /// Which actions a retry of a stage runs again.
    package enum RetryMode: String, Sendable, CaseIterable {
        /// Those that have failed, or were abandoned.
        case failedActions = "FAILED_ACTIONS"
        /// All of the stage.
        case allActions = "ALL_ACTIONS"
    }

    /// A condition of a stage: checks, and what happens unless all of them come out well.
    package struct Condition: Sendable {
        /// What happens where a condition isn't met.
        package enum Result: String, Sendable {
            /// The stage fails.
            case fail = "FAIL"
            /// The stage fails, and goes back to the latest execution that succeeded in it.
            case rollback = "ROLLBACK"
            /// The stage is left out: for a condition before entry alone.
            case skip = "SKIP"
        }

        /// A rule with AWS's provider `VariableCheck`.
        package struct Check: Sendable {
            /// How a variable is compared with a value.
            package enum Comparison: String, Sendable {
                /// They have to be equal.
                case equals = "EQ"
                /// They must not be equal.
                case differs = "NE"
                /// The value has to be in the variable's.
                case contains = "CONTAINS"
                /// The value has to be a regular expression for all of the variable's.
                case matches = "MATCHES"
            }

            /// The variable, such as `#{namespace.name}`.
            package var variable: String
            /// How it's compared.
            package var comparison: Comparison
            /// What it's compared with.
            package var value: String

            /// Describes a check.
            package init(_ variable: String, _ comparison: Comparison, _ value: String) {
                self.variable = variable
                self.comparison = comparison
                self.value = value
            }
        }

        /// The checks, one to five.
        package var checks: [Check]
        /// What happens unless all of them come out well.
        package var result: Result

        /// Describes a condition.
        package init(_ checks: [Check], otherwise result: Result) {
            self.checks = checks
            self.result = result
        }
    }

    /// What happens when an action of a stage has failed.
    package enum FailureResponse: Sendable {
        /// The stage is tried again, once.
        case retry(RetryMode)
        /// The stage goes back to the latest execution that succeeded in it.
        case rollback
        /// The condition's result comes about unless it's met: ``Condition/Result/rollback`` or nothing more.
        case condition(Condition)
    }
}

extension VirtualPipeline.Stage {
    /// The stage as a declaration has it.
    var json: JSON {
        func holder(_ condition: VirtualPipeline.Condition) -> JSON { ["conditions": [condition.json]] }
        return .members([
            "name": .string(name), "actions": .array(actions.map(\.json)), "beforeEntry": beforeEntry.map(holder),
            "onSuccess": onSuccess.map(holder),
            "onFailure": onFailure.map { response in
                switch response {
                case .retry(let mode):
                    ["result": "RETRY", "retryConfiguration": ["retryMode": .string(mode.rawValue)]]
                case .rollback: ["result": "ROLLBACK"]
                case .condition(let condition): holder(condition)
                }
            },
        ])
    }
}

extension VirtualPipeline.Condition {
    fileprivate var json: JSON {
        [
            "result": .string(result.rawValue),
            "rules": .array(
                checks.enumerated().map { index, check in
                    [
                        "name": .string("Check\(index + 1)"), "ruleTypeId": World.variableCheck,
                        "configuration": [
                            "Variable": .string(check.variable), "Operator": .string(check.comparison.rawValue),
                            "Value": .string(check.value),
                        ],
                    ]
                }
            ),
        ]
    }
}
