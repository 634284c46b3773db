import ArgumentParser
import Foundation
import HTTPTransport
import Logging

/// `quali-worker run`.
struct RunWorker: AsyncParsableCommand {
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

    @OptionGroup var options: WorkerOptions

    /// The values of all flags.
    var flags: [String: String] { options.flags }

    func run() async throws {
        // Before anything that takes time, so that an early signal is a wish to stop, too.
        let signals = await WorkerProcess.trapSignals()
        let serviceManager = ServiceManager.take()
        let sources = options.sources
        Program.exportProxies(sources)
        let settings = try await WorkerSettings.read(sources)
        let mask = SecretMask(settings.secrets)
        let logger = settings.log.logger { mask($0) }
        for warning in settings.warnings { logger.warning("Settings with a risk", metadata: ["detail": "\(warning)"]) }
        try await WorkerProcess(
            settings,
            logger: logger,
            serviceManager: serviceManager,
            learn: { mask.learn($0) },
            redact: { mask($0) }
        ).run(until: signals)
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
