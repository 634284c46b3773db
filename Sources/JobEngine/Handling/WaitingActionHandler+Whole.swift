import Foundation
import HTTPTransport

extension WaitingActionHandler {
    /// Runs the handler until its job is done, with its waits in between, as a worker does that never stops and has but this
    /// job; for the test of a handler.
    ///
    /// - Throws: What the handler throws; `CancellationError` when the task is cancelled.
    package func runWhole(_ configuration: Configuration, context: JobContext<Checkpoint>) async throws -> JobResult {
        var (context, event) = (context, Event?.none)
        while true {
            switch try await run(configuration, after: event, context: context) {
            case .done(let result): return result
            case .wait(let wait): event = try await wait.outcome(context.clock)
            }
            context = try context.renewed()
        }
    }
}

extension JobWait {
    /// Waits here.
    ///
    /// - Returns: What the wait has brought; `nil` if its time is over.
    /// - Throws: `CancellationError` when the task is cancelled.
    package func outcome(_ clock: any WorkerClock) async throws -> Event? {
        let (events, end) = AsyncStream<Event?>.makeStream()
        switch kind {
        case .looks(let begin):
            let giveUp = await begin({ _ in false }, { end.yield($0) })
            let event = await events.first { _ in true }
            await giveUp()
            guard let event else { throw CancellationError() }
            return event
        case .callback(let begin):
            let giveUp = await begin { end.yield($0) }
            let found = Locked<Event??>(nil)
            await race(
                {
                    let event = await events.first { _ in true }
                    found.withLock { $0 = event }
                },
                {
                    guard let deadline else { return (try? await clock.sleep(for: .seconds(86_400 * 365))) ?? () }
                    let rest = deadline.timeIntervalSince(clock.now)
                    guard (try? await clock.sleep(for: .seconds(max(rest, 0)))) != nil else { return }
                    found.withLock { $0 = .some(nil) }
                }
            )
            await giveUp()
            guard let event = found.withLock({ $0 }) else { throw CancellationError() }
            return event
        case .time(let event):
            try await clock.sleep(for: pause)
            return event
        }
    }
}
