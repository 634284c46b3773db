public import AWSLite
public import Foundation
package import HTTPTransport
public import Logging

/// What a handler knows of its job, and how it reaches the outside.
public struct JobContext<Checkpoint: Codable & Sendable>: Sendable {
    /// Which action of which pipeline this is.
    public let job: JobInfo
    /// How far an earlier worker, or this one before it was stopped, has come; `nil` at the beginning.
    public let checkpoint: Checkpoint?
    /// Where the job's artifacts are read and written.
    ///
    /// Passing trouble of storage is waited out, and told in the log and in the job's progress.
    public var artifacts: JobArtifacts { bareArtifacts.told(by: waiter(limit: .zero)) }
    /// The time by CodePipeline, which all hosts have in common, and a way to wait.
    public let clock: any WorkerClock
    /// A logger that names the job in every line, and its external execution once ``report(_:)`` has told it.
    ///
    /// The job's secrets are masked in its lines.
    public var logger: Logger {
        var logger = log.logger
        guard !ledger.secrets.isEmpty else { return logger }
        logger.handler = MaskingLogHandler(logger.handler, ledger.secrets)
        return logger
    }

    private let bareArtifacts: JobArtifacts
    private let log: JobLog
    private let ledger: JobLedger
    private let actions: @Sendable () async throws -> [CodePipeline.ActionExecution]
    private let isJobOver: @Sendable () async -> Bool

    package init(
        job: JobInfo,
        checkpoint: Checkpoint?,
        artifacts: JobArtifacts,
        clock: any WorkerClock,
        log: JobLog,
        ledger: JobLedger,
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] },
        isOver: @escaping @Sendable () async -> Bool = { false }
    ) {
        self.job = job
        self.checkpoint = checkpoint
        self.clock = clock
        self.log = log
        self.ledger = ledger
        self.actions = actions
        bareArtifacts = artifacts
        isJobOver = isOver
    }

    /// A context for the test of a handler.
    ///
    /// - Parameters:
    ///   - job: Which action it is for.
    ///   - checkpoint: From where it begins; `nil` for the beginning.
    ///   - artifacts: The job's artifacts.
    ///   - journal: Where checkpoints go; it has to know the job.
    ///   - clock: The time.
    ///   - logger: Where the handler's log goes.
    ///   - actions: What CodePipeline tells of the actions of the pipeline's execution.
    package init(
        job: JobInfo,
        checkpoint: Checkpoint? = nil,
        artifacts: JobArtifacts,
        journal: any JobJournal,
        clock: any WorkerClock = .system,
        logger: Logger,
        actions: @escaping @Sendable () async throws -> [CodePipeline.ActionExecution] = { [] }
    ) {
        self.init(
            job: job,
            checkpoint: checkpoint,
            artifacts: artifacts,
            clock: clock,
            log: JobLog(logger, externalExecutionName: nil),
            ledger: JobLedger(
                job,
                checkpoint: checkpoint.flatMap { try? JSONEncoder.compact.encode($0) },
                JobLedger.Surroundings(
                    journal: RetryingJournal(journal, clock: clock, logger: logger),
                    clock: clock
                )
            ),
            actions: actions
        )
    }

    /// The same job as it is now, for the next run of its handler.
    package func renewed() throws -> JobContext {
        JobContext(
            job: job,
            checkpoint: try ledger.checkpoint.map { try JSONDecoder.compact.decode(Checkpoint.self, from: $0) },
            artifacts: bareArtifacts,
            clock: clock,
            log: log,
            ledger: ledger,
            actions: actions,
            isOver: isJobOver
        )
    }

    /// Has secrets masked from now on: in the log, the progress, and the words of the result or failure.
    package func hide(_ secrets: [Secret]) { ledger.secrets.add(secrets) }

    /// What is hidden.
    package var secrets: [Secret] { ledger.secrets.all }

    /// The text with what is hidden masked, for where it is cut or stored.
    package func redact(_ text: String) -> String { ledger.secrets.redact(text) }

    /// Stores how far the job has come; when it returns, a worker that resumes the job will begin from here.
    ///
    /// A disk that is full or read-only is waited for.
    ///
    /// - Throws: `CancellationError` when the worker is stopped before it is stored, in which case the step that depends
    ///   on it must not be done.
    public func save(_ checkpoint: Checkpoint) async throws {
        try await ledger.save(checkpoint)
    }

    /// Says how far the job has come, for the people who look at it.
    public func report(_ progress: JobProgress) async {
        log.note(progress.externalExecutionID)
        await ledger.note(progress)
    }

    /// Shows what the job waits for beside its progress, until that is over or the next ``report(_:)``.
    package func show(trouble: String?) async {
        await ledger.note(trouble: trouble)
    }

    /// Notes that the work of the job's beginning is done, so that another job may begin though this one doesn't wait yet.
    package func noteBegun() { ledger.noteBegun() }

    /// Whether the wait that the handler returns next shows the job's progress in CodePipeline's console.
    ///
    /// Then it is worth a look how far the work has come, and a ``report(_:)``. Only progress with an external execution id is
    /// shown.
    package var isProgressDue: Bool { ledger.isProgressDue }

    /// Has the next wait show the job's progress, or not; for the test of a handler.
    package func setProgressDue(_ isDue: Bool) { ledger.setTurn(isDue) }

    /// Pauses in the middle of a step, where the job may be put back meanwhile.
    ///
    /// - Throws: ``Requeue`` when the job is put back; `CancellationError` when the task is cancelled.
    func pause(for duration: Duration) async throws { try await ledger.pause(for: duration) }

    /// The runs of actions within the job's pipeline execution, its own among them, as CodePipeline lists them.
    ///
    /// - Throws: `AWSError`; with the code `AccessDeniedException` where the worker may not call `ListActionExecutions`.
    public func actionsOfExecution() async throws -> [CodePipeline.ActionExecution] {
        try await actions()
    }

    /// Whether another worker may have begun the action just before this job, unless there is a checkpoint.
    ///
    /// It is so where the reply to the acknowledgement of the action's earlier job was lost: rarely, so that a look for what
    /// was begun may cost something.
    public var mayHaveBegunElsewhere: Bool { job.isContested }

    /// Whether CodePipeline has closed the job, as far as it tells: its action is over, or goes on with another job.
    ///
    /// It costs a call, so it is for steps that come long after the job was taken and can't be undone.
    package func isOver() async -> Bool { await isJobOver() }

    /// When the job was last surely this worker's, if it was claimed so long ago that another worker may have put it back
    /// meanwhile; else `nil`.
    package var oldClaim: Date? {
        clock.now.timeIntervalSince(job.claimedAt) > 15 ? job.claimedAt : nil
    }

    /// Runs a step whose interruption would leave its fate unknown: the worker's stop gives it ten seconds to end.
    ///
    /// - Throws: What the step throws; `CancellationError` if it was cut off, so save a checkpoint that says so before.
    public func uninterrupted<Value: Sendable>(
        _ step: sending @escaping () async throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        return try await shielded(step)
    }
}

