public import Foundation

/// What a worker does at one moment, and how its latest jobs ended; nothing in it is secret.
public struct WorkerSnapshot: Sendable, Codable, Hashable {
    /// When this was so.
    public var takenAt: Date
    /// When the worker began; `nil` before it has.
    public var startedAt: Date?
    /// Whether the worker is being stopped.
    public var isStopping: Bool
    /// Its pause; `nil` where there is none.
    public var pause: WorkerPause?
    /// The most jobs that it may hold.
    public var capacity: Int
    /// The jobs in hand and those that it has put back for a while, oldest first.
    public var jobs: [Job]
    /// The latest jobs that have ended, newest first.
    public var ended: [EndedJob]
    /// What the worker has lately done beside its jobs, newest first.
    package var events: [Event] = []
    /// The queues that it asks, in the order of its actions.
    package var queues: [Queue]
    /// How the lab answers.
    package var lab: Service
    /// Why nothing can be claimed, since the journal can't note it; `nil` where it can.
    package var journalTrouble: String?

    /// One action that the worker is at work on.
    public struct Job: Sendable, Codable, Hashable, Identifiable {
        /// The job's id in CodePipeline, which changes whenever the action is continued.
        public var id: String
        /// The action's execution.
        public var actionExecutionID: String
        /// The action type's name.
        public var action: String
        /// Pipeline, stage and action.
        public var place: JobPlace
        /// When the action was first claimed by a worker.
        public var claimedAt: Date
        /// Where it is.
        public var stage = Stage.running
        /// How far it has come.
        public var progress: JobProgress
        /// Since when that is so.
        package var progressSince: Date
        /// What it waits for here; `nil` while it doesn't.
        public var wait: JobWaitInfo?
        /// Since when it waits in CodePipeline's queue; `nil` while the worker holds it.
        package var putBackAt: Date?
    }

    /// Something that the worker has done, or met, beside its jobs.
    package struct Event: Sendable, Codable, Hashable {
        /// When that was.
        package var at: Date
        /// A sentence or two.
        package var text: String
        /// Whether somebody should see to it.
        package var isWarning: Bool
    }

    /// Where a job is.
    public struct Stage: RawRepresentable, Sendable, Codable, Hashable {
        /// The stage's name.
        public let rawValue: String

        /// A stage by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// An earlier run has left it, and it isn't known whether CodePipeline has given it to the worker.
        public static let offered = Self(rawValue: "offered")
        /// It is the worker's, and about to be begun.
        public static let claimed = Self(rawValue: "claimed")
        /// Its handler runs.
        public static let running = Self(rawValue: "running")
        /// It waits for something.
        public static let waiting = Self(rawValue: "waiting")
        /// Its outcome is known, and being reported.
        public static let completed = Self(rawValue: "completed")
        /// It waits in CodePipeline's queue.
        public static let requeued = Self(rawValue: "requeued")

        /// All that a worker tells.
        package static let all: [Self] = [.offered, .claimed, .running, .waiting, .completed, .requeued]
    }

    /// One action that has ended.
    public struct EndedJob: Sendable, Codable, Hashable {
        /// The job as it was last.
        public var job: Job
        /// When its result had been reported.
        public var endedAt: Date
        /// How it ended.
        public var ending: Ending
        /// The reported summary or failure message.
        public var detail: String
    }

    /// How a job ended.
    public struct Ending: RawRepresentable, Sendable, Codable, Hashable {
        /// A word for it.
        public let rawValue: String

        /// An ending by its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Its result is a success.
        public static let succeeded = Self(rawValue: "succeeded")
        /// Its result is a failure.
        public static let failed = Self(rawValue: "failed")
        /// Nobody wanted a result any more.
        public static let abandoned = Self(rawValue: "abandoned")

        /// All that a worker tells.
        package static let all: [Self] = [.succeeded, .failed, .abandoned]
    }

    /// The queue of one action type.
    package struct Queue: Sendable, Codable, Hashable {
        /// The action type's name.
        package var action: String
        /// The action type's version.
        package var version: String
        /// What its poller is doing.
        package var activity: Activity
        /// How CodePipeline answers its polls.
        package var service: Service
        /// How many of the refusals were for asking too often.
        package var throttles = 0
        /// How many jobs have been offered.
        package var jobsOffered = 0
    }

    /// What a poller is doing.
    package enum Activity: Sendable, Codable, Hashable {
        /// It hasn't begun, since claims of an earlier run come first.
        case notStarted
        /// Somebody has paused the worker.
        case paused
        /// Its jobs couldn't be done now, so it leaves them to other workers.
        case heldBack
        /// The worker holds as many jobs as it may.
        case waitingForRoom
        /// It has asked, at the given time.
        case asking(since: Date)
        /// It pauses until the given time.
        case resting(until: Date)
    }

    /// How a service answers.
    package struct Service: Sendable, Codable, Hashable {
        /// How many requests it has answered.
        package var answers = 0
        /// How many requests have failed.
        package var failures = 0
        /// When it last answered.
        package var lastAnswerAt: Date?
        /// What the last request failed with; `nil` once a later one is answered.
        package var trouble: String?
        /// Since when requests have been failing.
        package var troubleSince: Date?
        /// Why it refuses this worker, so that no job can be done; `nil` while it doesn't.
        package var refusal: String?
    }
}

extension WorkerSnapshot {
    /// How long a request and its repetitions may take, and how much later than planned a pause may end.
    private static let slack: TimeInterval = 300

    /// Whether every poller does what it should: none is stuck.
    package var isAlive: Bool { stuckQueues.isEmpty }

    /// The queues whose poller has been in one step for longer than any step may take.
    package var stuckQueues: [Queue] {
        guard let startedAt, !isStopping else { return [] }
        return queues.filter { queue in
            switch queue.activity {
            case .paused, .heldBack, .waitingForRoom: false
            // A full disk is waited for, however long.
            case .notStarted where journalTrouble != nil: false
            case .notStarted: takenAt >= startedAt.addingTimeInterval(2 * Self.slack)
            case .asking(let since): takenAt >= since.addingTimeInterval(Self.slack)
            case .resting(let until): takenAt >= until.addingTimeInterval(Self.slack)
            }
        }
    }
}
