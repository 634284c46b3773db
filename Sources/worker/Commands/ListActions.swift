import AWSLite
import ArgumentParser
import Foundation
import QualiCore
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// `quali-worker actions list`.
struct ListActions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all custom action types of the account in the region."
    )

    @Flag(help: "Print JSON; Docs/json.md describes it.") var json = false
    @OptionGroup var types: ActionTypeOptions
    @OptionGroup(title: "AWS") var aws: AWSOptions

    func run() async throws {
        let service = try await ActionTypeService(types, [aws])
        let polled = Set(service.settings.actions.names.typeIDs)
        let list = ActionTypeList(
            actionTypes: try await service.call { try await $0.list() }.map { .init($0, isPolledFor: polled) }
        )
        print(json ? try JSONReport(list).text() : list.text(width: Terminal.width(STDOUT_FILENO)))
    }
}

/// The registered action types; as JSON, `Docs/json.md` describes them.
struct ActionTypeList: Encodable {
    let actionTypes: [Row]

    struct Row: Encodable {
        let actionType: String
        let version: String
        let category: String
        let minInputs: Int
        let maxInputs: Int
        let minOutputs: Int
        let maxOutputs: Int
        /// Whether a worker with these settings serves it.
        let polledFor: Bool

        init(_ type: CodePipeline.ActionType, isPolledFor polled: Set<CodePipeline.ActionTypeID>) {
            (actionType, version, category) = (type.id.provider, type.id.version, "\(type.id.category)")
            (minInputs, maxInputs) = (type.inputArtifactDetails.minimumCount, type.inputArtifactDetails.maximumCount)
            (minOutputs, maxOutputs) = (
                type.outputArtifactDetails.minimumCount, type.outputArtifactDetails.maximumCount
            )
            polledFor = polled.contains(type.id)
        }
    }

    /// A table for a terminal that is so many columns wide; `nil` for what takes lines of any length.
    func text(width: Int?) -> String {
        guard !actionTypes.isEmpty else { return "There are no custom action types." }
        let rows = actionTypes.map { type in
            [
                type.actionType, type.version, type.category, Self.range(type.minInputs, type.maxInputs),
                Self.range(type.minOutputs, type.maxOutputs), type.polledFor ? "yes" : "",
            ]
        }
        let heading = ["NAME", "VERSION", "CATEGORY", "IN", "OUT", "POLLED FOR"]
        return Table(heading: heading, rows).text(width: width)
    }

    private static func range(_ least: Int, _ most: Int) -> String { least == most ? "\(least)" : "\(least)-\(most)" }
}
