import Foundation
import HTTPTransport
public import JobEngine

/// What a handler has saved, reported and logged of a job in a test.
public final class JobTrace<Checkpoint: Codable & Sendable>: Sendable {
    private struct State {
        var saved: [Data] = []
        var reported: [JobProgress] = []
        var interruption: Interruption?
        var isCutOff = false
    }

    private let state = Locked(State())
    /// What was logged.
    public let log = LogBook()

    /// Begins an empty trace.
    public init() {}

    /// The checkpoints that were saved, in order, as a worker that takes up the job would read them.
    ///
    /// - Throws: `DecodingError` for one that can't be read again, so that no worker could go on from it.
    public var saved: [Checkpoint] {
        get throws { try state.withLock { $0.saved }.map { try JSONDecoder.compact.decode(Checkpoint.self, from: $0) } }
    }

    /// What people were told of the job's progress, in order.
    ///
    /// What is reported twice in a row is told once. While a service that the job needs is in trouble, its progress says so.
    public var reported: [JobProgress] { state.withLock { $0.reported } }

    // MARK: Interruptions

    /// Has the job cut off at a moment: what would be saved later isn't, and the handler that wants to gets a
    /// `CancellationError`.
    func interrupt(at moment: Interruption) { state.withLock { $0.interruption = moment } }

    /// Whether that moment has come.
    var isCutOff: Bool { state.withLock { $0.isCutOff } }

    /// The number of checkpoints that were saved.
    var count: Int { state.withLock { $0.saved.count } }

    fileprivate func save(_ checkpoint: Data) throws {
        let isStopped = state.withLock { state in
            guard !state.isCutOff else { return true }
            let number = state.saved.count
            state.isCutOff = [.before(save: number), .after(save: number)].contains(state.interruption)
            if state.interruption != .before(save: number) { state.saved.append(checkpoint) }
            return state.isCutOff
        }
        if isStopped { throw CancellationError() }
    }

    fileprivate func note(_ progress: JobProgress) {
        state.withLock { state in
            if !state.isCutOff { state.reported.append(progress) }
        }
    }

    /// Where a job's context writes.
    var journal: any JobJournal { Journal(trace: self) }

    private struct Journal: JobJournal {
        let trace: JobTrace

        var isDurable: Bool { false }
        func saveCheckpoint(_ checkpoint: Data, of jobID: String) throws { try trace.save(checkpoint) }
        func note(_ progress: JobProgress, of jobID: String) { trace.note(progress) }

        // What a worker writes around a handler's run.
        func claim(_ records: [JobRecord]) {}
        func noteAcknowledged(_ jobID: String) {}
        func saveOutcome(_ outcome: JobOutcome, of jobID: String) {}
        func forget(_ jobID: String) {}
        func unfinished() -> [JobRecord] { [] }
    }
}

/// A moment at which a worker may be killed, and its job is taken up by another.
public enum Interruption: Sendable, Hashable {
    /// Just before a checkpoint is stored, of this number from 0: what it tells of may be done, and nobody knows.
    case before(save: Int)
    /// Just after a checkpoint is stored, of this number from 0: what it announces isn't done yet.
    case after(save: Int)
    /// Once the handler has ended, before its result is noted: all is done, and the last checkpoint is all that is known.
    case end
}

extension Interruption: CustomStringConvertible {
    /// The moment in words, such as "before save 0".
    public var description: String {
        switch self {
        case .before(let number): "before save \(number)"
        case .after(let number): "after save \(number)"
        case .end: "at the end"
        }
    }
}
