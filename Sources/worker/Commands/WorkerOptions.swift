import ArgumentParser
import Foundation
import WorkerSettings

/// What has an option for each setting.
///
/// The groups aren't put together in one: a debug build of the argument parser, which the tests run by the hundred, checks a
/// group five times as often as the one around it.
protocol SettingGroups {
    var lab: LabOptions { get }
    var aws: AWSOptions { get }
    var actionVersion: ActionVersionOptions { get }
    var actionNames: ActionNameOptions { get }
    var properties: PropertyOptions { get }
    var jobs: JobOptions { get }
    var log: LogOptions { get }
}

extension SettingGroups {
    /// The values of all flags.
    var settingFlags: [String: String] {
        let options: [any SettingOptions] = [lab, aws, actionVersion, actionNames, properties, jobs, log]
        return options.reduce(into: [:]) { $0.merge($1.flags) { first, _ in first } }
    }
}

/// All options of `run` for the commands that read the settings as it does; their help leaves the list to that of `run`.
struct SameOptions: ParsableArguments, SettingGroups {
    /// Where the list is, for the help of such a command.
    static let advice = """
        The settings have the flags that 'quali-worker run --help' lists, and Docs/settings.md explains them; 'quali-worker \
        documentation settings' prints that page.
        """

    @OptionGroup var configurationFile: ConfigurationOptions
    @OptionGroup(visibility: .hidden) var lab: LabOptions
    @OptionGroup(visibility: .hidden) var aws: AWSOptions
    @OptionGroup(visibility: .hidden) var actionVersion: ActionVersionOptions
    @OptionGroup(visibility: .hidden) var actionNames: ActionNameOptions
    @OptionGroup(visibility: .hidden) var properties: PropertyOptions
    @OptionGroup(visibility: .hidden) var jobs: JobOptions
    @OptionGroup(visibility: .hidden) var log: LogOptions

    /// The settings' sources: these options, the environment and the file, or the service's.
    ///
    /// - Throws: ``ProgramFailure`` where the service's can't be had.
    func sources(_ service: ServiceOptions) throws -> SettingSources {
        try service.sources(settingFlags, configurationFile: configurationFile.path)
    }
}
