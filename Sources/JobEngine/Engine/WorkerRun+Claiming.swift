import AWSLite
import Foundation
import Logging

/// How a job becomes this worker's.
extension WorkerRun {
    /// Makes sure of what an earlier run has claimed, and hands on the jobs that are this worker's, or may be.
    ///
    /// It comes before the first poll, to which CodePipeline may offer the same jobs again: that makes their nonces
    /// stale.
    func reclaim(_ unfinished: [JobRecord], _ deliver: @escaping @Sendable (Beginning) -> Void) async {
        await withDiscardingTaskGroup { claims in
            for record in unfinished {
                guard !record.isAcknowledged, record.outcome == nil else {
                    deliver(.resumed(record))
                    continue
                }
                claims.addTask { [self] in
                    var claim = JobClaim(record, isRepeatSince: table.moment(worker.serviceClock.now))
                    switch await acknowledge(&claim) {
                    case .claimed: deliver(.resumed(claim.record))
                    case .doubtful: deliver(.doubted(claim, nil))
                    case .notOurs, .refused:
                        await forget(claim.record)
                        letGo(claim.record)
                    }
                }
            }
        }
    }

    /// Acknowledges a job; `nil` if it isn't this worker's as far as is known by now, or can't be begun.
    func begin(_ offer: OfferedJob) async -> ClaimedJob? {
        var claim = JobClaim(offer.record)
        while true {
            switch await acknowledge(&claim) {
            case .claimed:
                guard table.hasPredecessor(claim.record) else { return await take(offer, claim.record) }
                // Not in the entrance, where it would hold others up, unless the worker stops.
                if beginnings.put(.following(claim.record, offer)) { return nil }
                return await follow(offer, claim.record)
            case .doubtful:
                table.hasBegun(claim.record.id)
                if beginnings.put(.doubted(claim, offer)) { return nil }
                return await settle(claim, offer)
            case .notOurs:
                await forget(claim.record)
                // It may have been offered again meanwhile; what was forgotten is noted anew then.
                guard letGoUnlessOffered(claim.record) else { continue }
                return nil
            case .refused:
                await forget(claim.record)
                table.shun(
                    claim.record.id,
                    until: worker.serviceClock.now.addingTimeInterval(60),
                    now: worker.serviceClock.now
                )
                letGo(claim.record)
                return nil
            }
        }
    }

    /// Takes up a job that was offered and is this worker's; `nil` if it can't be begun.
    private func take(_ offer: OfferedJob, _ record: JobRecord) async -> ClaimedJob? {
        var record = record
        record.isOwn = true
        // Looked for only now: an earlier job of the action may have been let go while this one was acknowledged.
        if let checkpoint = table.takeBegun(by: record.actionExecutionID), checkpoint != record.checkpoint {
            record.checkpoint = checkpoint
            try? await journal.write { [id = record.id] in try await $0.saveCheckpoint(checkpoint, of: id) }
        }
        let isContinuation = table.show(record)
        observe(record.id) { $0.jobClaimed($1, as: isContinuation ? .continued : .new) }
        let isContinued = record.checkpoint != nil
        let isLook = offer.notBefore != nil
        logger(for: record)
            .log(level: isLook ? .debug : .info, "Job begins", metadata: isContinued ? ["continued": "true"] : [:])
        switch offer.content {
        case .success(let data): return claimedJob(record, data, accountID: offer.accountID)
        case .failure(let failure):
            await end(record, .failure(failure))
            return nil
        }
    }

    /// Takes up a job once this worker holds no earlier one of the same action.
    ///
    /// The earlier one is over, or the action would have no new one; how far it has come is where this one goes on.
    func follow(_ offer: OfferedJob, _ record: JobRecord) async -> ClaimedJob? {
        await table.waitForPredecessors(of: record)
        if Task.isCancelled, worker.journal.isDurable {
            leave(record)
            return nil
        }
        return await take(offer, record)
    }

    // MARK: Doubt

    /// Finds out whose a job is whose acknowledgement may have been taken; `nil` unless it is surely this worker's.
    ///
    /// A job that wasn't taken is offered again, and another worker that has it leaves traces. Where there are none for a
    /// while, the job is put back: CodePipeline refuses that for a job that nobody has, and otherwise offers the action to
    /// all workers anew. So no work is ever begun on a guess.
    func settle(_ claim: JobClaim, _ offer: OfferedJob?) async -> ClaimedJob? {
        var claim = claim
        let id = claim.record.id
        while !Task.isCancelled {
            await table.waitForOffer(of: id, within: rest(ofDoubt: claim))
            guard table.isOffered(id) else { break }
            switch await acknowledge(&claim) {
            case .claimed:
                guard let offer else { return await resume(claim.record) }
                return await follow(offer, claim.record)
            case .doubtful: continue
            case .notOurs, .refused:
                await forget(claim.record)
                guard letGoUnlessOffered(claim.record) else { continue }
                return nil
            }
        }
        guard !Task.isCancelled || !worker.journal.isDurable else {
            // The acknowledgement may be on its way still, and a report that comes before it would be refused.
            leave(claim.record)
            return nil
        }
        switch await traces(of: claim.record) {
        case .others:
            logger(for: claim.record).notice("The reply to an acknowledgement was lost, and another worker has the job")
            await forget(claim.record)
            letGo(claim.record)
        case .none: await putBack(claim.record, offer?.content)
        case .unknown:
            let certainty = min(worker.configuration.redispatchInterval.timeInterval, table.soonestReturn)
            if claim.age <= certainty {
                await putBack(claim.record, offer?.content)
            } else {
                logger(for: claim.record)
                    .error("The reply to an acknowledgement was lost, and it is unknown who has the job")
                await end(claim.record, Self.unknownOwner, isProbe: true)
            }
        }
        return nil
    }

