import CoreMetrics

/// The metrics of a worker, by Prometheus' conventions for names and units.
struct WorkerMetrics: Sendable {
    /// The metrics of one action type.
    struct Action: Sendable {
        let jobsClaimed: Counter
        let jobsEnded: [WorkerSnapshot.Ending: Counter]
        let jobDuration: CoreMetrics.Timer
        let jobsInProgress: Meter
        let pollsAnswered: Counter
        let pollsFailed: Counter
        let pollsThrottled: Counter
        let lastPoll: Meter

        fileprivate init(_ action: String, _ labels: [(String, String)], _ factory: any MetricsFactory) {
            let label = [("action", action)] + labels
            func polls(_ result: String) -> Counter {
                Counter(
                    label: WorkerMetric.polls.rawValue,
                    dimensions: label + [("result", result)],
                    factory: factory
                )
            }
            jobsClaimed = Counter(label: WorkerMetric.jobsClaimed.rawValue, dimensions: label, factory: factory)
            jobsEnded = Dictionary(
                uniqueKeysWithValues: WorkerSnapshot.Ending.all.map { ending in
                    let labels = label + [("ending", ending.rawValue)]
                    return (
                        ending, Counter(label: WorkerMetric.jobsEnded.rawValue, dimensions: labels, factory: factory)
                    )
                }
            )
            jobDuration = Timer(label: WorkerMetric.jobDuration.rawValue, dimensions: label, factory: factory)
            jobsInProgress = Meter(label: WorkerMetric.jobsInProgress.rawValue, dimensions: label, factory: factory)
            jobsInProgress.set(0)
            pollsAnswered = polls("answered")
            pollsFailed = polls("failed")
            pollsThrottled = polls("throttled")
            lastPoll = Meter(label: WorkerMetric.lastPoll.rawValue, dimensions: label, factory: factory)
        }
    }

    let slots: Meter
    let labAnswered: Counter
    let labFailed: Counter
    let lastLabAnswer: Meter
    private let actions: [String: Action]

    /// - Parameters:
    ///   - names: The action types.
    ///   - worker: What tells this worker's metrics from those of others at the same factory; `nil` for the only one.
    ///   - factory: Where the metrics go.
    init(actions names: [String], worker: String?, factory: any MetricsFactory) {
        let labels = worker.map { [("worker", $0)] } ?? []
        slots = Meter(label: WorkerMetric.slots.rawValue, dimensions: labels, factory: factory)
        let requests = WorkerMetric.labRequests.rawValue
        labAnswered = Counter(label: requests, dimensions: [("result", "answered")] + labels, factory: factory)
        labFailed = Counter(label: requests, dimensions: [("result", "failed")] + labels, factory: factory)
        lastLabAnswer = Meter(label: WorkerMetric.lastLabAnswer.rawValue, dimensions: labels, factory: factory)
        // The worker's own action types alone, so that no label comes from outside.
        actions = Dictionary(names.map { ($0, Action($0, labels, factory)) }) { first, _ in first }
    }

    subscript(action: String) -> Action? { actions[action] }
}

/// The names of a worker's metrics, and what they mean.
package enum WorkerMetric: String, Sendable, CaseIterable {
    case jobsClaimed = "quali_worker_jobs_claimed_total"
    case jobsEnded = "quali_worker_jobs_ended_total"
    case jobDuration = "quali_worker_job_duration_seconds"
    case jobsInProgress = "quali_worker_jobs_in_progress"
    case slots = "quali_worker_slots"
    case polls = "quali_worker_polls_total"
    case lastPoll = "quali_worker_last_poll_timestamp_seconds"
    case labRequests = "quali_worker_lab_requests_total"
    case lastLabAnswer = "quali_worker_lab_last_answer_timestamp_seconds"

    /// What it means, in a line.
    package var help: String {
        switch self {
        case .jobsClaimed: "Actions taken from CodePipeline's queue; one that is put back and continued counts once."
        case .jobsEnded: "Actions that have ended, by how they did."
        case .jobDuration: "Time from an action's first claim until its result was reported."
        case .jobsInProgress: "Actions that the worker holds now."
        case .slots: "The most actions that the worker may hold."
        case .polls: "Polls of CodePipeline's queues."
        case .lastPoll: "When CodePipeline last answered a poll; 0 if it never has."
        case .labRequests: "Requests to the lab."
        case .lastLabAnswer: "When the lab last answered; 0 if it never has."
        }
    }
}
