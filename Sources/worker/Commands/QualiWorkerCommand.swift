import ArgumentParser
import Foundation
import JobEngine
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
            PlanCommand.self, PauseCommand.self, ResumeCommand.self, Actions.self, DemoCommand.self,
            LicensesCommand.self, DocumentationCommand.self,
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
                StandardError.write(error: message + "\n" + (Self.hint(for: arguments).map { $0 + "\n" } ?? ""))
            }
            end(status)
        }
    }

    /// Which command was meant by a word that is none, if one is near.
    private static func hint(for arguments: [String]) -> String? {
        guard var command = try? CommandDescription.program() else { return nil }
        for word in arguments {
            let all = command.subcommands ?? []
            if let next = all.first(where: { $0.commandName == word }) {
                command = next
                continue
            }
            guard word.first?.isLetter == true else { return nil }
            var nearest: (name: String, distance: Int)?
            for name in all.map(\.commandName) {
                let distance = word.editDistance(to: name)
                guard distance <= min(2, name.count / 2), distance < nearest?.distance ?? .max else { continue }
                nearest = (name, distance)
            }
            return nearest.map { "Did you mean '\($0.name)'?" }
        }
        return nil
    }

    private static func end(_ status: Int32) -> Never {
        Program.tidyUp()
        Foundation.exit(status)
    }
}
