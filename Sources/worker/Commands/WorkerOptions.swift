import ArgumentParser
import Foundation
import WorkerSettings

/// All options of `run`, for the commands that read the settings as it does.
struct WorkerOptions: ParsableArguments {
    @OptionGroup var configurationFile: ConfigurationOptions
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

    /// The settings' sources: these options, the environment and the file, or the service's.
    ///
    /// - Throws: ``ProgramFailure`` where the service's can't be had.
    func sources(_ service: ServiceOptions) throws -> SettingSources {
        try service.sources(flags, configurationFile: configurationFile.path)
    }
}
