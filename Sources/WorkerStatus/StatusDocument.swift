import Foundation
import JobEngine

/// The page's content for programs, as `/status.json` has it.
///
/// `Docs/status-page.md` describes it; fields may be added.
struct StatusDocument: Encodable, Sendable {
    let version: String?
    let host: String
    let region: String
    let lab: String?
    let time: Date
    let startedAt: Date?
    let uptimeSeconds: Int?
    let alive: Bool
    let ready: Bool
    let notReadyBecause: [String]
    let stopping: Bool
    let pause: Pause?
    let slots: Slots
    let jobs: [Job]
    let ended: [Job]
    let events: [Event]
    let queues: [Queue]
    let labHealth: Health?

    struct Pause: Encodable, Sendable {
        let since: Date
        let until: Date?
        let note: String?
    }

    struct Slots: Encodable, Sendable {
        let total: Int
        let used: Int
    }

    struct Job: Encodable, Sendable {
        let jobId: String
        let actionExecutionId: String
        let actionType: String
        let pipeline: String
        let stage: String
        let action: String
        let pipelineExecutionId: String
        let pipelineUrl: String?
        let sandboxId: String?
        let sandboxUrl: String?
        let claimedAt: Date
        var state: String?
        let progress: String
        let percentComplete: Int?
        let progressSince: Date
        let waitsFor: String?
        let waitsUntil: Date?
        let waitingInQueueSince: Date?
        var endedAt: Date?
        var ending: String?
        var detail: String?
    }

    struct Event: Encodable, Sendable {
        let at: Date
        let text: String
        let warning: Bool
    }

    struct Queue: Encodable, Sendable {
        let actionType: String
        let version: String?
        let state: String
        let throttles: Int
        let jobsOffered: Int
        let health: Health
    }

    struct Health: Encodable, Sendable {
        let answers: Int
        let failures: Int
        let lastAnswerAt: Date?
        let trouble: String?
        let troubleSince: Date?
        let refusal: String?
    }

    /// Describes a snapshot.
    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts) {
        let readiness = Readiness(snapshot, facts)
        version = facts.version
        host = facts.host
        region = facts.region
        lab = facts.lab?.address
        time = snapshot.takenAt
        startedAt = snapshot.startedAt
        uptimeSeconds = snapshot.startedAt.map { Int(snapshot.takenAt.timeIntervalSince($0)) }
        alive = snapshot.isAlive
        ready = readiness.isReady
        notReadyBecause = readiness.reasons
        stopping = snapshot.isStopping
        pause = snapshot.pause.map { Pause(since: $0.since, until: $0.until, note: $0.note) }
        slots = Slots(total: snapshot.capacity, used: snapshot.held.count)
        jobs = snapshot.jobs.map { Job($0, facts) }
        ended = snapshot.ended.map { ended in
            var job = Job(ended.job, facts)
            job.state = nil
            job.endedAt = ended.endedAt
            job.ending = JobDescription(ended).state
            job.detail = ended.detail
            return job
        }
        events = snapshot.events.map { Event(at: $0.at, text: $0.text, warning: $0.isWarning) }
        queues = snapshot.queues.map { queue in
            Queue(
                actionType: queue.action,
                version: queue.version,
                state: queue.activity.name,
                throttles: queue.throttles,
                jobsOffered: queue.jobsOffered,
                health: Health(queue.service)
            )
        }
        labHealth = facts.lab == nil ? nil : Health(snapshot.lab)
    }

    /// The document as text.
    ///
    /// - Throws: `EncodingError`, which no snapshot gives rise to.
    func json() throws -> String {
        try JSONReport(self).text() + "\n"
    }
}

extension StatusDocument.Job {
    fileprivate init(_ job: WorkerSnapshot.Job, _ facts: StatusFacts) {
        let description = JobDescription(job)
        self.init(
            jobId: job.id,
            actionExecutionId: job.actionExecutionID,
            actionType: job.action,
            pipeline: job.place.pipeline,
            stage: job.place.stage,
            action: job.place.action,
            pipelineExecutionId: job.place.pipelineExecutionID,
            pipelineUrl: facts.executionLink(job.place),
            sandboxId: job.progress.externalExecutionID,
            sandboxUrl: facts.sandboxLink(job.progress.externalExecutionID),
            claimedAt: job.claimedAt,
            state: description.state,
            progress: job.progress.summary,
            percentComplete: job.progress.percentComplete,
            progressSince: job.progressSince,
            waitsFor: description.wait?.reason,
            waitsUntil: description.wait?.deadline,
            waitingInQueueSince: job.putBackAt
        )
    }
}

extension StatusDocument.Health {
    fileprivate init(_ service: WorkerSnapshot.Service) {
        self.init(
            answers: service.answers,
            failures: service.failures,
            lastAnswerAt: service.lastAnswerAt,
            trouble: service.trouble,
            troubleSince: service.troubleSince,
            refusal: service.refusal
        )
    }
}

extension WorkerSnapshot.Activity {
    /// The state in a word.
    fileprivate var name: String {
        switch self {
        case .notStarted: "not_started"
        case .paused: "paused"
        case .heldBack: "held_back"
        case .waitingForRoom: "waiting_for_room"
        case .asking: "asking"
        case .resting: "resting"
        }
    }
}

extension WorkerSnapshot {
    /// The jobs that take up a slot.
    var held: [Job] { jobs.filter { $0.putBackAt == nil } }
}
