/// A request that was sent to AWS, for those who watch.
package struct AWSRequestReport: Sendable {
    /// What was called, such as `PollForJobs`.
    package let operation: String
    /// What the service refuses it with, or why there was no reply; `nil` where it succeeded.
    package let error: AWSError?
    /// How long it took until the reply was there.
    package let duration: Duration
}
