/// What is wrong with a pipeline, or worth knowing before it runs.
public struct Finding: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable, CaseIterable, Codable {
        /// It fails: the pipeline can't be made, or an action fails in each run.
        case error
        /// It fails or leaves something behind in some runs.
        case warning
        /// It is worth knowing.
        case note
    }

    /// What it is; these names are kept, and Docs/plan.md explains each.
    public enum ID: String, Sendable, Hashable, CaseIterable, Codable {
        // The definition.
        case wrongType = "wrong-type"
        case missingMember = "missing-member"
        case keyTwice = "key-twice"
        case limit = "limit"
        case nameTwice = "name-twice"
        case sourceStage = "source-stage"
        case needsV2 = "needs-v2"
        case artifactUnmade = "artifact-unmade"
        case artifactLater = "artifact-later"
        case artifactTwice = "artifact-twice"
        case artifactCount = "artifact-count"
        case namespaceUnmade = "namespace-unmade"
        case namespaceLater = "namespace-later"
        case namespaceTwice = "namespace-twice"
        case variableUnknown = "variable-unknown"
        // The three actions.
        case typeUnknown = "action-type-unknown"
        case typeCategory = "action-type-category"
        case typeVersion = "action-type-version"
        case propertyUnknown = "property-unknown"
        case propertyMissing = "property-missing"
        case propertyWrong = "property-wrong"
        case patternInvalid = "pattern-invalid"
        case sandboxUnnamed = "sandbox-unnamed"
        case sandboxElsewhere = "sandbox-elsewhere"
        case endTooEarly = "end-too-early"
        case durationShort = "duration-short"
        // Sandboxes that stay.
        case leakSuccess = "leak-success"
        case leakSkip = "leak-skip"
        case leakFailure = "leak-failure"
        case leakRollback = "leak-rollback"
        case rollbackBreaks = "rollback-breaks"
        case parallel = "parallel"
        // The lab.
        case blueprintUnknown = "blueprint-unknown"
        case blueprintUnavailable = "blueprint-unavailable"
        case inputUnknown = "input-unknown"
        case inputMissing = "input-missing"
        case inputValue = "input-value"
        case durationEstimate = "duration-estimate"
        case componentUnmatched = "component-unmatched"
        case commandUnknown = "command-unknown"
        case argumentUnknown = "argument-unknown"
        case argumentMissing = "argument-missing"
        case argumentValue = "argument-value"
        case notChecked = "not-checked"
        case moving = "moving"

        /// How bad it is, where nothing makes it less so.
        package var severity: Severity {
            switch self {
            case .keyTwice, .typeUnknown, .patternInvalid, .sandboxElsewhere, .durationShort, .leakSuccess, .leakSkip,
                .leakFailure, .leakRollback, .rollbackBreaks, .blueprintUnavailable, .durationEstimate,
                .componentUnmatched:
                .warning
            case .parallel, .notChecked, .moving: .note
            default: .error
            }
        }
    }

    /// What it is.
    public let id: ID
    /// How bad it is.
    public let severity: Severity
    /// Where it stands.
    public let place: Place
    /// The pipeline, by its name or its name in the template.
    public let pipeline: String
    /// The action, such as `Lab/Start`; `nil` where it is about more than one.
    public let action: String?
    /// What was found and what is wanted.
    public let text: String
}
