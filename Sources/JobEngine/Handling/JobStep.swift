/// What a handler's run has come to: the job is done, or it waits.
public enum JobStep<Event: Sendable>: Sendable {
    /// The work went well; this is reported as the job's success.
    case done(JobResult)
    /// The handler is run anew, from the job's last checkpoint, once the wait is over.
    case wait(JobWait<Event>)
}
