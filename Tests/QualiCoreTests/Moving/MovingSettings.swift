import QualiCore
import Testing

/// The settings with which this worker does as the original did: what the program makes of each, by name.
enum MovingSettings {
    typealias Apply = @Sendable (_ value: String, _ configuration: inout QualiWorker.Configuration) throws -> Void

    /// Each that a row has.
    static let known: [String: Apply] = [
        "QUALI_ARTIFACT_FORMAT": { try $1.propertyDefaults.set($0, for: .artifactFormat) },
        "QUALI_COMPONENT_MATCH": { $1.componentMatch = try #require(ComponentMatch(rawValue: $0)) },
        "QUALI_ON_COMMAND_FAILURE": { try $1.propertyDefaults.set($0, for: .onCommandFailure) },
    ]

    /// All of them at once, with their values.
    static let all = MovingCase.all.reduce(into: [String: String]()) { $0.merge($1.greenWith) { first, _ in first } }
}
