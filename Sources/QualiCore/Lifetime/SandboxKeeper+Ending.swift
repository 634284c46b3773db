import AWSLite
import Foundation
import Logging
import SandboxAPI

/// How it ends what isn't needed any more.
extension SandboxKeeper {
    /// Why a sandbox is ended.
    private enum Reason {
        /// Its execution is over.
        case over(CodePipeline.PipelineExecutionStatus, since: Date)
        /// A later attempt of its action has made another one.
        case replaced

        var end: LabMetrics.End {
            switch self {
            case .over: .pipeline
            case .replaced: .replaced
            }
        }

        func text(_ sandbox: KeptSandbox) -> String {
            let execution =
                "the execution \(sandbox.place.pipelineExecutionID) of the pipeline '\(sandbox.place.pipeline)'"
            return switch self {
            case .over(let status, let since):
                "\(end.words): \(execution) is \(status) since \(since.formatted(.iso8601))"
            case .replaced: "\(end.words): '\(sandbox.place.action)' in \(execution)"
            }
        }
    }

    /// How many sandboxes are proven and ended after one look: the last look mustn't grow old meanwhile.
    private static let batch = 20
    /// How long a lab may list a sandbox as before that it was asked to end.
    private static let patience: TimeInterval = 300

    // MARK: With the pipeline

    /// Ends the sandboxes whose executions have been over for long enough; one pipeline's trouble is no other's.
    func endWhatIsOver(_ look: PipelineLook, _ pace: CallPace) async {
        let due = entries.filter { isDue($0.value, look.executions[$0.value.sandbox.execution]) }
        for (pipeline, ids) in Dictionary(grouping: due.keys, by: { due[$0]?.sandbox.place.pipeline ?? "" }) {
            for start in stride(from: 0, to: ids.count, by: Self.batch) {
                await attempt { try await end(ids[start...].prefix(Self.batch), of: pipeline, pace) }
            }
        }
    }

    /// Ends those sandboxes of a pipeline that are proven, and whose executions are still over.
    private func end(_ ids: some Sequence<String>, of pipeline: String, _ pace: CallPace) async throws {
        var proven: [String] = []
        for id in ids where try await prove(id, pace) { proven.append(id) }
        let wanted = Set(proven.compactMap { entries[$0]?.sandbox.execution.id })
        guard !wanted.isEmpty else { return }
        // It may go on by now, since somebody has retried a stage.
        let executions = try await codePipeline.pipelineExecutions(wanted, of: pipeline, pace: pace)
        _ = try await inParallel(proven, width: SandboxInventory.width) { id in
            try await self.end(id, ifOver: executions)
        }
    }

    private func isDue(_ entry: Entry, _ execution: CodePipeline.PipelineExecution?) -> Bool {
        guard let execution, mayBeEnded(entry) else { return false }
        let since = execution.lastUpdateTime ?? entry.overSince ?? clock.now
        return rules.end(of: entry.sandbox.terms, with: execution.status, since: since).map { $0 <= clock.now } ?? false
    }

    /// Whether there is something to end: the lab lists it, and wasn't asked just now.
    private func mayBeEnded(_ entry: Entry) -> Bool {
        entry.misses == 0 && entry.endAsked.map { clock.now.timeIntervalSince($0) > Self.patience } ?? true
    }

    private func end(_ sandboxID: String, ifOver executions: [String: CodePipeline.PipelineExecution]) async throws {
        guard let entry = entries[sandboxID] else { return }
        guard let execution = executions[entry.sandbox.execution.id], isDue(entry, execution) else { return }
        let since = execution.lastUpdateTime ?? entry.overSince ?? clock.now
        try await end(sandboxID, because: .over(execution.status, since: since))
    }

    // MARK: Earlier attempts

    /// Ends the sandboxes of earlier attempts of actions that are there beside later ones.
    func endAllEarlierAttempts(_ pace: CallPace) async {
        for attempts in Dictionary(grouping: entries, by: \.value.sandbox.place).values where attempts.count > 1 {
            await attempt { try await endEarlierAttempts(of: attempts[0].key, pace) }
        }
    }

