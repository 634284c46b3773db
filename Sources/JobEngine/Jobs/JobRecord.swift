package import AWSLite
package import Foundation

/// One claimed job.
package struct JobRecord: Sendable, Codable, Identifiable {
    /// The job's id in CodePipeline.
    package var id: String
    /// Which action it is for.
    package var actionTypeID: CodePipeline.ActionTypeID
    /// The action's execution, which stays the same over all jobs of a continued action; the key of idempotency.
    package var actionExecutionID: String
    /// Pipeline, stage and action, for people.
    package var place: JobPlace
    /// The nonce with which the job was offered.
    package var nonce: String
    /// Whether CodePipeline has confirmed that the job is this worker's.
    package var isAcknowledged: Bool
    /// When the action was first claimed by a worker, in CodePipeline's time, as all dates of a job are.
    package var claimedAt: Date
    /// When CodePipeline handed out this job, which for a continued action is later than ``claimedAt``.
    package var offeredAt: Date
    /// Whether another worker may have begun the action, whose job was put back to find out whose it was; `nil` for no.
    var isContested: Bool?
    /// How often the job's progress was shown; `nil` for a record of an older version.
    var shows: RequeueSchedule?
    /// Whether its dates are in CodePipeline's time; `nil` for a record of an older version, whose dates are its host's.
    var isInServiceTime: Bool?
    /// The handler's last checkpoint, encoded.
    package var checkpoint: Data?
    /// How the job ended, once it has.
    package var outcome: JobOutcome?
    /// Whether the journal that it is from is a copy, so that another worker may have the job.
    ///
    /// A worker only looks at such a job: it neither goes on with it nor reports it nor ends what it has begun.
    package var isInDoubt = false
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
    package init(
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
