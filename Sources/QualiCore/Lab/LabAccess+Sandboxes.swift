import Foundation
import SandboxAPI

extension LabAccess {
    /// The sandbox that bears a tag, looked for with patience for a lab that lists new ones late; also among ended ones.
    ///
    /// - Parameters:
    ///   - tag: The tag.
    ///   - looks: How often it was looked for already.
    ///   - enough: After how many looks it is taken for missing.
    ///   - inPast: Whether it may have ended already.
    ///   - waiter: Who waits.
    ///   - save: Keeps how often that is by now.
    /// - Returns: Its id; `nil` where it is taken for missing.
    /// - Throws: ``JobFailure`` when the lab can't be asked, because then it can't be said whether there is one.
    func sandbox(
        with tag: SandboxTag,
        after looks: LookupAttempts? = nil,
        enough: Int = LookupAttempts.enough,
        inPast: Bool = true,
        _ waiter: Waiter,
        save: (LookupAttempts) async throws -> Void = { _ in }
    ) async throws -> String? {
        var looks = looks ?? LookupAttempts()
        while true {
            try await looks.waitForNext(pauseBetweenLooks, waiter.clock)
            let found = try await read("It can't be found out whether a sandbox was started", waiter) {
                client -> SandboxSummary? in
                // The lab's whole past is asked for only where the short list hasn't got it.
                let running = try await client.sandboxes().filter { tag.marks($0.name) }
                let alive = running.first { !$0.state.isEnding && !$0.state.isEnded }
                if let found = alive ?? running.first { return found }
                return inPast ? try await client.historicSandboxes { tag.marks($0.name) }.first : nil
            }
            if let found { return found.id }
            looks.add(at: waiter.clock.now)
            if looks.count >= enough { return nil }
            try await save(looks)
        }
    }

    /// Asks the lab to end a sandbox for an action, again while it is in passing trouble, and at least twice.
    ///
    /// A sandbox that is already ending, has ended or is unknown is as wanted. The request isn't interrupted by the
    /// worker's stop.
    ///
    /// - Throws: ``JobFailure`` when the lab refuses or can't be reached.
    func stop(
        _ sandboxID: String,
        _ context: JobContext<some Codable & Sendable>,
        limit: Duration = .zero,
        because reason: LabMetrics.End = .undone
    ) async throws {
        let client = client
        do {
            try await stop(sandboxID, context.waiter(limit: limit)) {
                try await context.uninterrupted { try await client.stopSandbox(id: sandboxID) }
            }
            metrics?.sandboxEnded(reason)
        } catch let failure as JobFailure {
            metrics?.endRefused()
            throw failure
        }
    }

    /// Asks the lab to end a sandbox, as ``stop(_:_:)`` does.
    ///
    /// `request` sends one request.
    func stop(_ sandboxID: String, _ waiter: Waiter, _ request: () async throws -> Void) async throws {
        let judge = patience(of: waiter)
        var backoff = Backoff(first: .seconds(5), longest: .seconds(30))
        var attempts = 0
        while true {
            attempts += 1
            do {
                try await request()
                outage.succeeded(at: waiter.clock.now, waiter.logger)
                return await waiter.show(nil)
            } catch let error as SandboxAPIError {
                var mayPass = false
                if case .passing(let deadline, let words) = judge(error) {
                    mayPass = waiter.clock.now < deadline
                    outage.failed(error, at: waiter.clock.now, waiter.logger)
                    await waiter.show("waiting for \(words)")
                }
                // The first stop sometimes fails where a second one doesn't, says Quali's load-testing tool.
                let isLast = attempts >= 2 && !mayPass
                if try await isEnding(sandboxID, patiently: isLast, waiter) { return }
                guard !isLast else {
                    throw failure("The sandbox can't be ended", error, externalExecutionID: sandboxID)
                }
                try await waiter.clock.sleep(for: backoff.pause())
            }
        }
    }

    /// A wait for a sandbox.
    ///
    /// - Parameters:
    ///   - reason: What is waited for, for people.
    ///   - sandboxID: The sandbox.
    ///   - tag: The tag that no other sandbox should bear.
    ///   - deadline: When it ends at the latest.
    ///   - isWanted: Whether a state ends it.
    /// - Returns: The wait, which brings what it has come to.
    func wait(
        for reason: String,
        of sandboxID: String,
        tag: SandboxTag? = nil,
        until deadline: Date,
        where isWanted: @escaping @Sendable (SandboxState) -> Bool
    ) -> JobWait<SandboxEvent> {
        JobWait(
            for: reason,
            until: deadline,
            pause: statusInterval,
            looking: { [watcher] givesWay, wake in
                await watcher.watch(
                    for: sandboxID,
                    tag: tag,
                    until: deadline,
                    givingWay: { givesWay(false) },
                    where: isWanted
                ) { result, hasTwin in
                    wake(result.map { SandboxEvent(sandboxID: sandboxID, result: $0, hasTwin: hasTwin) })
                }
            }
        )
    }

    /// What the worker has met at its latest read of the lab, in words for a job that waits; `nil` while all is well.
    var troubleInWords: String? {
        get async { await watcher.trouble.map { "waiting for the lab: \($0)" } }
    }

    /// Whether a sandbox is as a stop leaves it.
    ///
    /// `patiently` says whether to look again: the first reads after a stop may still show the state before it.
    private func isEnding(_ sandboxID: String, patiently: Bool, _ waiter: Waiter) async throws -> Bool {
        for attempt in 1...(patiently ? 4 : 1) {
            if attempt > 1 { try await waiter.clock.sleep(for: statusInterval) }
            let state = try await state(of: sandboxID, waiter)
            guard let state, !state.isEnding, !state.isEnded else { return true }
        }
        return false
    }

    /// The state of a sandbox; `nil` if the lab doesn't know it.
    func state(of sandboxID: String, _ waiter: Waiter) async throws -> SandboxState? {
        try await read("The sandbox can't be read", waiter) { try await $0.sandbox(ifKnown: sandboxID)?.state }
    }
}

extension SandboxClient {
    /// A sandbox; `nil` if the lab doesn't know it.
    ///
    /// Some labs don't say so once it has ended: they answer with nothing, and list it no more.
    func sandbox(ifKnown id: String) async throws -> Sandbox? {
        do {
            return try await sandbox(id: id)
        } catch let error as SandboxAPIError where error.code == .notFound {
            return nil
        } catch let error as SandboxAPIError where error.isEmptyReply {
            guard try await sandboxes().contains(where: { $0.id == id }) else { return nil }
            throw error
        }
    }
}

/// What a wait for a sandbox has come to.
package struct SandboxEvent: Sendable {
    let sandboxID: String
    let result: SandboxWatcher.WaitResult
    /// Whether another sandbox was seen that bears the tag.
    let hasTwin: Bool
}
