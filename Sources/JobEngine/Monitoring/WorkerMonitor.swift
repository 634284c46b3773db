import AWSLite
public import CoreMetrics
import Foundation
import HTTPTransport

/// Watches a worker: what it holds, how its latest jobs ended, and how the services answer.
///
/// Give one to ``JobWorker``, or to the worker that is made of it, and take a ``snapshot()`` of it whenever you like, from
/// any task. What can be counted also goes to swift-metrics, under names that begin with `quali_worker_`. Each worker has
/// metrics of its own: where several share a backend, a label `worker` tells them apart.
public final class WorkerMonitor: Sendable {
    private struct State {
        var startedAt: Date?
        var redact: @Sendable (String) -> String = { $0 }
        /// How far the time that is told is ahead of the clock, in seconds.
        var clockOffset: @Sendable () -> TimeInterval = { 0 }
        var pause: @Sendable () -> WorkerPause? = { nil }
        var isStopping = false
        var capacity = 0
        /// The jobs as they are now.
        var jobs: @Sendable () -> [WorkerSnapshot.Job] = { [] }
        var census: @Sendable () -> JobCensus = { [:] }
        var ended: [WorkerSnapshot.EndedJob] = []
        var events: [WorkerSnapshot.Event] = []
        var queues: [WorkerSnapshot.Queue] = []
        var lab = WorkerSnapshot.Service()
        var journalTrouble: String?
        var metrics: WorkerMetrics
    }

    /// How many jobs there are in each state, and since when the oldest of them is a worker's.
    typealias JobCensus = [WorkerSnapshot.Stage: (count: Int, oldest: Date)]

    private static let mostEvents = 100
    /// The pause between two measurements of what can't be counted as it happens.
    private static let measurementPause: Duration = .seconds(15)

    private let clock: any WorkerClock
    private let historyLength: Int
    private let metricsPlace: MetricsPlace
    /// Counts requests to AWS.
    let awsRequests: RequestMetrics
    /// When the worker's credentials for AWS end.
    let credentialsEnd: Meter
    private let state: Locked<State>

    /// Creates a monitor that remembers the latest `historyLength` jobs.
    ///
    /// - Parameters:
    ///   - name: What the worker's metrics have as their label `worker`. Without it the first monitor at a backend has no
    ///     such label, and each further one that lives at the same time has a number, from 2 on.
    ///   - historyLength: How many ended jobs are remembered.
    ///   - metrics: Where metrics go; what the process has bootstrapped, unless told otherwise.
    public convenience init(
        name: String? = nil,
        historyLength: Int = 500,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.init(name: name, historyLength: historyLength, clock: .system, metrics: metrics)
    }

    /// Creates a monitor with a time of its own.
    package init(
        name: String? = nil,
        historyLength: Int = 500,
        clock: any WorkerClock,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.historyLength = historyLength
        self.clock = clock
        let place = MetricsPlace(name, at: metrics)
        metricsPlace = place
        awsRequests = RequestMetrics(.awsRequests, .awsRequestDuration, operations: Self.awsOperations, at: place)
        credentialsEnd = place.meter(.credentialsEnd)
        state = Locked(State(metrics: WorkerMetrics(actions: [], at: place)))
    }

    /// What the worker does now.
    public func snapshot() -> WorkerSnapshot {
        let now = clock.now
        let jobs = state.withLock { $0.jobs }()
        let pause = state.withLock { $0.pause }()
        let snapshot = state.withLock { state in
            WorkerSnapshot(
                takenAt: now,
                startedAt: state.startedAt,
                isStopping: state.isStopping,
                pause: pause,
                capacity: state.capacity,
                jobs: jobs,
                ended: state.ended.reversed(),
                events: state.events.reversed(),
                queues: state.queues,
                lab: state.lab,
                journalTrouble: state.journalTrouble
            )
        }
        return snapshot.inServiceTime(clockOffset)
    }

