/// A stage of a declaration, read once.
struct Stage: Sendable {
    let name: String
    let actions: [Action]
    /// The run orders in use, the first one first.
    let orders: [Int]
    let conditions: [ConditionPlace: Condition]
    /// What happens when an action has failed, without a condition: `RETRY`, `ROLLBACK` or `FAIL`.
    let failureResult: String?
    /// `FAILED_ACTIONS` or `ALL_ACTIONS`, where the failure result is `RETRY`.
    let retryMode: String?

    init(json: JSON) {
        name = json["name"]?.string ?? ""
        actions = (json["actions"]?.array ?? []).map(Action.init)
        orders = Set(actions.map(\.runOrder)).sorted()
        var conditions: [ConditionPlace: Condition] = [:]
        for place in ConditionPlace.allCases {
            conditions[place] = json[place.rawValue]?["conditions"]?[0].map(Condition.init)
        }
        self.conditions = conditions
        failureResult = json["onFailure"]?["result"]?.string
        retryMode = json["onFailure"]?["retryConfiguration"]?["retryMode"]?.string
    }

    /// Whether it holds sources.
    var isSource: Bool { actions.contains { $0.type.category == "Source" } }

    /// What happens where the condition at a place isn't met.
    func result(at place: ConditionPlace) -> String {
        conditions[place]?.result ?? (place == .onFailure ? failureResult : nil) ?? "FAIL"
    }
}

/// An action of a declaration, read once.
struct Action: Sendable {
    let name: String
    let type: ActionTypeKey
    let runOrder: Int
    let namespace: String?
    let configuration: [String: String]
    let inputs: [String]
    let outputs: [String]
    let roleARN: String?

    init(json: JSON) {
        func names(_ member: String) -> [String] {
            (json[member]?.array ?? []).compactMap { $0["name"]?.string }
        }
        name = json["name"]?.string ?? ""
        type = ActionTypeKey(json["actionTypeId"])
        runOrder = json["runOrder"]?.integer ?? 1
        namespace = json["namespace"]?.string
        configuration = (json["configuration"]?.object ?? [:]).compactMapValues(\.string)
        inputs = names("inputArtifacts")
        outputs = names("outputArtifacts")
        roleARN = json["roleArn"]?.string
    }
}

/// Where a stage may have a condition, by its member in the declaration.
enum ConditionPlace: String, Sendable, CaseIterable {
    case beforeEntry
    case onSuccess
    case onFailure
}

/// A condition of a stage, read once: rules that all have to succeed, or else its result comes about.
struct Condition: Sendable {
    /// `FAIL`, `ROLLBACK`, `SKIP` or `RETRY`.
    let result: String?
    let rules: [Rule]

    init(json: JSON) {
        result = json["result"]?.string
        rules = (json["rules"]?.array ?? []).map(Rule.init)
    }
}

/// A rule of a condition, read once.
struct Rule: Sendable {
    let name: String
    let type: JSON
    let configuration: [String: String]
    let roleARN: String?
    let region: String?

    var provider: String { type["provider"]?.string ?? "" }

    init(json: JSON) {
        name = json["name"]?.string ?? ""
        type = json["ruleTypeId"] ?? [:]
        configuration = (json["configuration"]?.object ?? [:]).compactMapValues(\.string)
        roleARN = json["roleArn"]?.string
        region = json["region"]?.string
    }
}
