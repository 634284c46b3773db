import AWSLite
import ArgumentParser
import QualiCore
import WorkerSettings

/// `quali-worker actions list`.
struct ListActions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all custom action types of the account in the region."
    )

    @OptionGroup var types: ActionTypeOptions
    @OptionGroup(title: "AWS") var aws: AWSOptions

    func run() async throws {
        let service = try await ActionTypeService(types, [aws])
        let registered = try await service.call { try await $0.list() }
        guard !registered.isEmpty else {
            print("There are no custom action types.")
            return
        }
        let names = service.settings.actions.names
        let rows = registered.map { type in
            [
                type.id.provider, type.id.version, "\(type.id.category)", Self.range(type.inputArtifactDetails),
                Self.range(type.outputArtifactDetails), names.typeIDs.contains(type.id) ? "yes" : "",
            ]
        }
        print(Self.table([["NAME", "VERSION", "CATEGORY", "IN", "OUT", "POLLED FOR"]] + rows))
    }

    /// Rows in columns that are as wide as they must be.
    static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    private static func range(_ details: CodePipeline.ArtifactDetails) -> String {
        details.minimumCount == details.maximumCount
            ? "\(details.minimumCount)" : "\(details.minimumCount)-\(details.maximumCount)"
    }
}
