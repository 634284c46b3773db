import AWSLite
import Foundation
package import HTTPTransport
import Logging
package import QualiCore
import WorkerStatus

/// Everything that `quali-worker run` needs to know.
package struct WorkerSettings: Sendable {
    /// Where they come from.
    package let sources: SettingSources
    /// The lab.
    package var lab: LabSettings
    /// AWS.
    package var aws: AWSSettings
    /// The action types.
    package var actions: ActionSettings
    /// How jobs are claimed and handed over.
    package var jobs: JobSettings
    /// The status page.
    package var status: StatusSettings
    /// The log.
    package var log: LogSettings
    /// What must never be printed.
    package var secrets: [Secret]
    /// What is worth a warning at the start.
    package var warnings: [String]

    /// Reads all settings, and asks at the terminal for those that are `PROMPT`.
    ///
    /// `sources` are where settings come from, `terminal` is where to ask, and `start` is told what is waited for.
    ///
    /// - Throws: ``SettingsError`` with all that is wrong, and ``ProgramFailure`` when somebody refuses an answer.
    package static func read(
        _ sources: SettingSources,
        terminal: any Prompting = Terminal(),
        start: (any WaitTeller)? = nil
    ) async throws -> Self {
        // A disk and a person may take long, so not on Swift's pool.
        let sources = try await OwnThread.run { try answered(sources, terminal) }
        var (settings, reader) = try await start.waiting(for: { "the files of the settings" }) {
            try await OwnThread.run {
                var reader = SettingReader(sources)
                return (Self(&reader), reader)
            }
        }
        let credentials = settings.aws.credentials
        let secrets = await start.waiting(for: { "AWS credentials\(sourceName(credentials))" }) {
            await settings.aws.checkCredentials(&reader)
        }
        settings.secrets += secrets
        if sources.hasUnaskedKey, reader.problems.contains(where: { $0.name == AWSSettings.credentialsTitle }) {
            reader.noteUnasked(.oldAccessKeyID)
        }
        try reader.finish()
        return settings
    }

    private static func sourceName(_ credentials: any AWSCredentialProvider) -> String {
        (credentials as? CredentialProviderChain)?.askedSourceName.map { " from \($0)" } ?? ""
    }

    /// The sources with what was asked for at the terminal.
    private static func answered(_ sources: SettingSources, _ terminal: any Prompting) throws -> SettingSources {
        let prompts = sources.prompts
        guard !prompts.isEmpty else { return sources }
        let sources = terminal.isThere ? sources : sources.withoutTerminal()
        // Nobody should be asked for a password only to hear that something else is missing.
        var reader = SettingReader(sources)
        _ = Self(&reader)
        if !terminal.isThere {
            for setting in sources.prompts { reader.noteUnasked(setting) }
        }
        try reader.finish()
        guard terminal.isThere else { return sources }
        var answers: [String: String] = [:]
        for setting in prompts {
            answers[setting.name] = try terminal.ask(setting.name, isSecret: setting.secrecy != .open)
        }
        return sources.answered(answers)
    }

    /// Reads what there is; what is wrong is the reader's to tell, and has its default here.
    package init(_ reader: inout SettingReader) {
        sources = reader.sources
        lab = LabSettings(&reader)
        aws = AWSSettings(&reader)
        actions = ActionSettings(&reader)
        jobs = JobSettings(&reader)
        status = StatusSettings(&reader)
        log = LogSettings(&reader)
        secrets = Self.secrets(reader.sources)
        warnings = reader.sources.unknownNames.map(\.description) + reader.sources.warnings
        if reader.sources.hasUnaskedKey {
            warnings.append(
                "AWS_KEY_NAME and AWS_KEY are PROMPT, and there is no terminal to ask at: other AWS credentials are used"
            )
        }
        if !lab.isEncrypted {
            warnings.append("The way to the lab isn't encrypted: CLOUDSHELL_URL is an http address")
        }
        if let address = status.address, !address.isLoopback {
            warnings.append(
                "The status page, which names pipelines, is open to other hosts: QUALI_STATUS_ADDRESS is \(address)"
            )
        }
    }

    /// The portal to which links lead.
    package var portal: PortalLinks { actions.portal ?? PortalLinks(besideAPI: lab.url) }

    /// The secrets among the sources, and the passwords within addresses.
    package static func secrets(_ sources: SettingSources) -> [Secret] {
        let values = sources.merged
        let names = Setting.all.filter { $0.secrecy == .secret }.flatMap { [$0.name] + $0.otherNames }
        let addresses = [
            Setting.labProxy.name, Setting.proxy.name, "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy",
        ]
        let passwords = addresses.compactMap { values[$0] }.compactMap(password)
            .flatMap { [$0, $0.removingPercentEncoding] }
        // The token of a container's credentials is no setting of ours.
        let others = [values["AWS_CONTAINER_AUTHORIZATION_TOKEN"]]
        return (names.map { values[$0] } + others + passwords).compactMap { $0 }.filter {
            !$0.isEmpty && $0 != "PROMPT"
        }.map {
            Secret($0)
        }
    }

    /// The password in the address of a proxy, as it is written there, be the rest of the address right or wrong.
    private static func password(in address: String) -> String? {
        let start = address.firstRange(of: "://")?.upperBound ?? address.startIndex
        guard let end = address.lastIndex(of: "@"), start < end else { return nil }
        return address[start..<end].firstIndex(of: ":").map { String(address[address.index(after: $0)..<end]) }
    }
}

