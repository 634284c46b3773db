import Foundation
package import JobEngine

extension WaitingActionHandler {
    /// Runs the handler until its job is done, with its waits in between, as a worker does that never stops and has but this
    /// job.
    ///
    /// `whileWaiting` is what happens outside during each wait; it is cancelled when the wait is over.
    ///
    /// - Throws: What the handler throws, or `whileWaiting`; ``HandlerTestError`` for a wait that never ends;
    ///   `CancellationError` when the task is cancelled.
    package func runWhole(
        _ configuration: Configuration,
        context: JobContext<Checkpoint>,
        whileWaiting: @escaping @Sendable (JobWait<Event>) async throws -> Void = { _ in }
    ) async throws -> JobResult {
        var (context, event) = (context, Event?.none)
        while true {
            switch try await run(configuration, after: event, context: context) {
            case .done(let result): return result
            case .wait(let wait): event = try await wait.outcome(context.clock) { try await whileWaiting(wait) }
            }
            context = try context.renewed()
        }
    }
}

extension JobWait {
    /// Waits here.
    ///
    /// `whileWaiting` is what happens outside meanwhile; it may bring the event. It is cancelled when the wait is over.
    ///
    /// - Returns: What the wait has brought; `nil` if its time is over.
    /// - Throws: What `whileWaiting` throws; ``HandlerTestError`` for a wait that never ends; `CancellationError` when the
    ///   task is cancelled.
    package func outcome(
        _ clock: any WorkerClock,
        whileWaiting: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> Event? {
        switch kind {
        case .looks(let begin):
            // It ends by itself.
            return try await Self.event({ await begin({ _ in false }, $0) }, whileWaiting, timeout: nil)
        case .callback(let begin):
            return try await Self.event(begin, whileWaiting) { [deadline, reason] in
                // Long after CodePipeline has ended any action.
                let rest = deadline?.timeIntervalSince(clock.now) ?? 86_400 * 365
                try await clock.sleep(for: .seconds(max(rest, 1)))
                guard deadline != nil else { throw HandlerTestError.endlessWait(for: reason) }
                return nil
            }
        case .time(let event):
            return try await Self.event({ _ in {} }, whileWaiting) { [pause] in
                try await clock.sleep(for: pause)
                return event
            }
        }
    }

    /// The event of a wait, or what it brings once its time is over.
    private static func event(
        _ begin: (_ wake: @escaping @Sendable (Event?) -> Void) async -> GiveUp,
        _ whileWaiting: @escaping @Sendable () async throws -> Void,
        timeout: (@Sendable () async throws -> Event?)?
    ) async throws -> Event? {
        let (events, end) = AsyncStream<Event?>.makeStream()
        let giveUp = await begin { end.yield($0) }
        let result: Result<Event?, any Error>
        do {
            let event = try await withThrowingTaskGroup(of: Event??.self) { group in
                group.addTask { await events.first { _ in true } }
                group.addTask {
                    try await whileWaiting()
                    return nil
                }
                if let timeout { group.addTask { .some(try await timeout()) } }
                defer { group.cancelAll() }
                while let found = try await group.next() {
                    if let event = found { return event }
                    try Task.checkCancellation()
                }
                throw CancellationError()
            }
            result = .success(event)
        } catch {
            result = .failure(error)
        }
        await giveUp()
        return try result.get()
    }
}
