import ArgumentParser
import Foundation
import QualiCore
import WorkerSettings

/// `quali-worker jobs cancel`.
struct CancelJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Fail a job of this host's worker, and end what it has begun.",
        discussion: """
            A sandbox that it was starting is ended, and a command that it runs is stopped, as far as the lab can. The action \
            fails in the pipeline, with the note as its message. It waits until that is done.
            """
    )
    /// How long the job's end is waited for.
    private static let patience: Duration = .seconds(300)

    @Argument(help: "The id of its action's execution or of the job, or the beginning of one.") var id: String
    @OptionGroup var options: StateOptions
    @Option(help: ArgumentHelp("Why, for those who look at the pipeline.", valueName: "text")) var note: String?

    func run() async throws {
        let path = try options.read()
        let journal = try JournalReader.opened(path)
        let action = try await journal.action(id)
        let execution = action.record.actionExecutionID
        guard action.isOpen else {
            throw ProgramFailure(.usage, "The job \(execution) is over: it is \(JobDescription(action).state).")
        }
        let user = ProcessInfo.processInfo.environment["SUDO_USER"] ?? NSUserName()
        let who = "by \(user) on \(ProcessInfo.processInfo.hostName)"
        let folder = OperatorFolder(stateFolder: path)
        let wish = OperatorFolder.Cancellation(of: execution, because: who + (note.map { ": \($0)" } ?? ""))
        let file = try folder.write(wish)
        if case .nobody = StateFolderReport(path).holder {
            print("No worker runs. One that starts with \(path) within 15 minutes cancels the job.")
            return
        }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            let now = try await journal.action(execution)
            if !now.isOpen {
                folder.remove(file)
                print(JobRow(now, steps: [], portal: nil).message ?? "The job is \(JobDescription(now).state).")
                return
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw ProgramFailure(
            .unavailable,
            action.stage == .requeued
                ? "The job waits in CodePipeline's queue, or another worker has it. This one cancels it if it comes back within "
                    + "15 minutes."
                : "The job isn't over yet. The worker goes on to cancel it for 15 minutes."
        )
    }
}

extension JournalledAction {
    /// Whether the job isn't over, as far as this host knows; one that is being put back goes on.
    var isOpen: Bool {
        switch record.outcome {
        case .continuation, nil: true
        case .success, .failure, .abandoned: false
        }
    }
}