/// The names and the version of the action types, the portal to which their links lead, and what their properties mean.
package struct ActionSettings: Sendable {
    /// Names and version.
    package var names = QualiActions()
    /// The portal that somebody named; `nil` for the one beside the Sandbox API.
    package var portal: PortalLinks?
    /// What properties say where pipelines don't.
    package var propertyDefaults = PropertyDefaults()
    /// How run actions find their components.
    package var componentMatch = ComponentMatch.whole

    /// Reads the action types' settings.
    package init(_ reader: inout SettingReader) {
        // The limits of CreateCustomActionType.
        if let version = reader.name(.actionVersion, longest: 9) { names.version = version }
        if let name = reader.name(.startSandboxName, longest: 35) { names.startSandbox = name }
        if let name = reader.name(.runCommandName, longest: 35) { names.runCommand = name }
        if let name = reader.name(.endSandboxName, longest: 35) { names.endSandbox = name }
        // The limit of PollForJobs.
        names.labName = reader.name(.labName, longest: 50)
        if names.startSandbox == names.endSandbox {
            reader.note(
                Setting.endSandboxName.name,
                "is '\(names.endSandbox)', as START_SANDBOX_ACTION_NAME is. Wanted: two names."
            )
        }
        portal = reader.webAddress(.portalURL).map { PortalLinks(url: $0) }
        for property in PropertyDefaults.Property.allCases {
            let setting = Setting.property(property)
            guard let text = reader.text(setting) else { continue }
            do {
                try propertyDefaults.set(text, for: property)
            } catch {
                reader.problem(setting, text, wanted: error.wanted)
            }
        }
        if let match = reader.choice(.componentMatch, of: ComponentMatch.self) { componentMatch = match }
    }
}

