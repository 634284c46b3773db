public import AWSLite
public import Foundation

/// What a worker has claimed and how far each job has come.
///
/// Each method returns only when what it was told would survive a crash, as far as the implementation promises that at
/// all. The engine calls ``claim(_:)`` before it acknowledges, ``saveCheckpoint(_:of:)`` before the step that depends on
/// it, ``saveOutcome(_:of:)`` before it reports, and ``forget(_:)`` when CodePipeline has the result.
///
/// A journal holds no secret: a job's configuration and credentials are fetched anew when it is resumed.
public protocol JobJournal: Sendable {
    /// Whether what it holds outlives the process.
    var isDurable: Bool { get }
    /// Notes jobs that are about to be acknowledged, all or none; of none, whether it could.
    func claim(_ records: [JobRecord]) async throws
    /// Notes that a job is this worker's.
    func noteAcknowledged(_ jobID: String) async throws
    /// Replaces the checkpoint of a job.
    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws
    /// Keeps for people how far a job has come.
    ///
    /// It needn't survive a crash, and may be written with what is written of the job next.
    func note(_ progress: JobProgress, of jobID: String) async
    /// Keeps for people what a job waits for; `nil` once that is over.
    ///
    /// It needn't survive a crash, and may be written a while later.
    func note(_ wait: JobWaitInfo?, of jobID: String) async
    /// Notes how a job ended.
    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws
    /// Takes a job off what is to be resumed: CodePipeline has its result, or it isn't this worker's.
    func forget(_ jobID: String) async throws
    /// The jobs that have not been forgotten, oldest first.
    func unfinished() async throws -> [JobRecord]
    /// Watches, until the task is cancelled, whether the journal is still where the next run will look for it.
    ///
    /// - Parameter tell: Is told at each look what is wrong, or `nil`.
    /// - Throws: What is wrong, once that has lasted for a minute.
    func watch(_ tell: @escaping @Sendable ((any Error)?) -> Void) async throws
}

extension JobJournal {
    /// Keeps nothing.
    public func note(_ progress: JobProgress, of jobID: String) async {}

    /// Keeps nothing.
    public func note(_ wait: JobWaitInfo?, of jobID: String) async {}

    /// Nothing can become of it.
    public func watch(_ tell: @escaping @Sendable ((any Error)?) -> Void) async throws {
        let (never, end) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        end.finish()
    }
}

/// A journal holds no such job.
public struct UnknownJob: Error, Hashable {
    /// The job's id.
    public let id: String
}

/// One claimed job.
public struct JobRecord: Sendable, Codable, Identifiable {
    /// The job's id in CodePipeline.
    public var id: String
    /// Which action it is for.
    public var actionTypeID: CodePipeline.ActionTypeID
    /// The action's execution, which stays the same over all jobs of a continued action; the key of idempotency.
    public var actionExecutionID: String
    /// Pipeline, stage and action, for people.
    public var place: JobPlace
    /// The nonce with which the job was offered.
    public var nonce: String
    /// Whether CodePipeline has confirmed that the job is this worker's.
    public var isAcknowledged: Bool
    /// When the action was first claimed by a worker, in CodePipeline's time, as all dates of a job are.
    public var claimedAt: Date
    /// When CodePipeline handed out this job, which for a continued action is later than ``claimedAt``.
    public var offeredAt: Date
    /// Whether another worker may have begun the action, whose job was put back to find out whose it was; `nil` for no.
    var isContested: Bool?
    /// How often the job's progress was shown; `nil` for a record of an older version.
    var shows: RequeueSchedule?
    /// Whether its dates are in CodePipeline's time; `nil` for a record of an older version, whose dates are its host's.
    var isInServiceTime: Bool?
    /// The handler's last checkpoint, encoded.
    public var checkpoint: Data?
    /// How the job ended, once it has.
    public var outcome: JobOutcome?
    /// Whether the journal that it is from is a copy, so that another worker may have the job.
    ///
    /// A worker only looks at such a job: it neither goes on with it nor reports it nor ends what it has begun.
    public var isInDoubt = false
    /// Whether this run was given the job by CodePipeline and has held it since, so that nobody else can have ended it.
    var isOwn = false
    /// Why the journal's notes on the job can't be read.
    var damage: String?

    // What is true of a run alone isn't stored.
    private enum CodingKeys: String, CodingKey {
        case id, actionTypeID, actionExecutionID, place, nonce, isAcknowledged, claimedAt, offeredAt, shows
        case isInServiceTime, checkpoint, outcome
    }

    /// Creates a record of a job that has just been handed out.
    public init(
        id: String,
        actionTypeID: CodePipeline.ActionTypeID,
        actionExecutionID: String,
        place: JobPlace,
        nonce: String,
        isAcknowledged: Bool = false,
        claimedAt: Date,
        offeredAt: Date? = nil,
        checkpoint: Data? = nil,
        outcome: JobOutcome? = nil
    ) {
        self.id = id
        self.actionTypeID = actionTypeID
        self.actionExecutionID = actionExecutionID
        self.place = place
        self.nonce = nonce
        self.isAcknowledged = isAcknowledged
        self.claimedAt = claimedAt
        self.offeredAt = offeredAt ?? claimedAt
        isInServiceTime = true
        self.checkpoint = checkpoint
        self.outcome = outcome
    }
}

// Indirect, since the records of ten thousand waiting jobs have none.
/// How a job ended.
public indirect enum JobOutcome: Sendable, Codable, Hashable {
    /// The work went well.
    case success(JobResult)
    /// The work failed; `type` is one of CodePipeline's failure types.
    case failure(type: String, message: String, externalExecutionID: String?)
    /// The job is put back, for any worker to continue.
    case continuation(token: String, progress: JobProgress)
    /// Nobody wants a result any more; what the job has begun is to be undone.
    case abandoned
}

/// Where in the account's pipelines a job belongs.
public struct JobPlace: Sendable, Codable, Hashable {
    /// The pipeline's name.
    public var pipeline: String
    /// The stage's name.
    public var stage: String
    /// The action's name.
    public var action: String
    /// The pipeline's execution.
    public var pipelineExecutionID: String

    /// Creates a place.
    public init(pipeline: String, stage: String, action: String, pipelineExecutionID: String) {
        self.pipeline = pipeline
        self.stage = stage
        self.action = action
        self.pipelineExecutionID = pipelineExecutionID
    }
}

/// How far a job has come, for people.
public struct JobProgress: Sendable, Codable, Hashable {
    /// A sentence such as "Setting up".
    public var summary: String
    /// 0 to 100, if known.
    public var percentComplete: Int?
    /// What the console's link opens.
    public var externalExecutionID: String?

    /// Creates a progress note.
    public init(_ summary: String, percentComplete: Int? = nil, externalExecutionID: String? = nil) {
        self.summary = summary
        self.percentComplete = percentComplete
        self.externalExecutionID = externalExecutionID
    }
}
