import ArgumentParser
import Foundation
import QualiCore
import WorkerSettings

/// `quali-worker pause`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Have this host's worker take no more jobs, and go on with those that it has.",
        discussion: """
            The pause outlives a restart of the worker. Other workers take the jobs meanwhile; where there are none, jobs \
            wait in CodePipeline's queue. The status page and /readyz tell of the pause. A worker that is stopped during a \
            pause keeps its jobs for its next start; to hand them to other workers, stop it without a pause.
            """
    )

    @OptionGroup var state: StateOptions
    @Option(name: .customLong("for"), help: ArgumentHelp("End the pause by itself after this time.", valueName: "2h"))
    var length: String?
    @Option(help: ArgumentHelp("Why, for those who look.", valueName: "text")) var note: String?

    func run() async throws {
        let folder = try state.read()
        let until = try length.map { text in
            guard let length = SettingReader.duration(text), length > .zero else {
                throw ProgramFailure(.usage, "--for is '\(text)'. Wanted: a duration up to 24h, such as 90s, 10m or 2h")
            }
            return Date() + length / .seconds(1)
        }
        try OperatorFolder(stateFolder: folder).write(WorkerPause(until: until, note: note))
        let end = until.map { "until \(JobDescription.time($0)) UTC" } ?? "until 'quali-worker resume'"
        switch StateFolderReport(folder).holder {
        case .nobody: print("No worker runs. One that starts with \(folder) is paused, \(end).")
        case .worker, .unknown: print("The worker takes no more jobs, \(end). It goes on with those that it has.")
        }
    }
}

/// `quali-worker resume`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End the pause of this host's worker."
    )

    @OptionGroup var state: StateOptions

    func run() async throws {
        let folder = try state.read()
        let wasPaused = try OperatorFolder(stateFolder: folder).endPause()
        print(wasPaused ? "The worker takes jobs again." : "There is no pause.")
    }
}

/// Where the worker's state folder is.
struct StateOptions: ParsableArguments {
    @OptionGroup var service: ServiceOptions
    @OptionGroup var configurationFile: ConfigurationOptions
    @OptionGroup var folder: StateFolderOptions

    /// The state folder.
    ///
    /// - Throws: ``SettingsError`` where it is named wrongly, and ``ProgramFailure`` where the service's isn't known.
    func read() throws -> String { try settings().jobs.stateDirectory }

    /// The settings, of which others may be missing.
    ///
    /// - Throws: As ``read()`` does.
    func settings() throws -> WorkerSettings {
        let sources = try service.sources(folder.flags, configurationFile: configurationFile.path)
        var reader = SettingReader(sources)
        let settings = WorkerSettings(&reader)
        let names = [Setting.stateDirectory.name, "--config", configurationFile.path]
        let problems = reader.problems.filter { names.contains($0.name) }
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
        return settings
    }
}