/// How jobs are claimed, watched and handed over.
package struct JobSettings: Sendable {
    /// The most jobs held at once.
    package var maxJobs = 100
    /// The pause between polls while no jobs come.
    package var pollInterval: Duration = .seconds(5)
    /// The longest pause between polls.
    package var longestPollInterval: Duration = .seconds(15)
    /// The pause between reads of the lab's state.
    package var statusInterval: Duration = .seconds(5)
    /// The first pause between shows of a waiting job's progress; `nil` for none.
    package var progressInterval: Duration? = .seconds(60)
    /// The folder of the journal.
    package var stateDirectory: String
    /// When waiting jobs go back.
    package var handoff = JobWorker.Handoff.onStop
    /// What happens to what an abandoned job has begun.
    package var onAbandoned = JobWorker.AbandonedJobs.end
    /// Whether a sandbox is ended when its pipeline's execution is over.
    package var endWithPipeline = EndWithPipeline.onFailure
    /// How long an execution has to be over before that.
    package var endGrace: Duration = .seconds(3_600)
    /// The pause between looks how far pipelines' executions have come.
    package var pipelinePollInterval: Duration = .seconds(60)
    /// How long a stop waits for jobs to end by themselves.
    package var drain: Duration = .zero
    /// How long there may be no job before the worker stops by itself; `nil` where it never does.
    package var exitAfterIdle: Duration?

    /// Reads the jobs' settings.
    package init(_ reader: inout SettingReader) {
        stateDirectory = Self.stateDirectory(&reader)
        if let number = reader.wholeNumber(.maxJobs, in: 1...100_000) { maxJobs = number }
        if let pause = reader.seconds(.pollSeconds, in: 0.1...3600) { pollInterval = pause }
        if let pause = reader.seconds(.longestPollSeconds, in: 0.1...3600) { longestPollInterval = pause }
        longestPollInterval = max(longestPollInterval, pollInterval)
        if let pause = reader.seconds(.statusPollSeconds, in: 0.1...3600) { statusInterval = pause }
        if let pause = reader.seconds(.progressSeconds, in: 0...3600) {
            progressInterval = pause == .zero ? nil : max(pause, .seconds(10))
        }
        if let handoff = reader.choice(.handoff, of: JobWorker.Handoff.self) { self.handoff = handoff }
        if let onAbandoned = reader.choice(.onAbandoned, of: JobWorker.AbandonedJobs.self) {
            self.onAbandoned = onAbandoned
        }
        if let when = reader.choice(.endWithPipeline, of: EndWithPipelineWord.self) { endWithPipeline = when.value }
        if let grace = reader.minutes(.endGraceMinutes, in: 0...525_600) { endGrace = grace }
        if let pause = reader.seconds(.pipelinePollSeconds, in: 1...3600) { pipelinePollInterval = pause }
        if let drain = reader.duration(.drain) { self.drain = drain }
        exitAfterIdle = reader.duration(.exitAfterIdle)
    }

    /// When sandboxes end with their pipelines, in the words of settings.
    private enum EndWithPipelineWord: String, CaseIterable {
        case onFailure = "on-failure"
        case always, never

        var value: EndWithPipeline {
            switch self {
            case .onFailure: .onFailure
            case .always: .always
            case .never: .never
            }
        }
    }

    /// The folder that somebody named, else the one that systemd gives, else one in the user's home.
    private static func stateDirectory(_ reader: inout SettingReader) -> String {
        if let text = reader.text(.stateDirectory) {
            if !text.hasPrefix("/") { reader.problem(.stateDirectory, text, wanted: "an absolute path") }
            return text
        }
        let variables = reader.sources.merged
        // systemd separates several by colons (systemd.exec, StateDirectory=).
        if let first = variables["STATE_DIRECTORY"]?.split(separator: ":").first { return String(first) }
        let home = variables["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return "\(home)/.local/state/quali-worker"
    }
}

/// What the log looks like.
package struct LogSettings: Sendable {
    /// How a line is written.
    package enum Format: String, Sendable, CaseIterable {
        case text
        case json
    }

    /// The least important level that is written, of all loggers that are made by these settings.
    package var threshold = LogThreshold(.info)
    /// How lines are written; `nil` for text at a terminal and JSON elsewhere.
    package var format: Format?

    /// Reads the log's settings.
    package init(_ reader: inout SettingReader) {
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        if let level = reader.value(.logLevel, wanted: "one of \(levels)", { Logger.Level(rawValue: $0.lowercased()) })
        {
            threshold.level = level
        }
        format = reader.value(.logFormat, wanted: "text or json") { Format(rawValue: $0.lowercased()) }
    }
}

extension SettingReader {
    /// A name as CodePipeline takes it for a provider or a version.
    fileprivate mutating func name(_ setting: Setting, longest: Int) -> String? {
        value(setting, wanted: "1 to \(longest) of the characters A-Z, a-z, 0-9, - and _") { text in
            let isRight =
                (1...longest).contains(text.utf8.count)
                && text.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                        || byte == 95
                }
            return isRight ? text : nil
        }
    }
}
