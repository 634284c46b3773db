/// How the stand-in of CodePipeline behaves where tests want a choice, or AWS says nothing.
package struct CodePipelineBehavior: Sendable {
    /// Whether signatures are verified.
    package var verifiesSignatures = true
    /// How far the time of a signature may be from the real one.
    package var signatureTolerance: Duration = .seconds(300)
    /// Whether nested objects carry the extra `__type` that AWS sends.
    package var emitsNestedTypes = true
    /// How long a job stays dispatched without acknowledgement before it's offered again.
    package var redispatchInterval: Duration = .seconds(30)
    /// How often a job is handed out again before that, to any poll.
    package var handsOutAgain = HandsOutAgain.never
    /// Whether a job that is handed out again keeps its nonce, rather than that the older one is stale.
    package var keepsNonce = false
    /// The answer to an acknowledgement with a stale nonce of a job that nobody has acknowledged.
    package var staleNonce = StaleNonce.invalidNonce
    /// Whether a second acknowledgement with the same nonce is answered `InProgress`, not `InvalidNonceException`.
    package var acceptsRepeatedAcknowledgement = false
    /// The answer to a result for a job that isn't in progress.
    package var lateResult = LateResult.invalidJobState
    /// Whether GetJobDetails still answers for a job that has ended.
    package var answersDetailsOfEndedJobs = false
    /// How long after a result with a continuation token the next job is offered.
    package var continuationDelay: Duration = .zero
    /// How long an action may take, over all its jobs.
    package var actionTimeout: Duration = .seconds(86_400)
    /// How long the artifact credentials of a job are good.
    package var credentialLifetime: Duration = .seconds(900)
    /// The number of jobs of a poll that names none.
    package var defaultBatchSize = 1
    /// How many custom action types there may be.
    package var actionTypeLimit = 50
    /// How many entries a page of a list has where the request names no number.
    package var pageSize = 50
    /// Whether a pipeline needs at least two stages, with sources in the first alone.
    package var requiresSourceStage = true

    /// How often a job is handed out that was dispatched and not acknowledged, before its time.
    package enum HandsOutAgain: String, Sendable, CaseIterable {
        /// Not at all.
        case never
        /// At the next poll, and then not before its time.
        case once
        /// At each poll.
        case atEachPoll
    }

    /// What an acknowledgement with a stale nonce gets.
    package enum StaleNonce: String, Sendable, CaseIterable {
        /// `InvalidNonceException`.
        case invalidNonce
        /// The job's status, such as `Dispatched`.
        case status
    }

    /// What a result for a job that isn't in progress gets.
    package enum LateResult: String, Sendable {
        /// `InvalidJobStateException`.
        case invalidJobState = "InvalidJobStateException"
        /// `JobNotFoundException`.
        case jobNotFound = "JobNotFoundException"
    }

    /// Creates the default behavior.
    package init() {}
}