    /// For how long a newer offer of a job is waited for.
    ///
    /// It is counted from the offer, so that workers which are killed again and again come to an end of it together; a new
    /// one has time for a poll in any case.
    private func rest(ofDoubt claim: JobClaim) -> Duration {
        let passed = Duration.seconds(worker.serviceClock.now.timeIntervalSince(claim.record.offeredAt))
        let whole = worker.configuration.doubtInterval
        return min(whole, max(whole - passed, Self.leastDoubt))
    }

    private static let leastDoubt: Duration = .seconds(2)

    /// Puts a job back that may be this worker's, without a wait.
    private func putBack(_ record: JobRecord, _ content: Result<CodePipeline.JobData, JobFailure>?) async {
        // It fails anyhow, whoever has it.
        if case .failure(let failure) = content { return await end(record, .failure(failure), isProbe: true) }
        var token = ContinuationToken(record)
        token.isContested = true
        guard let text = token.encoded() else { return await end(record, Self.unknownOwner, isProbe: true) }
        logger(for: record).warning("The reply to an acknowledgement was lost; the job is put back, for any worker")
        let progress = JobProgress("Put back, since the reply to the job's acknowledgement was lost")
        await end(record, .continuation(token: text, progress: progress), isProbe: true)
    }

    private static let unknownOwner = JobOutcome.failure(
        JobFailure(
            .systemUnavailable,
            """
            The worker lost its connection to CodePipeline while it took this job, and it can't be known whether another \
            worker has it. Nothing was done here; run the action again.
            """
        )
    )

    /// What is to be seen of a worker that has a job.
    private enum Traces {
        /// Another worker has it.
        case others
        /// Nothing, though there would be something.
        case none
        /// Nothing, but there needn't be anything.
        case unknown
    }

    private func traces(of record: JobRecord) async -> Traces {
        let details: CodePipeline.JobDetails
        do {
            details = try await worker.queue.getJobDetails(id: record.id)
        } catch {
            return (error as? AWSError)?.code == .jobNotFound ? .others : .unknown
        }
        // What was put back before has left traces of its own.
        if details.data.continuationToken == nil, let action = try? await worker.queue.action(of: record),
            action.status != .inProgress || action.externalExecutionID?.isEmpty == false
        {
            return .others
        }
        guard let action = action(of: record) else { return .unknown }
        let job = claimedJob(record, details.data, accountID: details.accountID)
        return switch try? await action.isBegun(assignment(job)) {
        // What an earlier job's worker has begun isn't a trace of this one's.
        case true: record.isContested == true ? .none : .others
        case false: .none
        case nil: .unknown
        }
    }

    /// `isNoted` says whether the journal is told; it isn't of a job that has an outcome, or a checkpoint since.
    func acknowledge(_ claim: inout JobClaim, isNoted: Bool = true) async -> JobAcknowledgement.Answer {
        let id = claim.record.id
        let acknowledgement = JobAcknowledgement(
            queue: worker.queue,
            journal: isNoted ? journal : nil,
            table: table,
            clock: worker.clock,
            serviceClock: worker.serviceClock,
            outage: acknowledging,
            logger: { [self] in logger(for: $0) }
        )
        let answer = await acknowledgement.decide(&claim)
        if isNoted, case .claimed = answer {
            claim.record.isAcknowledged = true
            // Cut off by a stop it stays unnoted, and the next run acknowledges again.
            try? await journal.write { try await $0.noteAcknowledged(id) }
        }
        return answer
    }

    /// Lets go of a job that the journal has forgotten.
    func letGo(_ record: JobRecord) {
        observe(record.id) { $0.jobLeft($1) }
        table.apply(.released, to: record.id)
    }

    /// The same, unless the job was offered again and that wasn't tried; whether it is let go.
    private func letGoUnlessOffered(_ record: JobRecord) -> Bool {
        let job = table.shown(record.id)
        guard table.releaseUnlessOffered(record.id) else { return false }
        if let job { for observer in worker.observers { observer.jobLeft(job) } }
        return true
    }

    func forget(_ record: JobRecord) async {
        do {
            try await journal.write { [id = record.id] in try await $0.forget(id) }
        } catch {
            logger(for: record).error("Stopped before the journal could forget a job", metadata: ["error": "\(error)"])
        }
    }

    /// Waits until a job that was put back is to be looked at again.
    func rest(before offer: OfferedJob) async {
        guard let notBefore = offer.notBefore else { return }
        table.hasBegun(offer.record.id)
        // The queue was quicker than the pace of looks at the lab. Another host may be wrong of the time, so not for long.
        let rest = notBefore.timeIntervalSince(worker.serviceClock.now)
        if rest > 0 { try? await worker.clock.sleep(for: min(.seconds(rest), .seconds(60))) }
    }
}
