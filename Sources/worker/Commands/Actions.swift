import ArgumentParser

/// `quali-worker actions`.
struct Actions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Register the action types in CodePipeline, or remove them; print the policies that this takes.",
        subcommands: [
            InstallActions.self, UninstallActions.self, ListActions.self, ExportActions.self, PrintPolicy.self,
        ]
    )
}
