import AWSLite
import ArgumentParser
import Foundation
import HTTPTransport
import Logging
import QualiCore
import SandboxAPI
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// `quali-worker sandboxes`.
struct SandboxesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandboxes",
        abstract: "List the sandboxes that this account's pipelines have started, orphans first, and end some.",
        discussion: """
            It takes the settings of 'quali-worker run', and the rights of 'quali-worker actions policy --for operator'. \
            An orphan is ours, and the pipeline's execution that started it is over, be it that it was stopped or has no \
            End action. A sandbox is ours if the tag at the end of its name is that of an action's execution in this \
            account and region; others are never ended, and just their number is told, but for those that the original \
            worker has started, by ' - CodePipeline' at the name's end. A failed execution counts as over, though a retry \
            lets it go on.

            The exit status is 64 where a sandbox may not be ended, and then none is; 69 where the lab or AWS can't be \
            asked or lacks a right, and where one of those to be ended goes on.

            \(SameOptions.advice)
            """
    )

    @Flag(help: "Print JSON; Docs/sandboxes.md describes it.") var json = false
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("End these sandboxes, given by ids or whole names; all of them or none.", valueName: "id")
    )
    var end: [String] = []
    @Flag(
        help:
            "End all orphans, after a question at the terminal, but for those of succeeded executions: somebody may have left them there on purpose."
    )
    var endOrphans = false
    @Flag(help: "With --end-orphans: end those of succeeded executions, too.") var includeSucceeded = false
    @Flag(help: "With --end: end sandboxes in use, too; their pipelines' actions will fail.") var force = false
    @Flag(help: "With --end-orphans: don't ask.") var yes = false
    @OptionGroup var service: ServiceOptions
    @OptionGroup var options: SameOptions

    func validate() throws {
        if endOrphans, !end.isEmpty { throw ValidationError("Give --end or --end-orphans, not both.") }
        if force, end.isEmpty { throw ValidationError("--force is about what --end names.") }
        if yes, !endOrphans { throw ValidationError("--yes is about --end-orphans.") }
        if includeSucceeded, !endOrphans { throw ValidationError("--include-succeeded is about --end-orphans.") }
    }

    func run() async throws {
        let sources = try options.sources(service)
        Program.exportProxies(sources)
        let settings = try await WorkerSettings.read(sources)
        let mask = SecretRedactor(settings.secrets)
        do {
            let lab = try Self.lab(settings)
            let result = await Self.outcome { try await work(lab, settings) }
            await lab.client.logout()
            try result.get()
        } catch let error as SandboxAPIError {
            throw ProgramFailure(.unavailable, "The lab: \(CheckText.line(mask("\(error)"), limit: 1_200))")
        } catch let error as AWSError {
            throw ProgramFailure(.unavailable, CheckText.line(mask("\(error)"), limit: 1_200))
        } catch let error as HTTPClientError {
            throw ProgramFailure(.software, mask("\(error)"))
        }
    }

    /// Lists or ends.
    private func work(_ lab: LabAccess, _ settings: WorkerSettings) async throws {
        var aws = settings.aws.client(try settings.aws.httpClient(), endpoint: settings.aws.codePipelineEndpoint)
        // A large account asks for many pages, and nobody is in a hurry.
        aws.retry.attempts = 8
        let inventory = SandboxInventory(lab: lab, codePipeline: CodePipeline(aws))
        let listing = try await inventory.take()
        var report = SandboxReport(listing, StatusFacts(settings))
        if end.isEmpty, !endOrphans {
            print(json ? try report.json() : report.text(width: Terminal.width(STDOUT_FILENO)))
            try Self.complain(listing)
            return
        }
        let choice: SandboxInventory.Choice
        do {
            choice =
                endOrphans
                ? .init(
                    sandboxes: listing.sandboxes.filter { sandbox in
                        TaggedSandbox.Standing.unneeded.contains(sandbox.standing)
                            && (includeSucceeded || !sandbox.isLeftBySuccess)
                    }
                )
                : try await inventory.choose(end, from: listing, force: force)
        } catch let refusal as SandboxInventory.Refusal {
            throw ProgramFailure(
                listing.lacksRights ? .unavailable : .usage,
                (["Nothing was ended."] + refusal.reasons + Self.advice(listing)).joined(separator: "\n")
            )
        }
        if endOrphans, !choice.sandboxes.isEmpty, !yes {
            try Question("--end-orphans asks before it ends anything", wanted: "--yes, or --end with their ids").ask(
                "End all of them?",
                about: report.text(of: choice, width: Terminal.width(STDERR_FILENO)),
                otherwise: "Nothing was ended."
            )
        }
        report.add(try await inventory.end(choice.sandboxes, force: force), of: choice)
        print(json ? try report.json() : report.endings)
        if !report.isDone { throw ExitCode(ProgramFailure.Status.unavailable.rawValue) }
        if endOrphans { try Self.complain(listing) }
    }

    /// - Throws: ``ProgramFailure`` if sandboxes couldn't be told apart for want of a right.
    private static func complain(_ listing: SandboxInventory.Listing) throws {
        guard listing.lacksRights else { return }
        throw ProgramFailure(.unavailable, advice(listing).joined(separator: "\n"))
    }

    private static func advice(_ listing: SandboxInventory.Listing) -> [String] {
        guard listing.lacksRights else { return [] }
        return [
            "The AWS credentials lack \(listing.missingRights.joined(separator: " and ")). Give them the policy that "
                + "this prints: quali-worker actions policy --for operator"
        ]
    }

    private static func lab(_ settings: WorkerSettings) throws -> LabAccess {
        let client = try SandboxClient(settings.lab.client, httpClient: settings.lab.httpClient())
        let interval = settings.jobs.statusInterval
        let silence = Logger(label: "sandboxes") { _ in SwiftLogNoOpLogHandler() }
        return LabAccess(
            client: client,
            watcher: SandboxWatcher(client: client, interval: interval, logger: silence),
            executionWatcher: ExecutionWatcher(client: client, interval: interval, logger: silence),
            portal: settings.portal,
            statusInterval: interval,
            patience: .seconds(60)
        )
    }

    private static func outcome(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

extension SandboxInventory.Listing {
    /// Whether a sandbox is unproven just for want of a right.
    fileprivate var lacksRights: Bool {
        sandboxes.contains { if case .unproven(.rightsMissing) = $0.verdict { true } else { false } }
    }
}
