import ArgumentParser
import Foundation

/// The program.
@main
struct QualiWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quali-worker",
        abstract: "Runs AWS CodePipeline actions in Quali CloudShell labs.",
        discussion: """
            'quali-worker demo' needs nothing and shows it at work; 'quali-worker check' tries your settings and says \
            what to do next. 'quali-worker --version' prints the version.
            """,
        subcommands: [
            RunWorker.self, CheckCommand.self, ConfigCommand.self, JobsCommand.self, SandboxesCommand.self,
            Actions.self, DemoCommand.self, DocumentationCommand.self,
        ]
    )

    static func main() async {
        Program.prepare()
        // Neither a flag nor CommandConfiguration's version, which would take --version away from the subcommands.
        if CommandLine.arguments.dropFirst() == ["--version"] {
            print("quali-worker \(Program.version)")
            return
        }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as ProgramFailure {
            StandardError.write("quali-worker: \(failure.message)\n")
            Foundation.exit(failure.status.rawValue)
        } catch let error as SettingsError {
            StandardError.write("quali-worker: \(error)\n")
            Foundation.exit(error.status.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
