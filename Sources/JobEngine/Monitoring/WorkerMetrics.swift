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

        fileprivate init(_ action: String, _ place: MetricsPlace) {
            let labels = [("action", action)] + place.labels
            func polls(_ result: String) -> Counter { place.counter(.polls, labels + [("result", result)]) }
            jobsClaimed = place.counter(.jobsClaimed, labels)
            jobsEnded = Dictionary(
                uniqueKeysWithValues: WorkerSnapshot.Ending.all.map { ending in
                    (ending, place.counter(.jobsEnded, labels + [("ending", ending.rawValue)]))
                }
            )
            jobDuration = Timer(label: WorkerMetric.jobDuration.rawValue, dimensions: labels, factory: place.factory)
            jobsInProgress = place.meter(.jobsInProgress, labels)
            jobsInProgress.set(0)
            pollsAnswered = polls("answered")
            pollsFailed = polls("failed")
            pollsThrottled = polls("throttled")
            lastPoll = place.meter(.lastPoll, labels)
        }
    }

    /// The metrics of the jobs in one state.
    struct State: Sendable {
        let jobs: Meter
        let oldestAge: Meter
    }

    let slots: Meter
    let states: [WorkerSnapshot.Stage: State]
    let journalErrors: Counter
    let lastLabAnswer: Meter
    private let actions: [String: Action]

    /// - Parameters:
    ///   - names: The action types.
    ///   - place: Where the metrics go.
    init(actions names: [String], at place: MetricsPlace) {
        slots = place.meter(.slots)
        states = Dictionary(
            uniqueKeysWithValues: WorkerSnapshot.Stage.all.map { stage in
                let labels = [("state", stage.rawValue)] + place.labels
                return (stage, State(jobs: place.meter(.jobs, labels), oldestAge: place.meter(.oldestJobAge, labels)))
            }
        )
        journalErrors = place.counter(.journalErrors)
        lastLabAnswer = place.meter(.lastLabAnswer)
        // The worker's own action types alone, so that no label comes from outside.
        actions = Dictionary(names.map { ($0, Action($0, place)) }) { first, _ in first }
    }

    subscript(action: String) -> Action? { actions[action] }
}

/// The names of a worker's metrics, and what they mean.
package enum WorkerMetric: String, Sendable, CaseIterable {
    case jobsClaimed = "quali_worker_jobs_claimed_total"
    case jobsEnded = "quali_worker_jobs_ended_total"
    case jobDuration = "quali_worker_job_duration_seconds"
    case jobsInProgress = "quali_worker_jobs_in_progress"
    case jobs = "quali_worker_jobs"
    case oldestJobAge = "quali_worker_oldest_job_age_seconds"
    case slots = "quali_worker_slots"
    case polls = "quali_worker_polls_total"
    case lastPoll = "quali_worker_last_poll_timestamp_seconds"
    case awsRequests = "quali_worker_aws_requests_total"
    case awsRequestDuration = "quali_worker_aws_request_duration_seconds"
    case credentialsEnd = "quali_worker_credentials_end_timestamp_seconds"
    case labRequests = "quali_worker_lab_requests_total"
    case labRequestDuration = "quali_worker_lab_request_duration_seconds"
    case lastLabAnswer = "quali_worker_lab_last_answer_timestamp_seconds"
    case journalErrors = "quali_worker_journal_errors_total"
    case sandboxesStarted = "quali_worker_sandboxes_started_total"
    case sandboxesEnded = "quali_worker_sandboxes_ended_total"
    case sandboxEndsRefused = "quali_worker_sandbox_ends_refused_total"
    case sandboxesKept = "quali_worker_sandboxes_kept"
    case sandboxesLeft = "quali_worker_sandboxes_left"

    /// What it means, in a line.
    package var help: String {
        switch self {
        case .jobsClaimed: "Actions taken from CodePipeline's queue; one that is put back and continued counts once."
        case .jobsEnded: "Actions that have ended, by how they did."
        case .jobDuration: "Time from an action's first claim until its result was reported."
        case .jobsInProgress: "Actions that the worker holds now."
        case .jobs: "Jobs by state; those that were put back into CodePipeline's queue are counted for 15 minutes."
        case .oldestJobAge: "Time since the first claim of the oldest job in a state; 0 if there is none."
        case .slots: "The most actions that the worker may hold."
        case .polls: "Polls of CodePipeline's queues."
        case .lastPoll: "When CodePipeline last answered a poll; 0 if it never has."
        case .awsRequests: "Requests to CodePipeline and S3, by operation and result."
        case .awsRequestDuration: "Time until the reply to a request to CodePipeline or S3, or until there was none."
        case .credentialsEnd: "When the worker's AWS credentials end; 0 if they don't, or if that isn't known."
        case .labRequests: "Requests to the lab, by operation and result."
        case .labRequestDuration: "Time until the reply to a request to the lab, or until there was none."
        case .lastLabAnswer: "When the lab last answered; 0 if it never has."
        case .journalErrors: "Attempts to write to the journal, or to read it, that have failed."
        case .sandboxesStarted: "Sandboxes that the worker has started."
        case .sandboxesEnded: "Sandboxes that end because the worker has asked for it, by its reason."
        case .sandboxEndsRefused: "Attempts to end a sandbox that the lab has refused."
        case .sandboxesKept: "Sandboxes that the worker looks after, to end them with their pipelines."
        case .sandboxesLeft: "Sandboxes that aren't needed any more, and that the lab refuses to end."
        }
    }

    /// Whether it has a histogram for each of many operations, of which a worker calls a part.
    package var hasManyHistograms: Bool { self == .awsRequestDuration || self == .labRequestDuration }

    /// The upper bounds of a histogram's buckets, in seconds.
    package var bounds: [Double] {
        // An action takes from a second to a working day.
        hasManyHistograms
            ? [0.1, 0.25, 1, 2.5, 10, 30]
            : [1, 5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800]
    }
}
