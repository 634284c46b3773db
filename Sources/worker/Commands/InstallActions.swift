import AWSLite
import ArgumentParser
import Foundation
import QualiCore
import WorkerSettings

/// `quali-worker actions install`.
struct InstallActions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Register the three action types, or those of a folder.",
        discussion: """
            What is registered already, just like this, is left alone. A registered version can't be changed: \
            where another definition has it, none is registered, the differences are shown, and the exit status is 65. \
            A deleted version stays taken too, for the definition that it had. With --from, what is given here, be it \
            the version, a name or the portal, stands in place of what the files say.
            """
    )

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp("Register the definitions in this folder's JSON files, as exported.", valueName: "folder")
    )
    var folder: String?
    @Flag(help: "Say what would be registered, and change nothing.") var dryRun = false
    @OptionGroup var types: ActionTypeOptions
    @OptionGroup var portal: PortalOptions
    @OptionGroup(title: "AWS") var aws: AWSOptions

    func validate() throws {
        if folder != nil, types.names.labName != nil {
            throw ValidationError(
                "With --from, the files say whether there is a property LabName: leave --quali-lab-name out."
            )
        }
    }

    func run() async throws {
        let service = try await ActionTypeService(types, [portal, aws])
        let definitions =
            try folder.map { folder in
                let overrides = DefinitionOverrides(types, portal, service.settings)
                return try overrides.applied(to: DefinitionFolder(folder).definitions())
            } ?? service.settings.definitions
        if dryRun { print("Nothing is changed. Without --dry-run:") }
        let differing = try await service.call { registrar in
            try await Self.install(definitions, with: registrar, isDry: dryRun) { print($0) }
        }
        if folder == nil, service.settings.portal == nil {
            print("They have no links into the CloudShell portal; --portal-url sets them.")
        }
        if differing > 0 {
            throw ProgramFailure(
                .data,
                """
                \(differing) of \(definitions.count) action types have another definition under this version,
                so none \(dryRun ? "would be" : "was") registered.
                A registered version can't be changed. Choose a higher one, here with --version
                and for the workers with JOB_WORKER_VERSION, or change nothing.
                """
            )
        }
    }

    /// Registers definitions, or none of them where one is registered otherwise, and says what became of each.
    ///
    /// With `isDry`, it says what would become of them.
    ///
    /// - Returns: How many are registered otherwise.
    /// - Throws: `AWSError` or `ActionRegistrar.InstallFailure` when the service refuses.
    static func install(
        _ definitions: [CodePipeline.CustomActionType],
        with registrar: ActionRegistrar,
        isDry: Bool = false,
        say: (String) -> Void
    ) async throws -> Int {
        var differing = 0
        let outcomes = isDry ? try await registrar.plan(definitions) : try await registrar.install(definitions)
        for (definition, outcome) in zip(definitions, outcomes) {
            say(line(outcome?.description ?? "create", definition))
            guard let outcome, !outcome.differences.isEmpty else { continue }
            differing += 1
            for difference in outcome.differences { say(wrapped(difference, indent: 13, firstIndent: 11)) }
        }
        return differing
    }

    /// What became of a definition, in a line.
    static func line(_ word: String, _ definition: CodePipeline.CustomActionType) -> String {
        let what = "\(definition.provider), version \(definition.version) (\(definition.category))"
        return word.padding(toLength: 11, withPad: " ", startingAt: 0) + what
    }
}
