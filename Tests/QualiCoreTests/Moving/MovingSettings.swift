import QualiCore
import Testing

/// The settings with which this worker does as the original did: what the program makes of each, by name.
enum MovingSettings {
    typealias Apply = @Sendable (_ value: String, _ configuration: inout QualiWorker.Configuration) throws -> Void

    /// Those that there are; rows that want others are green with none.
    static let known: [String: Apply] = [
        "QUALI_ARTIFACT_FORMAT": { try $1.propertyDefaults.set($0, for: .artifactFormat) },
        "QUALI_COMPONENT_MATCH": { $1.componentMatch = try #require(ComponentMatch(rawValue: $0)) },
    ]

    /// The rows that are green again with settings that there are.
    static let greenAgain = MovingCase.all.filter { row in
        !row.greenWith.isEmpty && row.greenWith.keys.allSatisfy { known[$0] != nil }
    }

    /// All of these settings at once, with their values.
    static let all = greenAgain.reduce(into: [String: String]()) { $0.merge($1.greenWith) { first, _ in first } }
}