    /// How far the time that is told is ahead of the clock.
    private var clockOffset: TimeInterval { state.withLock { $0.clockOffset }() }

    // MARK: The worker

    /// `clockOffset` tells how far CodePipeline's time, which claims are in, is ahead of the clock, and `pause` whether there
    /// is a pause.
    func workerStarts(
        _ actions: [CodePipeline.ActionTypeID],
        capacity: Int,
        clockOffset: @escaping @Sendable () -> TimeInterval = { 0 },
        pause: @escaping @Sendable () -> WorkerPause? = { nil },
        redact: @escaping @Sendable (String) -> String
    ) {
        let now = clock.now
        let metrics = WorkerMetrics(actions: actions.map(\.provider), at: metricsPlace)
        metrics.slots.set(capacity)
        state.withLock { state in
            let lab = state.lab
            state = State(metrics: metrics)
            // The first login may be over before the journal is read.
            if lab.refusal != nil { state.lab = lab }
            state.startedAt = now
            state.redact = redact
            state.clockOffset = clockOffset
            state.pause = pause
            state.capacity = capacity
            state.queues = actions.map { action in
                WorkerSnapshot.Queue(
                    action: action.provider,
                    version: action.version,
                    activity: .notStarted,
                    service: .init()
                )
            }
        }
    }

    func workerStops() {
        state.withLock { $0.isStopping = true }
    }

    /// Shows these jobs.
    func show(_ jobs: @escaping @Sendable () -> [WorkerSnapshot.Job], _ census: @escaping @Sendable () -> JobCensus) {
        state.withLock { ($0.jobs, $0.census) = (jobs, census) }
    }

    // MARK: Metrics

    /// Brings the metrics up to date that can't be counted as it happens: the jobs by state, and their ages.
    package func measure() {
        let (census, metrics) = state.withLock { ($0.census, $0.metrics) }
        let jobs = census()
        let now = clock.now + clockOffset
        for (stage, metrics) in metrics.states {
            metrics.jobs.set(jobs[stage]?.count ?? 0)
            metrics.oldestAge.set(jobs[stage].map { max(0, now.timeIntervalSince($0.oldest)) } ?? 0)
        }
    }

    /// Measures from time to time, for whoever the metrics are sent to, until the task is cancelled.
    ///
    /// By the real time, since nothing else depends on it.
    func measureRegularly() async {
        while !Task.isCancelled {
            measure()
            try? await Task.sleep(for: Self.measurementPause)
        }
    }

    /// The metrics of a lab of which these operations are called.
    package func labMetrics(operations: [String]) -> LabMetrics {
        LabMetrics(operations: operations, at: metricsPlace)
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
        let metrics = metrics(of: typeID)
        metrics?.pollsAnswered.increment()
        metrics?.lastPoll.set((now + clockOffset).timeIntervalSince1970)
    }

    func pollFailed(_ typeID: CodePipeline.ActionTypeID, _ error: any Error) {
        let now = clock.now
        let trouble = state.withLock { $0.redact }("\(error)")
        let isThrottled = (error as? AWSError)?.isThrottling == true
        withQueue(of: typeID) { queue in
            queue.service.failed(trouble, now)
            if isThrottled { queue.throttles += 1 }
        }
        let metrics = metrics(of: typeID)
        (isThrottled ? metrics?.pollsThrottled : metrics?.pollsFailed)?.increment()
    }

    /// `isFailure` says whether it is told because something has just failed.
    func journal(isTroubledBy trouble: String?, isFailure: Bool) {
        let metrics = state.withLock { state in
            state.journalTrouble = trouble
            return state.metrics
        }
        if isFailure { metrics.journalErrors.increment() }
    }

    /// Keeps for people what the worker has done, or met, beside its jobs; the latest hundred.
    package func note(event text: String, isWarning: Bool = false) {
        let event = WorkerSnapshot.Event(at: clock.now, text: text, isWarning: isWarning)
        state.withLock { state in
            state.events.append(event)
            if state.events.count > Self.mostEvents { state.events.removeFirst() }
        }
    }