    /// Ends the sandboxes of the attempts before the latest one that is ready.
    ///
    /// One that is over without success replaces none: its own sandbox is ended, and the one before it is all that is left
    /// for a look.
    ///
    /// `sandboxID` is one of an action that may have made several.
    func endEarlierAttempts(of sandboxID: String, _ pace: CallPace) async throws {
        guard let sandbox = entries[sandboxID]?.sandbox else { return }
        let attempts = entries.filter { $0.value.sandbox.place == sandbox.place }
        func mayBeReplaced(_ entry: Entry) -> Bool {
            mayBeEnded(entry) && rules.wish(entry.sandbox.terms) != .never
        }
        guard Set(attempts.values.map(\.sandbox.actionExecutionID)).count > 1,
            attempts.values.contains(where: mayBeReplaced)
        else { return }
        let actions = try await actions(of: sandbox.execution, pace)
        let order = actions.filter { action in
            action.actionName == sandbox.place.action && action.stageName == sandbox.place.stage
        }.sorted { ($0.startTime ?? .distantPast) < ($1.startTime ?? .distantPast) }.map(\.id)
        func place(_ entry: Entry) -> Int? { order.firstIndex(of: entry.sandbox.actionExecutionID) }
        let ready = attempts.values.filter { entry in
            let action = actions.first { $0.id == entry.sandbox.actionExecutionID }
            return action?.status == .succeeded || action?.status == .inProgress && entry.sandbox.isReady
        }
        guard let latest = ready.compactMap(place).max() else { return }
        for (id, entry) in attempts {
            guard let place = place(entry), place < latest, mayBeReplaced(entry), prove(id, actions) else { continue }
            try await end(id, because: .replaced)
        }
    }

    // MARK: Proof

    private func actions(
        of execution: PipelineExecutionID,
        _ pace: CallPace
    ) async throws -> [CodePipeline.ActionExecution] {
        try await pace.turn()
        return try await codePipeline.listActionExecutions(
            pipelineName: execution.pipeline,
            pipelineExecutionID: execution.id
        )
    }

    /// Asks CodePipeline whether a sandbox is the one that its action has started.
    func prove(_ sandboxID: String, _ pace: CallPace) async throws -> Bool {
        guard let entry = entries[sandboxID] else { return false }
        if entry.isProven { return true }
        return prove(sandboxID, try await actions(of: entry.sandbox.execution, pace))
    }

    private func prove(_ sandboxID: String, _ actions: [CodePipeline.ActionExecution]) -> Bool {
        guard let entry = entries[sandboxID] else { return false }
        if entry.isProven { return true }
        let action = actions.first { $0.id == entry.sandbox.actionExecutionID }
        let named = action?.sandboxID
        // An action that has failed may name none; then it is proven once no other bears the tag. One that goes on may still
        // choose another.
        if let action, named == nil {
            let tag = entry.sandbox.tag
            let bearers = entries.values.count { $0.sandbox.tag == tag } + strangers.values.count { $0.tag == tag }
            entries[sandboxID]?.isProven = bearers == 1 && action.status != .inProgress
            return bearers == 1
        }
        guard action != nil, named?.lowercased() == sandboxID.lowercased() else {
            logger.warning(
                "A sandbox is left alone, since CodePipeline doesn't say that its action has started it",
                metadata: ["sandbox": "\(sandboxID)", "execution": "\(entry.sandbox.place.pipelineExecutionID)"]
            )
            doubted.insert(sandboxID)
            forget(sandboxID)
            return false
        }
        entries[sandboxID]?.isProven = true
        return true
    }

    // MARK: The end

    /// Ends a sandbox that is proven to be ours.
    private func end(_ sandboxID: String, because reason: Reason) async throws {
        guard let entry = entries[sandboxID], ending.insert(sandboxID).inserted else { return }
        defer { ending.remove(sandboxID) }
        let text = reason.text(entry.sandbox)
        let metadata: Logger.Metadata = [
            "sandbox": "\(sandboxID)", "pipeline": "\(entry.sandbox.place.pipeline)",
            "execution": "\(entry.sandbox.place.pipelineExecutionID)", "reason": "\(text)",
        ]
        do {
            guard let current = try await lab.watchingClient.sandbox(ifKnown: sandboxID), !current.state.isEnded,
                !current.state.isEnding, entry.sandbox.tag.marks(current.name)
            else { return forget(sandboxID) }
            // Once: before it is asked for again, the next look sees whether it is still to be ended.
            try await lab.client.stopSandbox(id: sandboxID)
        } catch let error as SandboxAPIError {
            guard !error.isTransient, !error.isRefusedLogin else {
                return outage.failed(error, at: clock.now, logger)
            }
            if entries[sandboxID]?.isEndRefused == false {
                logger.warning(
                    "A sandbox can't be ended that isn't needed any more",
                    metadata: metadata.merging(["error": "\(error)"]) { $1 }
                )
            }
            entries[sandboxID]?.isEndRefused = true
            lab.metrics?.endRefused()
            return
        }
        let isFirst = entries[sandboxID]?.endAsked == nil
        entries[sandboxID]?.endAsked = clock.now
        guard isFirst else { return }
        lab.metrics?.sandboxEnded(reason.end)
        logger.notice("Sandbox ended with its pipeline", metadata: metadata)
        monitor.note(event: "The sandbox \(sandboxID) is being ended, since \(text).")
    }
}
