import AWSLite
import Foundation
import Logging

/// Finds out which jobs' results nobody wants any more, since CodePipeline tells no worker that a pipeline was stopped.
///
/// It looks at a pipeline's execution only once a job of it has been held for a while, so short jobs cost no call.
actor AbandonmentWatch {
    /// Keeps a worker with many jobs from wearing out the account's request rate.
    private static let pauseBetweenCalls: Duration = .seconds(1)
    /// How much longer to wait after the service has said that the right is missing.
    private static let patienceWithoutRight = 60

    private let table: JobTable
    private let queue: any JobQueue
    private let interval: Duration?
    private let clock: any WorkerClock
    private let logger: Logger
    private let outage = OutageLog(.watchingPipelines)
    private var isRightMissing = false

    /// - Parameters:
    ///   - table: The jobs.
    ///   - interval: The pause between looks; `nil` for no looks at all.
    init(table: JobTable, queue: any JobQueue, interval: Duration?, clock: any WorkerClock, logger: Logger) {
        self.table = table
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
            table.forgetRequeued()
            for execution in table.executions(since: due) where !execution.id.isEmpty {
                guard !Task.isCancelled, await look(at: execution) else { break }
                try? await clock.sleep(for: Self.pauseBetweenCalls)
            }
        }
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
    private func look(at execution: JobTable.Execution) async -> Bool {
        do {
            let actions = try await queue.actionExecutions(
                pipeline: execution.pipeline,
                pipelineExecutionID: execution.id
            )
            outage.succeeded(at: clock.now, logger)
            isRightMissing = false
            for job in table.jobs(of: execution) {
                let status = actions.first { $0.id == job.actionExecutionID }?.status
                // Another worker may take one from the queue and let it fail, so that only the end of its pipeline means that
                // nobody wants its result.
                guard job.isInQueue ? status == .abandoned : status?.isUnwanted == true else { continue }
                table.apply(.abandoned, to: job.id)
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
