import Foundation
import Logging
import SandboxAPI

extension LabAccess {
    /// How far apart a sandbox and its twin start at most: a box that repeats a request waits for its reply first.
    private static let longestRepeat: TimeInterval = 600

    /// The sandbox that bears a tag, if a single look at those that run shows one.
    func runningSandbox(with tag: SandboxTag) async -> String? {
        try? await watchingClient.sandboxes().first {
            tag.marks($0.name) && !$0.state.isEnding && !$0.state.isEnded
        }?.id
    }

    /// The sandboxes that bear one action's tag.
    fileprivate struct Bearers {
        /// The job's own, and those that are proven to have come of the same request.
        var twins: [Sandbox]
        /// Those that may be somebody's copy.
        var others: [String]
    }

    /// Which of several sandboxes is a job's.
    struct TwinChoice {
        let sandboxID: String
        fileprivate var bearers = Bearers(twins: [], others: [])
        fileprivate var failure: JobFailure?
    }

    /// Chooses among a job's sandbox and its twins, which something between the worker and the lab has started by repeating
    /// the job's request, or another worker that took the action's job for its own.
    ///
    /// A twin is proven to be one by its whole name with the tag, its blueprint and inputs, and by its start at about the same
    /// time; another one that bears the tag may be somebody's copy, and is left alone. All workers choose alike, the one that
    /// began first, so that two of them never end each other's.
    ///
    /// `began` is when the sandbox was started, or shortly before.
    ///
    /// - Throws: `CancellationError`; ``JobFailure`` if the action goes on with another job, whose worker chooses.
    func chooseTwin(
        of sandboxID: String,
        since began: Date,
        bearing tag: SandboxTag,
        _ context: JobContext<some Codable & Sendable>
    ) async throws -> TwinChoice {
        let bearers: Bearers?
        do {
            bearers = try await self.bearers(of: tag, besides: sandboxID, since: began, context)
        } catch let error as JobFailure {
            return TwinChoice(sandboxID: sandboxID, failure: error)
        }
        guard let bearers else { return TwinChoice(sandboxID: sandboxID) }
        // The other job's worker chooses, and its sandbox is the one to be stored.
        if await context.isOver() { throw JobFailure.closed(before: "its sandbox was chosen among two") }
        let useful = bearers.twins.filter { !$0.state.isFailed && !$0.state.isEnding && !$0.state.isEnded }
        return TwinChoice(sandboxID: useful.min(by: Self.beganBefore)?.id ?? sandboxID, bearers: bearers)
    }

    /// Ends the twins that weren't chosen.
    ///
    /// - Returns: A sentence about them; `nil` if there are none.
    /// - Throws: `CancellationError` alone.
    func endTwins(
        besides choice: TwinChoice,
        bearing tag: SandboxTag,
        _ context: JobContext<some Codable & Sendable>
    ) async throws -> String? {
        do {
            if let failure = choice.failure { throw failure }
            let ended = choice.bearers.twins.map(\.id).filter { $0 != choice.sandboxID }
            for id in ended + choice.bearers.others {
                context.logger.warning(
                    "Another sandbox bears the tag of a job's own: something on the way to the lab may repeat requests",
                    metadata: ["twin": "\(id)", "isEnded": "\(ended.contains(id))"]
                )
            }
            for id in ended { try await stop(id, context) }
            return Self.words(ended: ended, left: choice.bearers.others)
        } catch let error as JobFailure {
            context.logger.error("A sandbox's twin can't be ended", metadata: ["error": "\(error)"])
            return "Another sandbox whose name ends with '\(tag)' may run; if so, end it by hand: \(error.message)"
        }
    }

    /// Ends the twins of an abandoned job's sandbox.
    ///
    /// `began` is when the sandbox was started, or shortly before.
    ///
    /// - Throws: `CancellationError` alone.
    func endTwins(
        of sandboxID: String,
        since began: Date,
        bearing tag: SandboxTag,
        _ context: JobContext<some Codable & Sendable>
    ) async throws {
        var choice = TwinChoice(sandboxID: sandboxID)
        do {
            guard let bearers = try await bearers(of: tag, besides: sandboxID, since: began, context) else { return }
            choice.bearers = bearers
        } catch let error as JobFailure {
            choice.failure = error
        }
        _ = try await endTwins(besides: choice, bearing: tag, context)
    }

    /// The others that bear a tag and run, looked for with patience while a lab may still list them late.
    private func others(
        bearing tag: SandboxTag,
        besides sandboxID: String,
        since began: Date,
        _ waiter: Waiter
    ) async throws -> [String] {
        // A clock that was put back mustn't make it look for longer.
        let listed = min(began, waiter.clock.now)
            .addingTimeInterval((pauseBetweenLooks * LookupAttempts.enough).timeInterval)
        while true {
            let sandboxes = try await read("The lab's sandboxes can't be read", waiter) { try await $0.sandboxes() }
            let ids = sandboxes.filter {
                tag.marks($0.name) && $0.id != sandboxID && !$0.state.isEnding && !$0.state.isEnded
            }.map(\.id)
            if !ids.isEmpty || waiter.clock.now >= listed { return ids }
            try await waiter.clock.sleep(for: pauseBetweenLooks)
        }
    }

    /// What bears a tag and runs, if that is more than one sandbox.
    private func bearers(
        of tag: SandboxTag,
        besides sandboxID: String,
        since began: Date,
        _ context: JobContext<some Codable & Sendable>
    ) async throws -> Bearers? {
        let waiter = context.waiter(limit: Self.longestUndo)
        let ids = try await others(bearing: tag, besides: sandboxID, since: began, waiter)
        guard !ids.isEmpty else { return nil }
        var found: [Sandbox] = []
        for id in [sandboxID] + ids {
            let sandbox = try await read("A sandbox can't be read", waiter) { try await $0.sandbox(ifKnown: id) }
            // Else another worker that held the action has ended it as a twin, and kept one of the others.
            if let sandbox { found.append(sandbox) }
        }
        guard let reference = found.first(where: { $0.id == sandboxID }) ?? found.min(by: Self.beganBefore) else {
            return nil
        }
        var bearers = Bearers(twins: [], others: [])
        for sandbox in found {
            if sandbox.id == reference.id || Self.isTwin(sandbox, of: reference) {
                bearers.twins.append(sandbox)
            } else {
                bearers.others.append(sandbox.id)
            }
        }
        return bearers
    }

    private static func beganBefore(_ one: Sandbox, _ other: Sandbox) -> Bool {
        (one.startTime ?? .distantFuture, one.id) < (other.startTime ?? .distantFuture, other.id)
    }

    private static func isTwin(_ twin: Sandbox, of own: Sandbox) -> Bool {
        guard let start = own.startTime, let twinStart = twin.startTime else { return false }
        return twin.name == own.name && twin.blueprintID == own.blueprintID
            && Set(twin.parameters) == Set(own.parameters)
            && abs(twinStart.timeIntervalSince(start)) <= longestRepeat
    }

    private static func words(ended: [String], left: [String]) -> String? {
        if ended.isEmpty, left.isEmpty { return nil }
        var sentences: [String] = []
        if !ended.isEmpty {
            sentences.append(
                "Something between the worker and the lab has repeated the request, so there was a second sandbox, which is "
                    + "being ended (\(ended.joined(separator: ", ")))."
            )
        }
        if !left.isEmpty {
            sentences.append(
                "Another sandbox bears the same tag, and isn't proven to be the job's, so it is left alone "
                    + "(\(left.joined(separator: ", ")))."
            )
        }
        return sentences.joined(separator: " ")
    }
}
