import AWSLite
import Foundation
import Logging

/// A job that a poll has handed out and the journal holds, but that isn't acknowledged yet.
///
/// A class, as ``ClaimedJob`` is.
final class OfferedJob: Sendable {
    let record: JobRecord
    /// What is to be done, or why that can't be known.
    let content: Result<CodePipeline.JobData, JobFailure>
    let accountID: String
    /// When a job that was put back is to be looked at again.
    let notBefore: Date?

    init(
        _ record: JobRecord,
        _ content: Result<CodePipeline.JobData, JobFailure>,
        accountID: String,
        notBefore: Date? = nil
    ) {
        self.record = record
        self.content = content
        self.accountID = accountID
        self.notBefore = notBefore
    }
}

/// Asks for the jobs of one action type, for ever: only for as many as there is room for, at once again while jobs keep
/// coming, less often while none come for long, and ever more slowly while the service refuses.
///
/// A poll may hand out a job once more that this worker is acknowledging, and make its nonce stale. So a poll waits for
/// the acknowledgements on their way: for two seconds, which is longer than they take, so that a slow one holds up nothing
/// else; and for longer each time that a poll has done that harm. And a worker whose offers all went to others pauses
/// before it polls again, for longer each time, lest workers that poll in turns take each other's nonces for ever.
struct JobPoller: Sendable {
    private static let patience: (least: Duration, most: Duration) = (.seconds(2), .seconds(30))
    /// For how long a paused worker asks for the jobs that it has put back.
    private static let longestReturn: TimeInterval = 60

    let action: JobAction
    let queue: any JobQueue
    let journal: RetryingJournal
    let table: JobTable
    let pace: PollPace
    /// Over how many pollers free slots are to be spread.
    let pollers: Int
    let clock: any WorkerClock
    let serviceClock: ServiceClock
    let monitor: WorkerMonitor
    let control: WorkerControl
    let logger: Logger

    /// What a poll has brought.
    private struct Haul {
        var jobs: [OfferedJob] = []
        /// How many jobs have taken room, be it for a moment.
        var taken = 0
        /// Whether it has brought a job whose acknowledgement isn't through.
        var hasRenewed = false
        /// Whether it couldn't be noted, and so is left to be offered again.
        var isUnnoted = false
    }

    /// Polls until the task is cancelled and hands each job that has been journalled to `deliver`.
    func run(_ deliver: @Sendable (OfferedJob) -> Void) async {
        var backoff = Backoff(first: max(pace.pause * 2, .seconds(1)), longest: max(pace.pause * 2, .seconds(60)))
        let outage = OutageLog(.polling, metadata: ["action": "\(action.typeID.provider)"])
        let illegible = OutageLog(.readingOffers, metadata: ["action": "\(action.typeID.provider)"])
        // How many times in a row an offer couldn't be noted.
        var unnoted = 0
        var patience = Self.patience.least
        var rivalry = Backoff(first: pace.pause, longest: max(pace.pause, .seconds(30)))
        var taken: [String] = []
        var claims = 0
        var pausedSince: Date?
        let rests = { monitor.poller(of: action.typeID, .resting(until: $0)) }
        while !Task.isCancelled {
            var returning = Int.max
            if let pause = control.pause(at: clock.timeOfDay) {
                let since = pausedSince ?? clock.now
                pausedSince = since
                let isOver = clock.now.timeIntervalSince(since) >= Self.longestReturn
                returning = isOver ? 0 : table.requeued(of: action.typeID)
                guard returning > 0 else {
                    monitor.poller(of: action.typeID, .paused)
                    await control.waitForEnd(of: pause, clock)
                    continue
                }
            } else {
                pausedSince = nil
            }
            if let gate = action.gate, !gate.isOpen {
                monitor.poller(of: action.typeID, .heldBack)
                await gate.pass()
            }
            monitor.poller(of: action.typeID, .waitingForRoom)
            // First, since a worker that is full needs no timer then.
            await table.waitForRoom(privileged: action.freesResources)
            await table.letAnswer(action.typeID, within: patience)
            if table.claims(of: action.typeID) != claims {
                rivalry.reset()
            } else if !taken.isEmpty, table.areLost(taken) {
                let pause = rivalry.pause()
                rests(clock.now.addingTimeInterval(pause.timeInterval))
                try? await clock.sleep(for: pause)
            }
            (taken, claims) = ([], table.claims(of: action.typeID))
            let most = min(returning, await table.roomToBegin(privileged: action.freesResources))
            let room = await table.takeRoom(privileged: action.freesResources, share: pollers, most: most)
            guard room > 0 else { return }
            // It may have been closed, or the worker paused, while there was no room.
            guard action.gate?.isOpen ?? true, pausedSince != nil || control.pause(at: clock.timeOfDay) == nil else {
                table.returnRoom(room)
                continue
            }
            // What can't be noted mustn't be taken.
            guard (try? await journal.ready()) != nil else { return table.returnRoom(room) }
            var (delivered, roomTaken) = (0, 0)
            var refusal: Duration?
            monitor.poller(of: action.typeID, .asking(since: clock.now))
            do {
                let haul = try await poll(room, illegible)
                for job in haul.jobs { deliver(job) }
                taken = haul.jobs.map(\.record.id)
                (delivered, roomTaken) = (taken.count, haul.taken)
                unnoted = haul.isUnnoted ? unnoted + 1 : 0
                patience = haul.hasRenewed ? min(patience * 2, Self.patience.most) : Self.patience.least
                if delivered > 0 { pace.noteWork(clock.now) }
                outage.succeeded(at: clock.now, logger)
                backoff.reset()
            } catch is CancellationError {
            } catch {
                refusal = backoff.pause()
                let error: any Error = RefusedPoll(error, of: action) ?? error
                outage.failed(error, at: clock.now, logger)
                monitor.pollFailed(action.typeID, error)
            }
            table.returnRoom(room - roomTaken)
            if let refusal {
                rests(clock.now.addingTimeInterval(refusal.timeInterval))
                try? await clock.sleep(for: refusal)
            } else if unnoted == 1 {
                // It goes on as soon as the journal can be written.
                continue
            } else if delivered == 0 {
                await pace.rest(clock, willRest: rests)
            }
        }
    }

