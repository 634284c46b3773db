import ArgumentParser
import Foundation
import QualiCore
import WorkerSettings

extension Option {
    /// The flag of a setting, as the table of settings has it.
    init(_ setting: Setting) where Value == String? {
        self.init(
            name: NameSpecification([setting.flag, setting.shortFlag].compactMap { $0.map { .customLong($0) } }),
            help: ArgumentHelp(stringLiteral: setting.help).named(setting.value)
        )
    }
}

extension ArgumentHelp {
    fileprivate func named(_ value: String) -> ArgumentHelp {
        var help = self
        help.valueName = value
        return help
    }
}

/// Options that give settings.
protocol SettingOptions: ParsableArguments {
    /// The options' values with their settings.
    var given: [(Setting, String?)] { get }
}

extension SettingOptions {
    /// The values of the options that were given, by the setting's name; paths begin at the root.
    var flags: [String: String] {
        given.reduce(into: [:]) { flags, option in
            if let value = option.1 { flags[option.0.nameOfFlag] = option.0.flagTakesPath ? Self.whole(value) : value }
        }
    }

    /// A path from the root, since a shell completes one from the current folder.
    private static func whole(_ path: String) -> String {
        let folder = FileManager.default.currentDirectoryPath
        return path.isEmpty || path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    }
}

/// The flags about the lab.
struct LabOptions: SettingOptions {
    @Option(.labURL) var url: String?
    @Option(.labUser) var user: String?
    @Option(.labPassword) var password: String?
    @Option(.labDomain) var domain: String?
    @Option(.labCABundle) var caBundle: String?
    @Option(.labProxy) var proxy: String?
    @Option(.labConnections) var connections: String?
    @Option(.portalURL) var portal: String?
    @Option(.secretNames) var secretNames: String?

    var given: [(Setting, String?)] {
        [
            (.labURL, url), (.labUser, user), (.labPassword, password), (.labDomain, domain),
            (.labCABundle, caBundle), (.labProxy, proxy),
            (.labConnections, connections), (.portalURL, portal), (.secretNames, secretNames),
        ]
    }
}

/// The flags about AWS.
struct AWSOptions: SettingOptions {
    @Option(.region) var region: String?
    @Option(.profile) var profile: String?
    @Option(.accessKeyID) var accessKeyID: String?
    @Option(.secretAccessKey) var secretAccessKey: String?
    @Option(.sessionToken) var sessionToken: String?
    @Option(.oldAccessKeyID) var oldAccessKeyID: String?
    @Option(.oldSecretAccessKey) var oldSecretAccessKey: String?
    @Option(.endpoint) var endpoint: String?
    @Option(.codePipelineEndpoint) var codePipelineEndpoint: String?
    @Option(.s3Endpoint) var s3Endpoint: String?
    @Option(.stsEndpoint) var stsEndpoint: String?
    @Option(.awsCABundle) var caBundle: String?

    var given: [(Setting, String?)] {
        [
            (.region, region), (.profile, profile), (.accessKeyID, accessKeyID), (.secretAccessKey, secretAccessKey),
            (.sessionToken, sessionToken), (.oldAccessKeyID, oldAccessKeyID),
            (.oldSecretAccessKey, oldSecretAccessKey), (.endpoint, endpoint),
            (.codePipelineEndpoint, codePipelineEndpoint), (.s3Endpoint, s3Endpoint), (.stsEndpoint, stsEndpoint),
            (.awsCABundle, caBundle),
        ]
    }
}

/// The flags about the region, for a command that calls nobody.
struct RegionOptions: SettingOptions {
    @Option(.region) var region: String?
    @Option(.profile) var profile: String?

    var given: [(Setting, String?)] { [(.region, region), (.profile, profile)] }
}

/// The flags about the action types' names.
struct ActionNameOptions: SettingOptions {
    @Option(.startSandboxName) var startSandbox: String?
    @Option(.runCommandName) var runCommand: String?
    @Option(.endSandboxName) var endSandbox: String?
    @Option(.labName) var labName: String?

