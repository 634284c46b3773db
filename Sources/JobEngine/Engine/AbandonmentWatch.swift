import AWSLite
import Foundation
import Logging

/// Finds out which jobs' results nobody wants any more, since CodePipeline tells no worker that a pipeline was stopped.
///
/// It looks at a pipeline's execution only once a job of it has been held for a while, so short jobs cost no call.
actor AbandonmentWatch {
    /// A pipeline's execution.
    private struct Execution: Hashable {
        let pipeline: String
        let id: String
    }

    private struct Watched {
        let execution: Execution
        let actionExecutionID: String
        let since: Date
        let isInQueue: Bool
        let tell: @Sendable () -> Void
    }

    /// Keeps a worker with many jobs from wearing out the account's request rate.
    private static let pauseBetweenCalls: Duration = .seconds(1)
    /// How much longer to wait after the service has said that the right is missing.
    private static let patienceWithoutRight = 60

    private let queue: any JobQueue
    private let interval: Duration?
    private let clock: any WorkerClock
    private let logger: Logger
    private let outage = OutageLog(.watchingPipelines)
    private var isRightMissing = false
    private var watched: [Int: Watched] = [:]
    private var lastID = 0

    /// - Parameter interval: The pause between looks; `nil` for no looks at all.
    init(queue: any JobQueue, interval: Duration?, clock: any WorkerClock, logger: Logger) {
        self.queue = queue
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    /// Looks again and again until the task is cancelled.
    func run() async {
        guard let interval else {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
            return
        }
        while !Task.isCancelled {
            try? await clock.sleep(for: isRightMissing ? interval * Self.patienceWithoutRight : interval)
            let due = clock.now.addingTimeInterval(-interval.timeInterval)
            for execution in Set(watched.values.filter { $0.since <= due }.map(\.execution)) where !execution.id.isEmpty
            {
                guard !Task.isCancelled, await look(at: execution) else { break }
                try? await clock.sleep(for: Self.pauseBetweenCalls)
            }
        }
    }

    /// Runs `body` as long as somebody wants its result.
    ///
    /// - Parameter isInQueue: Whether the action's job is in the queue. Another worker may take it then and let it fail, so
    ///   that only the end of its pipeline means that nobody wants its result.
    /// - Returns: What `body` returns; `nil` if its job was abandoned, in which case it was cancelled.
    /// - Throws: What `body` throws.
    nonisolated func whileWanted<Value: Sendable>(
        _ record: JobRecord,
        isInQueue: Bool = false,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: End<Value>.self) { group in
            group.addTask { .done(try await body()) }
            group.addTask { await self.abandonment(of: record, isInQueue: isInQueue) ? .abandoned : .unwatched }
            defer { group.cancelAll() }
            for try await end in group {
                switch end {
                case .done(let value): return value
                case .abandoned: return nil
                case .unwatched: continue
                }
            }
            return nil
        }
    }

    /// Waits until a job is abandoned; `false` when the task is cancelled before.
    private func abandonment(of record: JobRecord, isInQueue: Bool) async -> Bool {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let giveUp = watch(record, isInQueue: isInQueue) { end.yield() }
        for await _ in ends { return true }
        await giveUp()
        return false
    }

    /// Watches a job without a task.
    ///
    /// - Parameter tell: Called once the job is abandoned, unless the watch is given up before.
    /// - Returns: Gives up the watch.
    func watch(_ record: JobRecord, isInQueue: Bool = false, tell: @escaping @Sendable () -> Void) -> GiveUp {
        lastID += 1
        let id = lastID
        watched[id] = Watched(
            execution: Execution(pipeline: record.place.pipeline, id: record.place.pipelineExecutionID),
            actionExecutionID: record.actionExecutionID,
            since: clock.now,
            isInQueue: isInQueue,
            tell: tell
        )
        return { await self.forget(id) }
    }

    private func forget(_ id: Int) {
        watched[id] = nil
    }

    /// Whether the action of a job whose result is refused is over without success.
    ///
    /// A result is also refused where another host has gone on with the action, or ended it well, and then its sandbox must
    /// stay. So a service that is in trouble is asked again. Where the right to ask is missing, nothing proves that the
    /// action is over. Where CodePipeline has forgotten it, what this run was given and has held since is; of what an earlier
    /// run has left, that isn't known: its journal may have come back from a backup.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before that is known.
    func isUnwanted(_ record: JobRecord) async throws -> Bool {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        while true {
            do {
                let status = try await queue.action(of: record)?.status
                outage.succeeded(at: clock.now, logger)
                return status?.isUnwanted ?? record.isOwn
            } catch let error as AWSError where error.code.isAccessDenied {
                return false
            } catch let error as AWSError where error.code.isVerdict {
                return record.isOwn
            } catch let error as CancellationError {
                throw error
            } catch {
                outage.failed(error, at: clock.now, logger)
            }
            try await clock.sleep(for: backoff.pause())
        }
    }

    /// Looks at one execution; `false` if the others needn't be looked at now.
    private func look(at execution: Execution) async -> Bool {
        do {
            let actions = try await queue.actionExecutions(
                pipeline: execution.pipeline,
                pipelineExecutionID: execution.id
            )
            outage.succeeded(at: clock.now, logger)
            isRightMissing = false
            for (id, watched) in watched where watched.execution == execution {
                let status = actions.first { $0.id == watched.actionExecutionID }?.status
                guard watched.isInQueue ? status == .abandoned : status?.isUnwanted == true else { continue }
                self.watched[id] = nil
                watched.tell()
            }
            return true
        } catch let error as AWSError where error.code.isAccessDenied {
            if !isRightMissing {
                logger.notice(
                    """
                    Stopped pipelines are noticed only when their actions end, since the worker may not call \
                    ListActionExecutions
                    """,
                    metadata: ["error": "\(error)"]
                )
            }
            isRightMissing = true
            return false
        } catch is CancellationError {
            return false
        } catch {
            outage.failed(error, at: clock.now, logger)
            return true
        }
    }
}

private enum End<Value: Sendable>: Sendable {
    case done(Value)
    case abandoned
    case unwatched
}

extension CodePipeline.ActionExecutionStatus {
    /// Whether a result can't count any more: the pipeline was stopped, or the action's time is over.
    var isUnwanted: Bool { self == .abandoned || self == .failed }
}

extension AWSError.Code {
    /// Whether to ask for an execution's actions once more would bring the same: the right is missing, or the execution.
    var isVerdict: Bool {
        isAccessDenied || [.pipelineNotFound, .pipelineExecutionNotFound, .validation].contains(self)
    }
}