    /// Asks once.
    private func poll(_ room: Int, _ illegible: OutageLog) async throws -> Haul {
        // The service's offer is no older than the question, however long the reply takes.
        let now = clock.now
        let number = table.moment(now).number
        let result = try await queue.poll(
            actionTypeID: action.typeID,
            maxBatchSize: room,
            queryParameters: action.queryParameters
        )
        monitor.pollAnswered(action.typeID, jobs: result.jobs.count + result.undecodable.count)
        for job in result.undecodable {
            var logger = logger
            if let id = job.id { logger[metadataKey: "job"] = "\(id)" }
            illegible.failed(AWSError(.malformedReply, job.reason), at: now, logger)
        }
        if result.undecodable.isEmpty { illegible.succeeded(at: now, logger) }
        var haul = Haul()
        let date = serviceClock.date(of: now)
        let asked = JobTable.Moment(number: number, time: date)
        for offer in result.jobs.map({ offer($0, date) }) + result.undecodable.compactMap({ offer($0, date) }) {
            // More than was asked for is left to be offered again.
            guard haul.jobs.count < room else { break }
            switch table.take(offer.record, asked: asked) {
            case .new:
                haul.jobs.append(offer)
                haul.taken += 1
            case .known: break
            case .renewed: haul.hasRenewed = true
            }
        }
        guard !haul.jobs.isEmpty else { return haul }
        if (try? await journal.claim(haul.jobs.map(\.record))) == true { return haul }
        for offer in haul.jobs { table.apply(.released, to: offer.record.id) }
        return Haul(taken: haul.taken, isUnnoted: true)
    }

    private func offer(_ job: CodePipeline.Job, _ now: Date) -> OfferedJob {
        let context = job.data.pipelineContext
        let actionExecutionID = context?.actionExecutionID ?? job.id
        var record = JobRecord(
            id: job.id,
            actionTypeID: action.typeID,
            actionExecutionID: actionExecutionID,
            place: JobPlace(context),
            nonce: job.nonce,
            claimedAt: now
        )
        var content = Result<CodePipeline.JobData, JobFailure>.success(job.data)
        var notBefore: Date?
        if let text = job.data.continuationToken {
            do {
                let token = try ContinuationToken(text, for: context?.actionExecutionID)
                record.actionExecutionID = token.actionExecutionID
                record.checkpoint = token.checkpoint
                record.claimedAt = token.claimedAt
                record.shows = token.shows
                if token.isContested { record.isContested = true }
                notBefore = token.notBefore
                if !token.isInServiceTime {
                    (record.isInServiceTime, record.offeredAt) = (nil, token.notBefore ?? token.claimedAt)
                    record = record.inServiceTime(now: now, action)
                    (record.offeredAt, notBefore) = (now, token.notBefore.map { _ in now })
                }
            } catch {
                content = .failure(JobFailure(.jobFailed, "This job can't be continued: \(error)."))
            }
        }
        return OfferedJob(record, content, accountID: job.accountID, notBefore: notBefore)
    }

    /// A job that can't be read is taken all the same, to fail with a reason instead of hanging until its time is over.
    private func offer(_ job: CodePipeline.UndecodableJob, _ now: Date) -> OfferedJob? {
        guard let id = job.id, let nonce = job.nonce else { return nil }
        let record = JobRecord(
            id: id,
            actionTypeID: action.typeID,
            actionExecutionID: id,
            place: JobPlace(nil),
            nonce: nonce,
            claimedAt: now
        )
        let failure = JobFailure(.jobFailed, "The worker can't read this job: \(job.reason).")
        return OfferedJob(record, .failure(failure), accountID: "")
    }
}

extension JobPlace {
    init(_ context: CodePipeline.PipelineContext?) {
        self.init(
            pipeline: context?.pipelineName ?? "",
            stage: context?.stageName ?? "",
            action: context?.actionName ?? "",
            pipelineExecutionID: context?.pipelineExecutionID ?? ""
        )
    }
}
