package import Foundation
package import Logging
package import SandboxAPI

/// Waits for sandboxes to change their state, for any number of jobs at the cost of one read per tick.
///
/// As long as anybody waits, it reads the lab's list of running sandboxes once per interval; a sandbox that isn't in the
/// list (it has ended, or the lab lists it late) is read by its id. A lab that doesn't answer ends no wait: the wait's
/// own deadline does, give or take ``readTimeout``.
package actor SandboxWatcher {
    /// What a wait has come to.
    package enum WaitResult: Sendable, Hashable {
        /// The sandbox is in a state that was waited for.
        case state(SandboxState)
        /// The lab doesn't know the sandbox any more.
        case gone
        /// The deadline has passed; the last state seen, if any, and the last trouble with the lab, if no state was.
        case overdue(SandboxState?, SandboxAPIError?)

        /// Whether the sandbox is ready.
        var isReady: Bool { if case .state(let state) = self { state.isReady } else { false } }
    }

    fileprivate struct Waiter {
        let sandboxID: String
        let tag: SandboxTag?
        let deadline: Date
        let givesWay: @Sendable () -> Bool
        let isWanted: @Sendable (SandboxState) -> Bool
        let tell: @Sendable (WaitResult?, _ hasTwin: Bool) -> Void
        /// Whether another sandbox was seen that bears the tag.
        var hasTwin = false
        var lastState: SandboxState?
        var misses = 0
        var lastError: SandboxAPIError?
    }

    /// How often in a row the lab has to deny a sandbox of which it has never shown a state, since new ones may come
    /// late; or to say nothing of one that isn't in its list, as some do of those that have ended.
    fileprivate static let missesInARow = 4

    /// The longest time that one read of the lab may take.
    package static let readTimeout: Duration = .seconds(15)
    /// How many sandboxes are read by their ids at once.
    private static let readsAtOnce = 8

    private let client: SandboxClient
    private let interval: Duration
    private let clock: any WorkerClock
    private var arrived: AsyncStream<Void>.Continuation?
    private let logger: Logger
    private let outage = OutageLog(.watchingSandboxes)
    private var waiters: [Int: Waiter] = [:]
    private var lastWaiter = 0

    /// Creates a watcher; ``run()`` makes it work.
    package init(client: SandboxClient, interval: Duration, clock: any WorkerClock = .system, logger: Logger) {
        // One read is all jobs' read.
        self.client = client.unrepeated(timeout: Self.readTimeout).urgent
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    /// What the latest read failed with; `nil` while the lab answers.
    var trouble: String? { outage.trouble?.cut(to: 300) }

    /// Reads the lab while anybody waits, until the task is cancelled.
    package func run() async {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.arrived = arrived
        // Somebody may have come before.
        arrived.yield()
        for await _ in arrivals {
            while !waiters.isEmpty, !Task.isCancelled {
                await look()
                guard !waiters.isEmpty else { break }
                try? await clock.sleep(for: interval)
            }
        }
    }

    /// Waits until a sandbox is in a wanted state, is gone, or the deadline passes.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; nothing else.
    package func wait(
        for sandboxID: String,
        until deadline: Date,
        where isWanted: @escaping @Sendable (SandboxState) -> Bool
    ) async throws -> WaitResult {
        let (sightings, found) = AsyncStream<WaitResult>.makeStream()
        let giveUp = watch(for: sandboxID, until: deadline, where: isWanted) { result, _ in
            if let result { found.yield(result) }
        }
        for await result in sightings { return result }
        await giveUp()
        throw CancellationError()
    }

    /// Waits as ``wait(for:until:where:)`` does, without a task, unless the caller wants to do something else.
    ///
    /// `tag` is the tag that no other sandbox should bear. `givesWay` says whether the wait ends after a look, even if
    /// it would go on; where that is always so, it is one look, or a few if the lab doesn't know the sandbox. `tell` is
    /// called once, unless the wait is given up before, with what it has come to, `nil` if it would go on, and whether
    /// another sandbox was seen that bears the tag.
    ///
    /// - Returns: Gives up the wait.
    func watch(
        for sandboxID: String,
        tag: SandboxTag? = nil,
        until deadline: Date,
        givingWay givesWay: @escaping @Sendable () -> Bool = { false },
        where isWanted: @escaping @Sendable (SandboxState) -> Bool,
        tell: @escaping @Sendable (WaitResult?, _ hasTwin: Bool) -> Void
    ) -> GiveUp {
        lastWaiter += 1
        let id = lastWaiter
        waiters[id] = Waiter(
            sandboxID: sandboxID,
            tag: tag,
            deadline: deadline,
            givesWay: givesWay,
            isWanted: isWanted,
            tell: tell
        )
        arrived?.yield()
        return { await self.forget(id) }
    }

    private func forget(_ id: Int) {
        waiters[id] = nil
    }

    /// What one look at the lab has shown of a sandbox.
    fileprivate enum Observation {
        case state(SandboxState)
        case missing
        /// The lab doesn't list it, and answers without telling anything of it.
        case untold(SandboxAPIError)
        case trouble(SandboxAPIError)
    }

    private func look() async {
        let ids = Set(waiters.values.map(\.sandboxID))
        let tags = Set(waiters.values.compactMap { $0.tag?.description })
        let listed: [String: SandboxState]
        do {
            let observation = try await client.observation(of: ids, bearing: tags)
            listed = observation.states
            for index in waiters.values.indices where !observation.bearers.isEmpty {
                let waiter = waiters.values[index]
                guard let tag = waiter.tag, let bearers = observation.bearers[tag.description] else { continue }
                if bearers.contains(where: { $0 != waiter.sandboxID }) { waiters.values[index].hasTwin = true }
            }
            outage.succeeded(at: clock.now, logger)
        } catch let error as SandboxAPIError {
            outage.failed(error, at: clock.now, logger)
            return show { ids.contains($0) ? .trouble(error) : nil }
        } catch {
            return
        }
        // Nobody who is in the list waits for those who aren't.
        show { listed[$0].map(Observation.state) }
        if listed.count < ids.count { await readMissing(ids.subtracting(listed.keys)) }
    }

    /// Reads sandboxes by their ids, a few at a time; one's trouble is no other's.
    private func readMissing(_ ids: Set<String>) async {
        var rest = ids.makeIterator()
        await withTaskGroup(of: (String, Observation?).self) { reads in
            func readNext() {
                guard let id = rest.next() else { return }
                reads.addTask { [client] in
                    do {
                        return (id, .state(try await client.sandbox(id: id).state))
                    } catch let error as SandboxAPIError {
                        switch error.code {
                        case .notFound: return (id, .missing)
                        // As some labs answer once a sandbox has ended.
                        case .malformedReply where error.isEmptyReply: return (id, .untold(error))
                        default: return (id, .trouble(error))
                        }
                    } catch {
                        return (id, nil)
                    }
                }
            }
            for _ in 0..<Self.readsAtOnce { readNext() }
            while let (id, observation) = await reads.next() {
                if let observation { show { $0 == id ? observation : nil } }
                readNext()
            }
        }
    }

    /// Shows those who wait what a look has brought of their sandboxes; `nil` stands for one that wasn't looked at.
    private func show(_ observation: (String) -> Observation?) {
        let now = clock.now
        var over: [(id: Int, result: WaitResult?)] = []
        // In place: a copy of each would cost more than the look.
        for index in waiters.values.indices {
            guard let seen = observation(waiters.values[index].sandboxID) else { continue }
            if case .over(let result) = waiters.values[index].see(seen, now: now) {
                over.append((waiters.keys[index], result))
            }
        }
        for (id, result) in over {
            guard let waiter = waiters.removeValue(forKey: id) else { continue }
            waiter.tell(result, waiter.hasTwin)
        }
    }
}

extension SandboxWatcher.Waiter {
    /// What a look means for a wait.
    fileprivate enum Progress {
        case goesOn
        /// What the wait has come to; `nil` where it gives way, and would go on.
        case over(SandboxWatcher.WaitResult?)
    }

    /// Takes in what a look has shown.
    fileprivate mutating func see(_ observation: SandboxWatcher.Observation, now: Date) -> Progress {
        switch observation {
        case .state(let state):
            lastState = state
            misses = 0
            if isWanted(state) { return .over(.state(state)) }
        case .missing:
            misses += 1
            if lastState != nil || misses >= SandboxWatcher.missesInARow { return .over(.gone) }
        case .untold(let error):
            misses += 1
            lastError = error
            if misses >= SandboxWatcher.missesInARow { return .over(.gone) }
        case .trouble(let error):
            lastError = error
        }
        if now >= deadline { return .over(.overdue(lastState, lastState == nil ? lastError : nil)) }
        let hasSeen = misses == 0 && (lastState != nil || lastError != nil)
        return hasSeen && givesWay() ? .over(nil) : .goesOn
    }
}
