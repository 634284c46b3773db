import ArgumentParser
import Foundation
import WorkerSettings

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
            Actions.self, DemoCommand.self, LicensesCommand.self, DocumentationCommand.self,
        ]
    )

    static func main() async {
        Program.prepare()
        // Neither a flag nor CommandConfiguration's version, which would take --version away from the subcommands.
        let arguments = Program.arguments
        if arguments == ["--version"] {
            print("quali-worker \(Program.version)")
            return
        }
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            end(0)
        } catch let failure as ProgramFailure {
            StandardError.write(error: "quali-worker: \(failure.message)\n")
            end(failure.status.rawValue)
        } catch let error as SettingsError {
            StandardError.write(error: "quali-worker: \(error)\n")
            end(error.status.rawValue)
        } catch {
            let status = exitCode(for: error).rawValue
            let message = fullMessage(for: error)
            if status == 0 {
                print(message)
            } else if !message.isEmpty {
                StandardError.write(error: message + "\n")
            }
            end(status)
        }
    }

    private static func end(_ status: Int32) -> Never {
        Program.tidyUp()
        Foundation.exit(status)
    }
}
