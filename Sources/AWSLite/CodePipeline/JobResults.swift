package import FoundationEssentials

extension CodePipeline {
    /// What a job that succeeded, or goes on later, reports.
    public struct SuccessResult: Sendable, Hashable {
        /// The longest token that CodePipeline takes, in characters.
        package static let longestContinuationToken = 2048

        /// Makes CodePipeline offer the rest of the work as another job; `nil` ends the action.
        public var continuationToken: String?
        /// What the console shows.
        package var executionDetails: ExecutionDetails?
        /// Variables for later actions, 122,880 bytes in all; not allowed beside a continuation token.
        package var outputVariables: [String: String]
        /// The revision that a source action produced; `nil` for others.
        package var currentRevision: CurrentRevision?

        /// Creates a result.
        public init(
            continuationToken: String? = nil,
            executionDetails: ExecutionDetails? = nil,
            outputVariables: [String: String] = [:]
        ) {
            self.continuationToken = continuationToken
            self.executionDetails = executionDetails
            self.outputVariables = outputVariables
        }
    }

    /// What the console shows of an action's run.
    public struct ExecutionDetails: Sendable, Hashable, Codable {
        /// A text of at most 2048 characters; a longer one is cut.
        package var summary: String?
        /// The run's id elsewhere, at most 1500 characters, which links are made of; a longer one is cut.
        package var externalExecutionID: String?
        /// How much is done, from 0 to 100.
        package var percentComplete: Int?

        /// Creates details.
        public init(summary: String? = nil, externalExecutionID: String? = nil, percentComplete: Int? = nil) {
            self.summary = summary
            self.externalExecutionID = externalExecutionID
            self.percentComplete = percentComplete
        }

        private enum CodingKeys: String, CodingKey {
            case summary
            case externalExecutionID = "externalExecutionId"
            case percentComplete
        }

        /// What CodePipeline takes of it; `nil` when nothing is left.
        var fitting: Self? {
            let fitting = Self(
                summary: Limits.optional(summary, to: 2048),
                externalExecutionID: Limits.optional(externalExecutionID, to: 1500, marking: false),
                percentComplete: percentComplete.map { min(max($0, 0), 100) }
            )
            return fitting == Self() ? nil : fitting
        }
    }

    /// Why a job failed.
    public struct FailureDetails: Sendable, Hashable, Codable {
        /// The kind of failure.
        package var type: FailureType
        /// What happened, without secrets since the console shows it; beyond 5000 characters it is cut.
        package var message: String
        /// The run's id elsewhere, at most 1500 characters, which links are made of; a longer one is cut.
        package var externalExecutionID: String?

        /// Creates details.
        public init(type: FailureType, message: String, externalExecutionID: String? = nil) {
            self.type = type
            self.message = message
            self.externalExecutionID = externalExecutionID
        }

        private enum CodingKeys: String, CodingKey {
            case type
            case message
            case externalExecutionID = "externalExecutionId"
        }

        /// What CodePipeline takes of it.
        var fitting: Self {
            Self(
                type: type,
                message: Limits.optional(message, to: 5000) ?? type.rawValue,
                externalExecutionID: Limits.optional(externalExecutionID, to: 1500, marking: false)
            )
        }
    }

    /// The revision that a source action produced.
    package struct CurrentRevision: Sendable, Hashable, Codable {
        /// The revision's id, at most 1500 characters.
        package var revision: String
        /// What changed, at most 100 characters.
        package var changeIdentifier: String
        /// When.
        package var created: Date?
        /// A summary for people, at most 2048 characters; a longer one is cut.
        package var revisionSummary: String?

        /// Creates a revision.
        package init(revision: String, changeIdentifier: String, created: Date? = nil, revisionSummary: String? = nil) {
            self.revision = revision
            self.changeIdentifier = changeIdentifier
            self.created = created
            self.revisionSummary = revisionSummary
        }

        /// What CodePipeline takes of it; `nil` where a mandatory text is empty.
        var fitting: Self? {
            guard let revision = Limits.optional(revision, to: 1500, marking: false),
                let identifier = Limits.optional(changeIdentifier, to: 100, marking: false)
            else { return nil }
            return Self(
                revision: revision,
                changeIdentifier: identifier,
                created: created,
                revisionSummary: Limits.optional(revisionSummary, to: 2048)
            )
        }
    }
}
