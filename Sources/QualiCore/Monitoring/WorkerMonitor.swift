import AWSLite
import Foundation
import HTTPTransport

/// Watches a worker: what it holds, how its latest jobs ended, and how the services answer.
///
/// Give one to ``QualiWorker`` or ``JobWorker``, and take a ``snapshot()`` of it whenever you like, from any task.
public final class WorkerMonitor: Sendable {
    private struct State {
        var startedAt: Date?
        var redact: @Sendable (String) -> String = { $0 }
        var isStopping = false
        var capacity = 0
        var jobs: [String: WorkerSnapshot.Job] = [:]
        var ended: [WorkerSnapshot.EndedJob] = []
        var queues: [WorkerSnapshot.Queue] = []
        var lab = WorkerSnapshot.Service()
    }

    /// After this time a job that was put back has surely been taken by another worker.
    private static let longestAbsence: TimeInterval = 900

    private let clock: any WorkerClock
    private let historyLength: Int
    private let state = Locked(State())

    /// Creates a monitor that remembers the latest `historyLength` jobs.
    public init(historyLength: Int = 500, clock: any WorkerClock = .system) {
        self.historyLength = historyLength
        self.clock = clock
    }

    /// What the worker does now.
    public func snapshot() -> WorkerSnapshot {
        let now = clock.now
        return state.withLock { state in
            state.jobs = state.jobs.filter { now.timeIntervalSince($0.value.putBackAt ?? now) < Self.longestAbsence }
            return WorkerSnapshot(
                takenAt: now,
                startedAt: state.startedAt,
                isStopping: state.isStopping,
                capacity: state.capacity,
                jobs: state.jobs.values.sorted { ($0.claimedAt, $0.id) < ($1.claimedAt, $1.id) },
                ended: state.ended.reversed(),
                queues: state.queues,
                lab: state.lab
            )
        }
    }

    // MARK: The worker

    func workerStarts(_ actions: [JobAction], capacity: Int, redact: @escaping @Sendable (String) -> String) {
        let now = clock.now
        state.withLock { state in
            state = State()
            state.startedAt = now
            state.redact = redact
            state.capacity = capacity
            state.queues = actions.map { action in
                WorkerSnapshot.Queue(
                    action: action.typeID.provider,
                    version: action.typeID.version,
                    activity: .notStarted,
                    service: .init()
                )
            }
        }
    }

    func workerStops() {
        state.withLock { $0.isStopping = true }
    }

    // MARK: Jobs

    func jobBegins(_ record: JobRecord) {
        let now = clock.now
        state.withLock { state in
            let earlier = state.jobs[record.actionExecutionID]
            state.jobs[record.actionExecutionID] = WorkerSnapshot.Job(
                id: record.id,
                actionExecutionID: record.actionExecutionID,
                action: record.actionTypeID.provider,
                place: record.place,
                claimedAt: record.claimedAt,
                progress: earlier?.progress ?? JobProgress("In progress"),
                progressSince: earlier?.progressSince ?? now
            )
        }
    }

    func jobProgresses(_ actionExecutionID: String, _ progress: JobProgress) {
        let now = clock.now
        var progress = progress
        progress.summary = state.withLock { $0.redact }(progress.summary)
        state.withLock { [progress] state in
            guard state.jobs[actionExecutionID]?.progress != progress else { return }
            state.jobs[actionExecutionID]?.progress = progress
            state.jobs[actionExecutionID]?.progressSince = now
        }
    }

    /// Notes that a job's result, if it has one, is reported.
    func jobEnds(_ record: JobRecord, _ outcome: JobOutcome?, isUnwanted: Bool) {
        let now = clock.now
        state.withLock { state in
            let ending: WorkerSnapshot.Ending
            switch outcome {
            case _ where isUnwanted, .abandoned: ending = .abandoned
            case .success: ending = .succeeded
            case .failure: ending = .failed
            case .continuation:
                state.jobs[record.actionExecutionID]?.putBackAt = now
                return
            case nil:
                state.jobs[record.actionExecutionID] = nil
                return
            }
            guard let job = state.jobs.removeValue(forKey: record.actionExecutionID) else { return }
            state.ended.append(.init(job: job, endedAt: now, ending: ending, detail: outcome?.detail ?? ""))
            if state.ended.count > historyLength { state.ended.removeFirst(state.ended.count - historyLength) }
        }
    }

    // MARK: Services

    func poller(of typeID: CodePipeline.ActionTypeID, _ activity: WorkerSnapshot.Activity) {
        withQueue(of: typeID) { $0.activity = activity }
    }

    func pollAnswered(_ typeID: CodePipeline.ActionTypeID, jobs: Int) {
        let now = clock.now
        withQueue(of: typeID) { queue in
            queue.service.answered(now)
            queue.jobsOffered += jobs
        }
    }

    func pollFailed(_ typeID: CodePipeline.ActionTypeID, _ error: any Error) {
        let now = clock.now
        let trouble = state.withLock { $0.redact }("\(error)")
        withQueue(of: typeID) { queue in
            queue.service.failed(trouble, now)
            if (error as? AWSError)?.isThrottling == true { queue.throttles += 1 }
        }
    }

    func labAnswered() {
        let now = clock.now
        state.withLock { $0.lab.answered(now) }
    }

    func labFailed(_ error: any Error) {
        let now = clock.now
        let trouble = state.withLock { $0.redact }("\(error)")
        state.withLock { $0.lab.failed(trouble, now) }
    }

    private func withQueue(of typeID: CodePipeline.ActionTypeID, _ body: (inout WorkerSnapshot.Queue) -> Void) {
        state.withLock { state in
            let index = state.queues.firstIndex { $0.action == typeID.provider && $0.version == typeID.version }
            if let index { body(&state.queues[index]) }
        }
    }
}

extension WorkerSnapshot.Service {
    fileprivate mutating func answered(_ now: Date) {
        answers += 1
        lastAnswerAt = now
        (trouble, troubleSince) = (nil, nil)
    }

    fileprivate mutating func failed(_ trouble: String, _ now: Date) {
        failures += 1
        self.trouble = trouble
        if troubleSince == nil { troubleSince = now }
    }
}