    var given: [(Setting, String?)] {
        [
            (.startSandboxName, startSandbox), (.runCommandName, runCommand), (.endSandboxName, endSandbox),
            (.labName, labName),
        ]
    }
}

/// The flag about the action types' version.
struct ActionVersionOptions: SettingOptions {
    @Option(.actionVersion) var version: String?

    var given: [(Setting, String?)] { [(.actionVersion, version)] }
}

/// The flags about what properties say where pipelines don't.
struct PropertyOptions: SettingOptions {
    @Option(.property(.setupTimeout)) var setupTimeout: String?
    @Option(.property(.onSetupFailure)) var onSetupFailure: String?
    @Option(.property(.waitForResources)) var waitForResources: String?
    @Option(.property(.artifactFormat)) var artifactFormat: String?
    @Option(.property(.commandTimeout)) var commandTimeout: String?
    @Option(.property(.onCommandFailure)) var onCommandFailure: String?
    @Option(.property(.waitForTeardown)) var waitForTeardown: String?
    @Option(.property(.teardownTimeout)) var teardownTimeout: String?
    @Option(.componentMatch) var componentMatch: String?

    var given: [(Setting, String?)] {
        [
            (.property(.setupTimeout), setupTimeout), (.property(.onSetupFailure), onSetupFailure),
            (.property(.waitForResources), waitForResources), (.property(.artifactFormat), artifactFormat),
            (.property(.commandTimeout), commandTimeout), (.property(.onCommandFailure), onCommandFailure),
            (.property(.waitForTeardown), waitForTeardown), (.property(.teardownTimeout), teardownTimeout),
            (.componentMatch, componentMatch),
        ]
    }
}

/// The flags about jobs.
struct JobOptions: SettingOptions {
    @Option(.maxJobs) var maxJobs: String?
    @Option(.pollSeconds) var pollSeconds: String?
    @Option(.longestPollSeconds) var longestPollSeconds: String?
    @Option(.statusPollSeconds) var statusPollSeconds: String?
    @Option(.progressSeconds) var progressSeconds: String?
    @Option(.stateDirectory) var stateDirectory: String?
    @Option(.handoff) var handoff: String?
    @Option(.onAbandoned) var onAbandoned: String?
    @Option(.endWithPipeline) var endWithPipeline: String?
    @Option(.endGraceMinutes) var endGraceMinutes: String?
    @Option(.pipelinePollSeconds) var pipelinePollSeconds: String?
    @Option(.drain) var drain: String?
    @Option(.exitAfterIdle) var exitAfterIdle: String?
    @Option(.statusAddress) var statusAddress: String?
    @Option(.metricsLogSeconds) var metricsLogSeconds: String?

    var given: [(Setting, String?)] {
        [
            (.maxJobs, maxJobs), (.pollSeconds, pollSeconds), (.longestPollSeconds, longestPollSeconds),
            (.statusPollSeconds, statusPollSeconds), (.progressSeconds, progressSeconds),
            (.stateDirectory, stateDirectory), (.handoff, handoff),
            (.onAbandoned, onAbandoned), (.endWithPipeline, endWithPipeline), (.endGraceMinutes, endGraceMinutes),
            (.pipelinePollSeconds, pipelinePollSeconds), (.drain, drain), (.exitAfterIdle, exitAfterIdle),
            (.statusAddress, statusAddress), (.metricsLogSeconds, metricsLogSeconds),
        ]
    }
}

/// The flag about the state folder.
struct StateFolderOptions: SettingOptions {
    @Option(.stateDirectory) var stateDirectory: String?

    var given: [(Setting, String?)] { [(.stateDirectory, stateDirectory)] }
}

/// The flags about the log.
struct LogOptions: SettingOptions {
    @Option(.logLevel) var level: String?
    @Option(.logFormat) var format: String?

    var given: [(Setting, String?)] { [(.logLevel, level), (.logFormat, format)] }
}

/// The file with settings.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("A file of NAME=value lines, as a systemd EnvironmentFile.", valueName: "path")
    )
    var path: String?
}
