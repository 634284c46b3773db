import ArgumentParser
import Foundation
import HTTPTransport
import Logging
import WorkerSettings

/// `quali-worker run`.
struct RunWorker: AsyncParsableCommand, SettingGroups {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Poll for jobs and run them, until SIGTERM or SIGINT.",
        discussion: """
            Every flag is also read under the name that stands with it: flags beat the environment, which beats \
            the --config file. A secret is never a flag's value: it comes from the environment or the --config \
            file under its NAME, or from a file of its own that NAME_FILE names. The value PROMPT asks at the \
            terminal (\(prompts)).

            \(others)
            """
    )

    @Flag(help: "Stop once the queues are empty and all jobs are done, as with --exit-after-idle 0.") var once = false
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
        settingFlags.merging(once ? [Setting.exitAfterIdle.name: "0"] : [:]) { said, _ in said }
    }

    func validate() throws {
        if once, jobs.exitAfterIdle != nil {
            throw ValidationError("Give --once or --exit-after-idle, not both.")
        }
    }

    func run() async throws {
        guard Program.fileLimit >= Program.fewestFiles else {
            throw ProgramFailure(
                .usage,
                """
                the system permits only \(Program.fileLimit) open files (see 'ulimit -n'); a worker needs \
                \(Program.fewestFiles) at least, and \(Program.fewFiles) to be quick
                """
            )
        }
        // Before anything that takes time, so that an early signal is a wish to stop, too.
        let signals = await WorkerProcess.trapSignals()
        let serviceManager = ServiceManager.take()
        let (flags, path, environment) = (flags, configurationFile.path, ProcessEnvironment.variables)
        let start = WorkerStart(serviceManager, logger: Self.firstLogger(flags, environment))
        try await WorkerProcess.run(until: signals, start) { start in
            let file = Locked("the settings")
            let sources = try await start.wait(for: { file.withLock { $0 } }) {
                try await OwnThread.run {
                    let texts = SettingTexts { path in file.withLock { $0 = "the file \(path)" } }
                    return SettingSources(flags: flags, environment: environment, configurationFile: path, texts: texts)
                }
            }
            Program.exportProxies(sources)
            let settings = try await WorkerSettings.read(sources, start: start)
            let mask = SecretMask(settings.secrets)
            let logger = settings.log.logger { mask($0) }
            start.logger = logger
            let account = await settings.aws.account(logger)
            logger.info(
                "Starting",
                metadata: [
                    "version": "\(Program.version)", "region": "\(settings.aws.region)",
                    "account": "\(account ?? "unknown")", "lab": "\(settings.lab.url)",
                    "user": "\(settings.lab.user)", "stateFolder": "\(settings.jobs.stateDirectory)",
                    "credentials": "\(settings.aws.credentialSource ?? "none yet")",
                ]
            )
            for warning in settings.warnings {
                logger.warning("Settings with a risk", metadata: ["detail": "\(warning)"])
            }
            if Program.fileLimit < Program.fewFiles {
                logger.warning(
                    "Few files may be open at once, so much will have to wait",
                    metadata: ["limit": "\(Program.fileLimit)", "wanted": "\(Program.fewFiles)"]
                )
            }
            return try await start.wait(for: { "the journal in \(settings.jobs.stateDirectory)" }) {
                try await OwnThread.run {
                    try WorkerProcess(
                        settings,
                        logger: logger,
                        serviceManager: serviceManager,
                        endProcess: StopWatchdog.endProcess,
                        learn: { mask.learn($0) },
                        redact: { mask($0) }
                    )
                }
            }
        }
    }

    /// A logger for the time until the settings are read, which may be in a file that takes long.
    private static func firstLogger(_ flags: [String: String], _ environment: [String: String]) -> Logger {
        let names = [Setting.logLevel.name, Setting.logFormat.name]
        func own(_ values: [String: String]) -> [String: String] { values.filter { names.contains($0.key) } }
        var reader = SettingReader(SettingSources(flags: own(flags), environment: own(environment)))
        return LogSettings(&reader).logger { $0 }
    }

    private static var prompts: String {
        Setting.all.filter(\.canPrompt).map(\.name).joined(separator: ", ")
    }

    private static var others: String {
        let settings = Setting.all.filter { !$0.hasFlag }.map { "\($0.name), \($0.meaning)" }
        return "Read without a flag of their own: \(settings.joined(separator: "; ")); and what else every AWS tool "
            + "reads, such as AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE."
    }
}
