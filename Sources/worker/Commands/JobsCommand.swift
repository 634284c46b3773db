import ArgumentParser
import Foundation
import QualiCore
import WorkerSettings
import WorkerStatus

/// `quali-worker jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List the jobs of this host's worker, or show one with its steps.",
        discussion: """
            It reads the journal in the worker's state folder, and nothing else: neither AWS nor the lab has to be there, \
            nor the worker. What has ended is kept for 30 days. A job is named by its action's execution, since an action \
            that was put back into the queue has many jobs; what happened to it on other hosts isn't known here. Times \
            are UTC.
            """,
        subcommands: [ListJobs.self, ShowJob.self, CancelJob.self],
        defaultSubcommand: ListJobs.self
    )
}

/// Where the journal is.
struct JournalOptions: ParsableArguments {
    @OptionGroup var state: StateOptions
    @Flag(help: "Print JSON; Docs/jobs.md describes it.") var json = false

    /// Opens the journal.
    ///
    /// - Throws: ``ProgramFailure`` when it can't be read, and ``SettingsError`` for a wrong state folder.
    func open() throws -> (journal: JournalReader, links: PortalLinks?, worker: StateFolderReport.Holder) {
        let settings = try state.settings()
        let path = settings.jobs.stateDirectory
        let lab = settings.lab.url
        let portal = settings.actions.portal ?? (lab.isEmpty ? nil : PortalLinks(besideAPI: lab))
        return (try JournalReader.opened(path), portal, StateFolderReport(path).holder)
    }
}

/// `quali-worker jobs list`.
struct ListJobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the jobs that go on, and the latest that have ended."
    )

    @OptionGroup var options: JournalOptions
    @Option(help: ArgumentHelp("Show this many of those that have ended.", valueName: "number")) var limit = 20
    @Flag(help: "Show all that have ended.") var all = false
    @Option(help: ArgumentHelp("Show those of one pipeline.", valueName: "name")) var pipeline: String?
    @Option(help: ArgumentHelp("Show those that stand so: \(Self.states).", valueName: "state")) var state: String?

    private static var states: String {
        let names = JobDescription.states
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit is \(limit). Wanted: a number from 0.") }
        if let state, !JobDescription.states.contains(state) {
            throw ValidationError("--state is '\(state)'. Wanted: \(Self.states).")
        }
    }

    func run() async throws {
        let (journal, portal, holder) = try options.open()
        let actions = try await journal.actions().filter { action in
            (pipeline == nil || action.record.place.pipeline == pipeline)
                && (state == nil || JobDescription(action).state == state)
        }
        let ended = actions.filter { !$0.isHeld }
        let shown = ended.prefix(all ? ended.count : limit)
        func rows(_ actions: some Sequence<JournalledAction>) async throws -> [JobRow] {
            var rows: [JobRow] = []
            for action in actions {
                rows.append(JobRow(action, steps: try await journal.steps(of: action), portal: portal))
            }
            return rows
        }
        let list = JobList(
            current: try await rows(actions.filter(\.isHeld)),
            ended: try await rows(shown),
            hidden: ended.count - shown.count,
            holder: holder,
            now: Date()
        )
        print(options.json ? try list.json() : list.text(width: Terminal.width(STDOUT_FILENO)))
    }
}

/// `quali-worker jobs show`.
struct ShowJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one job with its steps, their times, and its outcome."
    )

    @Argument(help: "The id of its action's execution or of the job, or the beginning of one.") var id: String
    @OptionGroup var options: JournalOptions

    func run() async throws {
        let (journal, portal, _) = try options.open()
        let action = try await journal.action(id)
        let row = JobRow(action, steps: try await journal.steps(of: action), portal: portal)
        print(options.json ? try JSONReport(row).text() : row.story(width: Terminal.width(STDOUT_FILENO)))
    }
}

extension JournalReader {
    /// The journal in a state folder.
    ///
    /// - Throws: ``ProgramFailure`` when it can't be read.
    static func opened(_ folder: String) throws -> JournalReader {
        do {
            return try JournalReader(folder: folder)
        } catch let error as JournalError {
            throw ProgramFailure(error.code == .absent ? .usage : .unavailable, error)
        }
    }

    /// The one job that an id, or the beginning of one, means: the job's or its action's execution's.
    ///
    /// - Throws: ``ProgramFailure`` where that is none or several; what reading the journal throws.
    func action(_ id: String) async throws -> JournalledAction {
        let found = try await actions().filter { action in
            !id.isEmpty && (action.record.actionExecutionID.hasPrefix(id) || action.record.id.hasPrefix(id))
        }
        let exact = found.filter { $0.record.actionExecutionID == id || $0.record.id == id }
        guard let action = exact.first ?? found.first else {
            throw ProgramFailure(.usage, "The journal has no job '\(id)'. These are there: quali-worker jobs --all")
        }
        guard exact.count == 1 || found.count == 1 else {
            let ids = found.prefix(10).map(\.record.actionExecutionID).joined(separator: ", ")
            throw ProgramFailure(.usage, "'\(id)' is the beginning of \(found.count) jobs' ids: \(ids)")
        }
        return action
    }
}
