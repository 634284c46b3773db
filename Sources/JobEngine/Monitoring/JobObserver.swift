/// Is told what becomes of a worker's jobs, as it happens.
///
/// The methods are called on the tasks of the worker, for one job in the order of what has happened to it, so they must return
/// soon. What an observer is told has the worker's secrets masked.
public protocol JobObserver: Sendable {
    /// A job is the worker's: a new one, one that was continued from the queue, or one that an earlier run has left.
    func jobClaimed(_ job: WorkerSnapshot.Job, as claim: JobClaimKind)
    /// A job's handler has told how far it has come.
    func jobProgressed(_ job: WorkerSnapshot.Job)
    /// A job waits, for what ``WorkerSnapshot/Job/wait`` tells.
    func jobWaits(_ job: WorkerSnapshot.Job)
    /// A job was put back into CodePipeline's queue.
    func jobRequeued(_ job: WorkerSnapshot.Job)
    /// A job's result was reported, or isn't wanted.
    func jobEnded(_ job: WorkerSnapshot.EndedJob)
    /// The worker has a job no more, which another worker has, or which stays in the journal for the next run.
    func jobLeft(_ job: WorkerSnapshot.Job)
}

extension JobObserver {
    /// Does nothing.
    public func jobClaimed(_ job: WorkerSnapshot.Job, as claim: JobClaimKind) {}
    /// Does nothing.
    public func jobProgressed(_ job: WorkerSnapshot.Job) {}
    /// Does nothing.
    public func jobWaits(_ job: WorkerSnapshot.Job) {}
    /// Does nothing.
    public func jobRequeued(_ job: WorkerSnapshot.Job) {}
    /// Does nothing.
    public func jobEnded(_ job: WorkerSnapshot.EndedJob) {}
    /// Does nothing.
    public func jobLeft(_ job: WorkerSnapshot.Job) {}
}

/// How a job has come to a worker.
public struct JobClaimKind: Sendable, Hashable {
    private enum Kind { case new, continued, resumed }

    private let kind: Kind

    /// It is the action's first job that this worker has seen.
    public static let new = Self(kind: .new)
    /// This worker had put the action's job into the queue before.
    public static let continued = Self(kind: .continued)
    /// It is from the journal.
    public static let resumed = Self(kind: .resumed)
}