    package func labAnswered() {
        let now = clock.now
        let metrics = state.withLock { state in
            state.lab.answered(now)
            return state.metrics
        }
        metrics.lastLabAnswer.set((now + clockOffset).timeIntervalSince1970)
    }

    package func labFailed(_ error: any Error) {
        let now = clock.now
        let trouble = state.withLock { $0.redact }("\(error)")
        state.withLock { $0.lab.failed(trouble, now) }
    }

    /// Notes that the lab refuses the worker's login.
    package func labRefuses(_ error: any Error) {
        labFailed(error)
        state.withLock { $0.lab.refusal = $0.lab.trouble }
    }

    /// Notes that the lab has taken the worker's login.
    package func labAccepts() {
        state.withLock { state in
            guard state.lab.refusal != nil else { return }
            (state.lab.refusal, state.lab.trouble, state.lab.troubleSince) = (nil, nil, nil)
        }
    }

    /// How many requests the lab has had.
    package var labRequests: Int { state.withLock { $0.lab.answers + $0.lab.failures } }

    private func metrics(of typeID: CodePipeline.ActionTypeID) -> WorkerMetrics.Action? {
        state.withLock { $0.metrics }[typeID.provider]
    }

    private func withQueue(of typeID: CodePipeline.ActionTypeID, _ body: (inout WorkerSnapshot.Queue) -> Void) {
        state.withLock { state in
            let index = state.queues.firstIndex { $0.action == typeID.provider && $0.version == typeID.version }
            if let index { body(&state.queues[index]) }
        }
    }
}

extension WorkerMonitor {
    /// What has it told of jobs.
    var observer: any JobObserver { Observer(monitor: self) }

    private struct Observer: JobObserver {
        let monitor: WorkerMonitor

        func jobClaimed(_ job: WorkerSnapshot.Job, as claim: JobClaimKind) { monitor.jobClaimed(job, as: claim) }
        func jobRequeued(_ job: WorkerSnapshot.Job) { monitor.jobRequeued(job) }
        func jobLeft(_ job: WorkerSnapshot.Job) { monitor.jobRequeued(job) }
        func jobEnded(_ job: WorkerSnapshot.EndedJob) { monitor.jobEnded(job) }
    }

    /// Counts a claim; one that is continued or resumed was counted before.
    package func jobClaimed(_ job: WorkerSnapshot.Job, as claim: JobClaimKind) {
        let metrics = state.withLock { $0.metrics[job.action] }
        // Outside the lock, since a backend of metrics may be anything.
        if claim == .new { metrics?.jobsClaimed.increment() }
        metrics?.jobsInProgress.increment()
    }

    /// Counts it no more.
    package func jobRequeued(_ job: WorkerSnapshot.Job) {
        state.withLock { $0.metrics[job.action] }?.jobsInProgress.decrement()
    }

    /// Keeps how it ended, and counts that.
    package func jobEnded(_ job: WorkerSnapshot.EndedJob) {
        let metrics = state.withLock { state in
            state.ended.append(job)
            if state.ended.count > historyLength { state.ended.removeFirst(state.ended.count - historyLength) }
            return state.metrics[job.job.action]
        }
        metrics?.jobsInProgress.decrement()
        metrics?.jobsEnded[job.ending]?.increment()
        let duration = (job.endedAt + clockOffset).timeIntervalSince(job.job.claimedAt)
        metrics?.jobDuration.recordSeconds(max(0, duration))
    }
}

extension WorkerSnapshot.Service {
    fileprivate mutating func answered(_ now: Date) {
        answers += 1
        lastAnswerAt = now
        // Who refuses the login answers, too.
        if refusal == nil { (trouble, troubleSince) = (nil, nil) }
    }

    fileprivate mutating func failed(_ trouble: String, _ now: Date) {
        failures += 1
        self.trouble = trouble
        if troubleSince == nil { troubleSince = now }
    }
}
