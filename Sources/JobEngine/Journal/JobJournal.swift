package import Foundation

/// What a worker has claimed and how far each job has come.
///
/// Each method returns only when what it was told would survive a crash, as far as the implementation promises that at
/// all. The engine calls ``claim(_:)`` before it acknowledges, ``saveCheckpoint(_:of:)`` before the step that depends on
/// it, ``saveOutcome(_:of:)`` before it reports, and ``forget(_:)`` when CodePipeline has the result.
///
/// A journal holds no secret: a job's configuration and credentials are fetched anew when it is resumed.
package protocol JobJournal: Sendable {
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
    /// Keeps a note of what jobs have left behind, under a key of whoever looks after it; `nil` removes it.
    ///
    /// It tells where to look, and proves nothing: the folder may be a copy, or a backup's.
    func keep(_ note: Data?, as key: String) async throws
    /// The notes that are kept, by their keys.
    func keptNotes() async throws -> [String: Data]
    /// Watches, until the task is cancelled, whether the journal is still where the next run will look for it.
    ///
    /// - Parameter tell: Is told at each look what is wrong, or `nil`.
    /// - Throws: What is wrong, once that has lasted for a minute.
    func watch(_ tell: @escaping @Sendable ((any Error)?) -> Void) async throws
}

extension JobJournal {
    /// Keeps nothing.
    package func note(_ progress: JobProgress, of jobID: String) async {}

    /// Keeps nothing.
    package func note(_ wait: JobWaitInfo?, of jobID: String) async {}

    /// Keeps nothing.
    package func keep(_ note: Data?, as key: String) async throws {}

    /// Has kept nothing.
    package func keptNotes() async throws -> [String: Data] { [:] }

    /// Nothing can become of it.
    package func watch(_ tell: @escaping @Sendable ((any Error)?) -> Void) async throws {
        let (never, end) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        end.finish()
    }
}

/// A journal holds no such job.
package struct UnknownJob: Error, Hashable {
    /// The job's id.
    package let id: String
}
