package import Foundation
package import Logging

/// Who waits while a service is in passing trouble, and where that is told.
///
/// All that jobs repeat is repeated here, so that no trouble is borne in silence: the log tells it as one outage for all
/// jobs, and the job's progress says what it waits for.
package struct Waiter: Sendable {
    package let clock: any WorkerClock
    package let logger: Logger
    /// The action's own time-out: how long a lab that refuses the worker's login is waited for.
    package var limit: Duration = .zero
    /// Shows what is waited for beside the job's progress; `nil` once that is over.
    package var show: @Sendable (String?) async -> Void = { _ in }
    /// Masks the job's secrets, before a text is cut.
    package var redact: @Sendable (String) -> String = { $0 }
    /// Pauses; it may put the job back, after which the handler begins anew from its checkpoint.
    var pause: (@Sendable (Duration) async throws -> Void)?

    /// One who waits without telling anybody.
    package static func silent(_ clock: any WorkerClock) -> Waiter { Waiter(clock: clock, logger: silence) }

    private static let silence = Logger(label: "waiter") { _ in SwiftLogNoOpLogHandler() }

    /// What an error means for whoever has met it.
    package enum Verdict {
        /// To try again brings the same.
        case lasting
        /// It passes by itself; this is how long it is borne, and what is waited for, as in "the lab: no connection".
        case passing(until: Date, String)
    }

    /// Does something again and again while it meets passing trouble.
    ///
    /// `outage` tells the trouble of all who do the same, and `judge` tells passing trouble from a refusal.
    /// `mayPutBack` says whether a pause may put the job back; only where the time until which is waited is in its
    /// checkpoint.
    ///
    /// - Throws: What the last try threw.
    package func persist<Value: Sendable>(
        _ outage: OutageLog,
        _ pauses: Backoff,
        mayPutBack: Bool = false,
        judge: (any Error) -> Verdict,
        _ body: () async throws -> Value
    ) async throws -> Value {
        var pauses = pauses
        var isShown = false
        while true {
            do {
                let value = try await body()
                outage.succeeded(at: clock.now, logger)
                if isShown { await show(nil) }
                return value
            } catch let error where error is CancellationError || error is Requeue {
                throw error
            } catch {
                guard case .passing(let deadline, let words) = judge(error) else {
                    // Who refuses is well.
                    outage.succeeded(at: clock.now, logger)
                    throw error
                }
                outage.failed(error, at: clock.now, logger)
                guard clock.now < deadline else { throw error }
                isShown = true
                await show("waiting for \(words)")
            }
            if mayPutBack, let pause {
                try await pause(pauses.pause())
            } else {
                try await clock.sleep(for: pauses.pause())
            }
        }
    }
}

/// A handler's run ends in the middle of a step, and its job goes on later, from its last checkpoint.
package struct Requeue: Error {}
