import AWSLite
import Foundation
import Logging

/// A job that a poll has handed out and the journal holds, but that isn't acknowledged yet.
struct OfferedJob: Sendable {
    let record: JobRecord
    /// What is to be done, or why that can't be known.
    let content: Result<CodePipeline.JobData, JobFailure>
    let accountID: String
    /// When a job that was put back is to be looked at again.
    var notBefore: Date?
    /// Counts it while it begins.
    var mark: BeginningJobs.Mark?
}

/// Asks for the jobs of one action type, for ever: only for as many as there is room for, at once again while jobs keep
/// coming, less often while none come for long, and ever more slowly while the service refuses.
struct JobPoller: Sendable {
    let action: JobAction
    let queue: any JobQueue
    let journal: PatientJournal
    let slots: JobSlots
    let beginning: BeginningJobs
    let held: HeldJobs
    let pace: PollPace
    /// Over how many pollers free slots are to be spread.
    let pollers: Int
    let clock: any WorkerClock
    let serviceClock: ServiceClock
    let monitor: WorkerMonitor
    let logger: Logger

    /// Polls until the task is cancelled and hands each job that has been journalled to `deliver`.
    func run(_ deliver: @Sendable (OfferedJob) -> Void) async {
        var backoff = Backoff(first: max(pace.pause * 2, .seconds(1)), longest: max(pace.pause * 2, .seconds(60)))
        let outage = OutageLog(.polling, metadata: ["action": "\(action.typeID.provider)"])
        let illegible = OutageLog(.readingOffers, metadata: ["action": "\(action.typeID.provider)"])
        // How many times in a row an offer couldn't be noted.
        var unnoted = 0
        while !Task.isCancelled {
            if let gate = action.gate, !gate.isOpen {
                monitor.poller(of: action.typeID, .heldBack)
                await gate.pass()
            }
            monitor.poller(of: action.typeID, .waitingForRoom)
            let most = await beginning.room(clock)
            let room = await slots.take(privileged: action.freesResources, share: pollers, most: most)
            guard room > 0 else { return }
            // It may have been closed while there was no room.
            guard action.gate?.isOpen ?? true else {
                slots.release(room)
                continue
            }
            // What can't be noted mustn't be taken.
            guard (try? await journal.ready()) != nil else { return slots.release(room) }
            var delivered = 0
            var refusal: Duration?
            monitor.poller(of: action.typeID, .asking(since: clock.now))
            do {
                let jobs = try await poll(room, illegible)
                for job in jobs ?? [] { deliver(job) }
                delivered = jobs?.count ?? 0
                unnoted = jobs == nil ? unnoted + 1 : 0
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
            slots.release(room - delivered)
            let rests = { monitor.poller(of: action.typeID, .resting(until: $0)) }
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

    /// Asks once; `nil` if what was offered can't be noted, and so is left to be offered again.
    private func poll(_ room: Int, _ illegible: OutageLog) async throws -> [OfferedJob]? {
        // The service's offer is no older than the question, however long the reply takes.
        let now = clock.now
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
        var offered: [OfferedJob] = []
        let date = serviceClock.date(of: now)
        for var offer in result.jobs.map({ offer($0, date) }) + result.undecodable.compactMap({ offer($0, date) }) {
            // More than was asked for is left to be offered again.
            guard offered.count < room else { break }
            guard held.take(offer.record.id, now: now) else { continue }
            offer.mark = beginning.add()
            offered.append(offer)
        }
        guard !offered.isEmpty else { return [] }
        if (try? await journal.claim(offered.map(\.record))) == true { return offered }
        for offer in offered { held.release(offer.record.id) }
        return nil
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
        return OfferedJob(record: record, content: content, accountID: job.accountID, notBefore: notBefore)
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
        return OfferedJob(record: record, content: .failure(failure), accountID: "")
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
