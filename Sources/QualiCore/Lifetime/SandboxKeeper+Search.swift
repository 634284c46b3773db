import AWSLite
import Foundation
import Logging
import SandboxAPI

/// How it finds out whose the sandboxes are that others have started.
extension SandboxKeeper {
    /// The longest pause between whole searches for what isn't explained.
    private static let longestPause: TimeInterval = 86_400

    /// In how many of the pipelines that it knows it looks at once for a new tag.
    private static let mostKnownPipelines = 20

    /// The pause between whole searches, which cost a call for each of the account's pipelines: none is due before the grace.
    var searchPause: TimeInterval { min(rules.grace.timeInterval, 600) }

    /// Asks CodePipeline for the actions of unknown tags.
    ///
    /// Where this worker's pipelines have started them, one call for each tells; all pipelines are searched more rarely.
    ///
    /// `listed` has the lab's sandboxes.
    func search(_ listed: [SandboxSummary], _ pace: CallPace) async throws {
        let now = clock.now
        let new = strangers.filter(\.value.isNew)
        for id in new.keys { strangers[id]?.isNew = false }
        let pipelines = Set(entries.values.map(\.sandbox.place.pipeline))
        if !new.isEmpty, !pipelines.isEmpty {
            let search = TagSearch(codePipeline: codePipeline, since: nil, pace: pace)
            let some = pipelines.sorted().prefix(Self.mostKnownPipelines)
            adopt(try await search.lookAtNewest(of: Array(some), Set(new.values.map(\.tag))), listed)
        }
        let due = strangers.filter { $0.value.nextSearch <= now }
        guard !due.isEmpty, lastSearch.map({ now.timeIntervalSince($0) >= searchPause }) ?? true else { return }
        lastSearch = now
        // What isn't explained by the newest may be older than it seems.
        let starts = due.values.map { $0.searches == 0 ? $0.oldestStart : nil }
        let oldest = starts.contains(nil) ? nil : starts.compactMap { $0 }.min()
        let findings = try await TagSearch(codePipeline: codePipeline, since: oldest, pace: pace)
            .run(Set(due.values.map(\.tag)))
        adopt(findings, listed)
        if !findings.missingRights.isEmpty, missingRights != findings.missingRights {
            logger.notice(
                "Sandboxes of other workers aren't ended with their pipelines, since the worker may not find out whose they are",
                metadata: ["rights": "\(findings.missingRights.sorted().joined(separator: ", "))"]
            )
        }
        missingRights = findings.missingRights
        for id in due.keys where strangers[id] != nil {
            strangers[id]?.searches += 1
            let pause = max(searchPause, interval.timeInterval) * pow(2, Double(min(strangers[id]?.searches ?? 1, 20)))
            strangers[id]?.nextSearch = now.addingTimeInterval(min(pause, Self.longestPause))
        }
    }

    private func adopt(_ findings: TagSearch.Findings, _ listed: [SandboxSummary]) {
        for (id, stranger) in strangers {
            guard let origin = findings.origins[stranger.tag] else { continue }
            let isAlone = listed.count { stranger.tag.marks($0.name) } == 1
            // It may be proven once the other one is gone.
            if origin.sandboxID == nil, !isAlone { continue }
            strangers[id] = nil
            guard entries[id] == nil else { continue }
            guard origin.sandboxID.map({ $0.lowercased() == id.lowercased() }) ?? true else {
                doubted.insert(id)
                logger.notice(
                    "A sandbox bears the tag of an action that has started another, so it is left alone",
                    metadata: ["sandbox": "\(id)", "action": "\(origin.actionExecutionID)"]
                )
                continue
            }
            var sandbox = KeptSandbox(
                actionExecutionID: origin.actionExecutionID,
                place: origin.place,
                terms: terms(origin.configuration),
                isOwn: false
            )
            sandbox.isReady = origin.actionStatus == .succeeded
            adopt(sandbox, as: id)
            logger.info(
                "Sandbox found that another worker has started",
                metadata: [
                    "sandbox": "\(id)", "pipeline": "\(origin.place.pipeline)",
                    "execution": "\(origin.place.pipelineExecutionID)",
                ]
            )
        }
    }
}
