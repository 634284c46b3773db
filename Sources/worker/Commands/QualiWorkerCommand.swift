import ArgumentParser
import Foundation

/// The program.
@main
struct QualiWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quali-worker",
        abstract: "Runs AWS CodePipeline actions in Quali CloudShell labs.",
        subcommands: [RunWorker.self, Actions.self]
    )

    // Not CommandConfiguration's version, which would take the flag away from the commands about action types.
    @Flag(name: .customLong("version"), help: "Print the version.")
    var printsVersion = false

    func run() async throws {
        guard printsVersion else { throw CleanExit.helpRequest(self) }
        print("quali-worker \(Program.version)")
    }

    static func main() async {
        Program.prepare()
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
            Foundation.exit(ProgramFailure.Status.usage.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