extension JobContext {
    /// The job as one who waits.
    ///
    /// `limit` is the action's own time-out.
    package func waiter(limit: Duration) -> Waiter {
        Waiter(
            clock: clock,
            logger: logger,
            limit: limit,
            show: { await self.show(trouble: $0) },
            redact: { self.redact($0) },
            pause: { try await self.pause(for: $0) }
        )
    }
}

/// Which action of which pipeline a job is for.
public struct JobInfo: Sendable, Hashable {
    /// The job's id; a continued action has many.
    public let id: String
    /// The action's execution: the same for all jobs of one action, so the key of idempotency.
    public let actionExecutionID: String
    /// Pipeline, stage and action.
    public let place: JobPlace
    /// The AWS account.
    public let accountID: String
    /// When a worker first claimed the action: the beginning of its deadlines.
    public let claimedAt: Date
    /// Whether another worker may have begun the action.
    package var isContested = false

    /// Describes a job, for the test of a handler.
    package init(
        id: String,
        actionExecutionID: String,
        place: JobPlace = JobPlace(pipeline: "", stage: "", action: "", pipelineExecutionID: ""),
        accountID: String = "",
        claimedAt: Date = Date()
    ) {
        self.id = id
        self.actionExecutionID = actionExecutionID
        self.place = place
        self.accountID = accountID
        self.claimedAt = claimedAt
    }
}

extension JobInfo {
    /// The job of a record.
    init(_ record: JobRecord, accountID: String) {
        self.init(
            id: record.id,
            actionExecutionID: record.actionExecutionID,
            place: record.place,
            accountID: accountID,
            claimedAt: record.claimedAt
        )
        isContested = record.isContested == true
    }
}

extension JSONEncoder {
    /// Short and always the same for the same value.
    package static var compact: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .secondsSince1970
        return encoder
    }
}

extension JSONDecoder {
    /// Reads what ``JSONEncoder/compact`` writes.
    package static var compact: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return decoder
    }
}
