import AWSLite
import ArgumentParser
import Foundation
import QualiCore
import WorkerSettings

/// The options with which the built-in definitions are adapted.
struct ActionTypeOptions: SettingOptions {
    @Option(
        name: [.customLong("version"), .customLong(Setting.actionVersion.flag)],
        help: ArgumentHelp(stringLiteral: Setting.actionVersion.help)
    )
    var version: String?
    @OptionGroup var names: ActionNameOptions
    @OptionGroup var configurationFile: ConfigurationOptions

    var given: [(Setting, String?)] { [(.actionVersion, version)] + names.given }
}

/// The option for the portal of links.
struct PortalOptions: SettingOptions {
    @Option(
        name: [.customLong("portal-url"), .customLong(Setting.portalURL.flag)],
        help: ArgumentHelp(
            "\(Setting.portalURL.name): the CloudShell portal to which the console's links lead (default: the host "
                + "of CLOUDSHELL_URL; without either there are no links).",
            valueName: "url"
        )
    )
    var portal: String?

    var given: [(Setting, String?)] { [(.portalURL, portal)] }
}

/// The settings of a command about action types.
struct ActionTypeSettings: Sendable {
    /// Names, version and portal.
    let actions: ActionSettings
    /// The portal, or the one that is beside the lab's API; `nil` if neither is known.
    let portal: PortalLinks?

    /// Reads the settings.
    init(_ reader: inout SettingReader) {
        actions = ActionSettings(&reader)
        portal = actions.portal ?? reader.text(.labURL).map { PortalLinks(besideAPI: $0) }
    }

    /// The built-in definitions.
    var definitions: [CodePipeline.CustomActionType] { actions.names.definitions(portal: portal) }
}

/// CodePipeline, as a command about action types calls it.
struct ActionTypeService: Sendable {
    /// The settings of the definitions.
    let settings: ActionTypeSettings
    /// What registers.
    let registrar: ActionRegistrar

    /// Reads settings and makes a client.
    ///
    /// - Throws: ``SettingsError`` with all that is wrong.
    init(_ types: ActionTypeOptions, _ others: [any SettingOptions]) async throws {
        let sources = types.sources(others)
        Program.exportProxies(sources)
        var reader = SettingReader(sources)
        settings = ActionTypeSettings(&reader)
        let aws = AWSSettings(&reader)
        if reader.problems.isEmpty { _ = await aws.checkCredentials(&reader) }
        try reader.finish()
        do {
            registrar = ActionRegistrar(
                CodePipeline(aws.client(try aws.httpClient(), endpoint: aws.codePipelineEndpoint))
            )
        } catch {
            throw ProgramFailure(.software, "AWS can't be reached: \(error)")
        }
    }

    /// Does something with the registrar.
    ///
    /// - Throws: ``ProgramFailure`` with AWS's error in a line.
    func call<Result>(_ body: (ActionRegistrar) async throws -> Result) async throws -> Result {
        do {
            return try await body(registrar)
        } catch let error as AWSError {
            throw ProgramFailure(.unavailable, Self.line("\(error)"))
        } catch let failure as ActionRegistrar.InstallFailure {
            throw ProgramFailure(failure.mayBeTakenVersion ? .data : .unavailable, Self.line("\(failure)"))
        }
    }

    /// A text in one line, and not without end.
    private static func line(_ text: String) -> String {
        let words = text.split { $0.isWhitespace }.joined(separator: " ")
        return words.count > 1_200 ? words.prefix(1_200) + "…" : words
    }
}

extension ActionTypeOptions {
    /// The settings' sources: these options and others, the environment and the file.
    func sources(_ others: [any SettingOptions]) -> SettingSources {
        SettingSources(
            flags: others.reduce(into: flags) { $0.merge($1.flags) { first, _ in first } },
            environment: ProcessEnvironment.variables,
            configurationFile: configurationFile.path
        )
    }
}
