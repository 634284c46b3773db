package import QualiCore

extension PropertyDefaults.Property {
    /// The setting of what it says where a pipeline doesn't.
    package var setting: String {
        switch self {
        case .setupTimeout: "QUALI_SETUP_TIMEOUT_MINUTES"
        case .onSetupFailure: "QUALI_ON_SETUP_FAILURE"
        case .waitForResources: "QUALI_WAIT_FOR_RESOURCES_MINUTES"
        case .artifactFormat: "QUALI_ARTIFACT_FORMAT"
        case .commandTimeout: "QUALI_COMMAND_TIMEOUT_MINUTES"
        case .onCommandFailure: "QUALI_ON_COMMAND_FAILURE"
        case .waitForTeardown: "QUALI_WAIT_FOR_TEARDOWN"
        case .teardownTimeout: "QUALI_TEARDOWN_TIMEOUT_MINUTES"
        }
    }
}

extension Setting {
    /// The setting of what a property says where a pipeline doesn't.
    package static func property(_ property: PropertyDefaults.Property) -> Self {
        let (value, meaning, standard) =
            switch property {
            case .setupTimeout:
                ("minutes", "how long a setup may take", "30, or twice the blueprint's estimate if that is more")
            case .onSetupFailure: ("what", "End or Keep the sandbox of a start that fails", "End")
            case .waitForResources: ("minutes", "how long a start is repeated that the lab refuses for now", "0")
            case .artifactFormat:
                ("format", "the form of a start's artifact: zip, or json as the Python worker stored it", "zip")
            case .commandTimeout: ("minutes", "how long a command may take before it is cancelled", "15")
            case .onCommandFailure: ("what", "Fail or Continue the action of a command that fails", "Fail")
            case .waitForTeardown: ("truth", "true to wait for the teardown and to fail with its errors", "false")
            case .teardownTimeout: ("minutes", "how long a teardown may take that is waited for", "30")
            }
        return Self(
            name: property.setting,
            group: .properties,
            value: value,
            meaning: "\(meaning), where a pipeline has no \(property.rawValue)",
            standard: standard
        )
    }

    package static let componentMatch = Self(
        name: "QUALI_COMPONENT_MATCH",
        group: .properties,
        value: "how",
        meaning:
            "how a run action's ComponentName finds a component: whole, by its exact name or a pattern for one whole "
            + "name; original, for the time of a move, also as the Python worker did, with a warning",
        standard: "whole"
    )
}
