public import AWSLite

/// Why a job failed, in the words that its pipeline's author will read in the CodePipeline console.
///
/// A handler throws it. Any other error that a handler throws (but `CancellationError`) becomes a failure of type
/// `JobFailed` with that error's description.
public struct JobFailure: Error, Sendable, Hashable {
    /// The type that CodePipeline shows.
    public var type: CodePipeline.FailureType
    /// What happened, its likely cause and the next thing to try, without any secret.
    ///
    /// It is cut to the service's 5,000 characters when it is reported.
    public var message: String
    /// What the console's link opens, if the work got that far.
    public var externalExecutionID: String?
    /// Whether the passing trouble of a service, which was waited for in vain, is all that is behind it.
    package var isPassing = false
    /// Whether all that is behind it are bytes of an artifact that aren't what was stored, or can't be: they may be others
    /// when they are read once more.
    package var isDamage = false
    /// What a property should be whose text is wrong, in words.
    package var wanted: String?
    /// Whether CodePipeline has closed the job, so that nobody reads this.
    package private(set) var isOfClosedJob = false

    /// Creates a failure.
    public init(_ type: CodePipeline.FailureType, _ message: String, externalExecutionID: String? = nil) {
        self.type = type
        self.message = message
        self.externalExecutionID = externalExecutionID
    }
}

extension JobFailure {
    /// The action of a job goes on with another one.
    ///
    /// `step` is what hasn't been done yet, as in "its command was started".
    package static func closed(before step: String) -> JobFailure {
        var failure = JobFailure(.jobFailed, "CodePipeline has closed this job before \(step).")
        failure.isOfClosedJob = true
        return failure
    }
}

extension JobFailure: CustomStringConvertible {
    /// The type and the message in one line.
    public var description: String { "\(type.rawValue): \(message)" }
}
