import AWSLite
import QualiCore

/// Whether the three action types are registered as this worker expects them.
struct ActionTypesCheck {
    private let names: QualiActions
    private let parameters: ParameterNames
    private let portal: PortalLinks?
    private let registered: [CodePipeline.ActionType]

    /// `portal` is where the console's links should lead.
    init(
        _ names: QualiActions,
        _ parameters: ParameterNames,
        portal: PortalLinks?,
        registered: [CodePipeline.ActionType]
    ) {
        self.names = names
        self.parameters = parameters
        self.portal = portal
        self.registered = registered
    }

    /// Nothing is known.
    static func notTried(_ names: QualiActions, _ reason: String) -> [CheckResult] {
        names.definitions().map { .notTried(title($0), reason) }
    }

    /// A line for each type.
    var results: [CheckResult] { names.definitions(portal: portal).map(result) }

    private static func title(_ definition: CodePipeline.CustomActionType) -> String {
        "action \(definition.provider)"
    }

    private func result(_ definition: CodePipeline.CustomActionType) -> CheckResult {
        let name = Self.title(definition)
        guard let match = registered.first(where: { $0.id == definition.id }) else {
            return missing(name, definition)
        }
        let version = "version \(definition.version)"
        if let refused = refusal(name, definition, match) { return refused }
        let differences = ActionRegistrar.differences(definition, match)
        let required = missingProperties(differences).filter(\.required).map(\.name)
        let optional = missingProperties(differences).filter { !$0.required }.map(\.name)
        if !required.isEmpty {
            return .failed(
                name,
                "\(version) lacks what every job needs: \(required.joined(separator: ", "))",
                fix: newVersion(definition)
            )
        }
        if !optional.isEmpty {
            let properties = optional.count == 1 ? "the optional property" : "the optional properties"
            let defaults = optional.compactMap {
                PropertyDefaults.Property(rawValue: $0).map { parameters.propertyDefault($0.rawValue) }
            }
            let instead = defaults.isEmpty ? "" : "; for all pipelines at once there are "
            return .warning(
                name,
                "\(version) is an older definition: pipelines can't give \(properties) "
                    + optional.joined(separator: ", ") + instead + defaults.joined(separator: ", "),
                fix: newVersion(definition)
            )
        }
        let serious = differences.filter { $0.kind != .appearance }.map(\.description)
        if !serious.isEmpty {
            return .warning(
                name,
                "\(version) isn't quite this worker's: \(CheckText.line(serious.joined(separator: "; ")))",
                fix: newVersion(definition)
            )
        }
        return .ok(name, "\(version)" + (differences.isEmpty ? "" : ", with other links or descriptions"))
    }

    /// A type with a queryable property must be polled with it, and one without mustn't: CodePipeline refuses the rest.
    private func refusal(
        _ name: String,
        _ definition: CodePipeline.CustomActionType,
        _ match: CodePipeline.ActionType
    ) -> CheckResult? {
        let wanted = QualiActions.labNameProperty
        let queryable = match.configurationProperties.first(where: \.queryable)?.name
        guard queryable != (names.labName == nil ? nil : wanted) else { return nil }
        let parameter = parameters.labName
        let version = "version \(definition.version)"
        switch queryable {
        case wanted?:
            return .failed(
                name,
                "\(version) has the queryable property \(wanted), so polls without \(parameter) are refused",
                fix:
                    "set \(parameter) to this lab's name, or register types without \(wanted): \(newVersion(definition))"
            )
        case let other?:
            return .failed(
                name,
                "\(version) has the queryable property \(CheckText.line(other)), which this worker can't poll with",
                fix: newVersion(definition)
            )
        case nil:
            return .failed(
                name,
                "\(version) has no queryable property, so polls with \(parameter) are refused",
                fix: "unset \(parameter), or register types with \(wanted): \(newVersion(definition))"
            )
        }
    }

    private func missing(_ name: String, _ definition: CodePipeline.CustomActionType) -> CheckResult {
        let others = registered.filter {
            $0.id.provider == definition.provider && $0.id.category == definition.category
        }.map(\.id.version)
        let absent = "version \(definition.version) isn't registered"
        guard let latest = others.max(by: Self.isOlder) else {
            return .failed(name, absent, fix: parameters.registration(definition.version))
        }
        let list = others.sorted(by: Self.isOlder).joined(separator: ", ")
        return .failed(
            name,
            "\(absent); \(others.count == 1 ? "version \(list) is" : "versions \(list) are")",
            fix: "set \(parameters.actionVersion)=\(latest), or register version \(definition.version): "
                + parameters.registration(definition.version)
        )
    }

    private func missingProperties(
        _ differences: [ActionTypeDifference]
    ) -> [CodePipeline.ActionConfigurationProperty] {
        differences.compactMap { difference in
            guard case .missingProperty(let property) = difference.kind else { return nil }
            return property
        }
    }

    /// A registered version can't be changed, so the way is a higher one.
    private func newVersion(_ definition: CodePipeline.CustomActionType) -> String {
        let taken = registered.filter { $0.id.provider == definition.provider }.compactMap { Int($0.id.version) }
        let free = taken.max().map { "\($0 + 1)" } ?? "N"
        return "\(parameters.registration(free)), then \(parameters.actionVersion)=\(free) here and version \(free) in "
            + "the pipelines"
    }

    private static func isOlder(_ one: String, _ other: String) -> Bool {
        if let one = Int(one), let other = Int(other) { return one < other }
        return one < other
    }
}
