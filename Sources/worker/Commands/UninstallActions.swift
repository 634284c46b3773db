import AWSLite
import ArgumentParser
import Foundation
import QualiCore
import WorkerChecks
import WorkerSettings

/// `quali-worker actions uninstall`.
struct UninstallActions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Delete the three action types of a version, after a question at the terminal.",
        discussion: """
            Pipelines that use them stay as they are, but their actions fail from now on. They are named, if the \
            credentials may read them. A deleted version can be registered again only with the same definition.
            """
    )

    @Flag(help: "Don't ask.") var yes = false
    @Flag(help: "Say what would be deleted, and change nothing.") var dryRun = false
    @OptionGroup var types: ActionTypeOptions
    @OptionGroup(title: "AWS") var aws: AWSOptions

    func run() async throws {
        let question = Question("actions uninstall asks before it deletes anything", wanted: "--yes")
        if !yes, !dryRun { try question.requireTerminal() }
        let service = try await ActionTypeService(types, [aws])
        let definitions = service.settings.definitions
        let wanted = Set(service.settings.actions.names.typeIDs)
        let present = try await service.call { try await $0.list() }.map(\.id).filter(wanted.contains)
        let users = present.isEmpty ? nil : try await service.registrar.users(of: Set(present))
        if dryRun {
            print("Nothing is changed. Without --dry-run:")
            for definition in definitions {
                let isThere = present.contains { $0.provider == definition.provider }
                print(InstallActions.line(isThere ? "delete" : "absent", definition))
            }
            if let users { print(users.text) }
            return
        }
        if let users {
            let found = definitions.filter { definition in present.contains { $0.provider == definition.provider } }
            let facts = (found.map { InstallActions.line("to delete", $0) } + [users.text]).joined(separator: "\n")
            if yes {
                StandardError.write(users.text + "\n")
            } else {
                try question.ask(
                    "Delete \(found.count == 1 ? "it" : "them")?",
                    about: facts,
                    otherwise: "Nothing was deleted."
                )
            }
        }
        for definition in definitions {
            let outcome = try await service.call { try await $0.uninstall(definition) }
            print(InstallActions.line(outcome.description, definition))
        }
    }
}

extension TypeUsers {
    /// Who uses the types, and what isn't known of that.
    fileprivate var text: String {
        var sentences: [String] = []
        if !pipelines.isEmpty {
            let names = pipelines.map(LogLine.visible).joined(separator: ", ")
            sentences.append("Pipelines that use them, and fail without them: \(names).")
        }
        if let obstacle {
            let whose = pipelines.isEmpty ? "which pipelines use them" : "which others do"
            sentences.append("It isn't known \(whose): \(CheckText.line(obstacle)).")
        }
        if sentences.isEmpty { sentences.append("No pipeline in this region uses them.") }
        return wrapped(sentences.joined(separator: " "), indent: 0)
    }
}
