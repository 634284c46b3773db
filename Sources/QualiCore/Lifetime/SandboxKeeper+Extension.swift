import AWSLite
import Foundation
import Logging
import SandboxAPI

/// How it extends what is needed for longer.
extension SandboxKeeper {
    /// For how many looks an execution is taken to go on that CodePipeline doesn't tell of.
    private static let looksInTrouble = 10.0

    /// Extends the sandboxes that run out while their executions go on; what the lab has against one is no other's trouble.
    func extendWhatRunsOut(_ pace: CallPace) async {
        let now = clock.now
        // With many pipelines, a round of looks takes longer than the pause between two.
        let round = max(interval.timeInterval, Double(Set(entries.values.map(\.sandbox.place.pipeline)).count))
        for (id, entry) in entries where entry.sandbox.terms.maxDuration != nil && entry.endAsked == nil {
            let patience = round * Self.looksInTrouble
            guard let seen = entry.seenGoingOn, now.timeIntervalSince(seen) <= patience else { continue }
            let lead = rules.lead(entry.sandbox.terms, isOwn: entry.sandbox.isOwn, interval: round)
            if let reservation = entry.reservation, reservation.end.timeIntervalSince(now) > lead { continue }
            await attempt {
                guard try await mayExtend(id, pace) else { return }
                try await extend(id, entry.sandbox.terms, lead)
            }
        }
    }

    /// Whether a sandbox is its action's, and not a twin's that was to be ended.
    ///
    /// Without the right to ask, the worker's own word has to do.
    private func mayExtend(_ sandboxID: String, _ pace: CallPace) async throws -> Bool {
        do {
            return try await prove(sandboxID, pace)
        } catch let error as AWSError where error.code.isAccessDenied {
            return entries[sandboxID]?.sandbox.isOwn == true
        }
    }

    private func extend(_ sandboxID: String, _ terms: LifetimeTerms, _ lead: TimeInterval) async throws {
        // Another worker may have extended it meanwhile, or a person in the portal.
        guard let sandbox = try await lab.watchingClient.sandbox(ifKnown: sandboxID), !sandbox.state.isEnded,
            !sandbox.state.isEnding, let end = sandbox.endTime
        else { return }
        let start = sandbox.startTime ?? end.addingTimeInterval(-terms.duration)
        entries[sandboxID]?.reservation = (start, end)
        guard end.timeIntervalSince(clock.now) <= lead else {
            entries[sandboxID]?.refusal = nil
            return
        }
        guard let extra = rules.extra(terms, start: start, end: end, now: clock.now) else { return }
        do {
            let extended = try await lab.client.extendSandbox(id: sandboxID, by: extra)
            // Where the reply doesn't tell it, the next look reads it.
            entries[sandboxID]?.reservation = extended.endTime.map { (start, $0) }
            entries[sandboxID]?.refusal = nil
            logger.info(
                "Sandbox extended, since its pipeline goes on",
                metadata: ["sandbox": "\(sandboxID)", "minutes": "\(Int(extra.timeInterval / 60))"]
            )
        } catch let error as SandboxAPIError {
            entries[sandboxID]?.reservation = nil
            // What became of a request whose fate is unknown is seen at the next look.
            guard !error.mayHaveBeenProcessed, !error.isTransient, !error.isRefusedLogin else {
                return outage.failed(error, at: clock.now, logger)
            }
            let words = lab.redact(error.message).cut(to: 500)
            let isNew = entries[sandboxID]?.refusal == nil
            entries[sandboxID]?.refusal = words
            entries[sandboxID]?.reservation = (start, end)
            guard isNew else { return }
            logger.warning(
                "The lab refuses to extend a sandbox that its pipeline still needs",
                metadata: ["sandbox": "\(sandboxID)", "end": "\(end.formatted(.iso8601))", "error": "\(error)"]
            )
            monitor.note(
                event: "The lab refuses to extend the sandbox \(sandboxID), which is reserved until "
                    + "\(end.formatted(.iso8601)): \(words)",
                isWarning: true
            )
        }
    }
}
