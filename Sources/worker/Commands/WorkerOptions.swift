import ArgumentParser
import Foundation
import WorkerSettings

/// The flags of all settings.
struct SettingFlags: ParsableArguments {
    @OptionGroup(title: "The lab") var lab: LabOptions
    @OptionGroup(title: "AWS") var aws: AWSOptions
    @OptionGroup(title: "Action types") var actionVersion: ActionVersionOptions
    @OptionGroup(title: "Action types") var actionNames: ActionNameOptions
    @OptionGroup(title: "What pipelines don't say") var properties: PropertyOptions
    @OptionGroup(title: "Jobs") var jobs: JobOptions
    @OptionGroup(title: "Log") var log: LogOptions

    /// The values of all flags.
    var flags: [String: String] {
        let options: [any SettingOptions] = [lab, aws, actionVersion, actionNames, properties, jobs, log]
        return options.reduce(into: [:]) { $0.merge($1.flags) { first, _ in first } }
    }
}

/// All options of `run`.
struct WorkerOptions: ParsableArguments {
    @OptionGroup var configurationFile: ConfigurationOptions
    @OptionGroup var settings: SettingFlags
}

/// All options of `run` for the commands that read the settings as it does; their help leaves the list to that of `run`.
struct SameOptions: ParsableArguments {
    /// Where the list is, for the help of such a command.
    static let advice = """
        The settings have the flags that 'quali-worker run --help' lists, and Docs/settings.md explains them; 'quali-worker \
        documentation settings' prints that page.
        """

    @OptionGroup var configurationFile: ConfigurationOptions
    @OptionGroup(visibility: .hidden) var settings: SettingFlags

    /// The settings' sources: these options, the environment and the file, or the service's.
    ///
    /// - Throws: ``ProgramFailure`` where the service's can't be had.
    func sources(_ service: ServiceOptions) throws -> SettingSources {
        try service.sources(settings.flags, configurationFile: configurationFile.path)
    }
}
