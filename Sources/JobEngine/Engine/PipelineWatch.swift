import AWSLite
import Foundation
import Logging

/// Looks how far pipelines' executions have come, for all who have to know, since CodePipeline tells no worker.
///
/// One call shows up to a hundred executions of a pipeline. It looks at an execution only once a job of it has been held for a
/// while, so short jobs cost no call; and at an execution's actions only where it is over, or isn't listed.
actor PipelineWatch {
    /// For how many pauses to do without a call after the service has said that the right to it is missing.
    private static let patienceWithoutRight = 60.0
    /// How many pages to look through for executions that newer ones have pushed off the first, beside what they fill
    /// themselves; and how often, in looks, to look through many more.
    private static let pagesMore = 2
    private static let looksBetweenDeepOnes = 10
    private static let mostPages = 100
    /// For how long what was seen waits for more, before something is done about it: with many pipelines, a round of looks
    /// takes many minutes.
    private static let longestPart: TimeInterval = 10

    private let table: JobTable
    private let queue: any JobQueue
    private let follower: (any PipelineFollower)?
    private let interval: Duration?
    private let clock: any WorkerClock
    private let logger: Logger
    private let outages: [Call: OutageLog] = [
        .listPipelineExecutions: OutageLog(.readingExecutions), .listActionExecutions: OutageLog(.watchingPipelines),
    ]
    private let pace: CallPace
    /// Until when which call isn't made of which pipeline, since the right to it is missing: a policy may name pipelines.
    private var denied: [Call: [String: Date]] = [:]
    private var looks = 0
    /// What the follower hasn't been told yet.
    private var news: PipelineLook?
    private var isFollowerAtWork = false

    private enum Call {
        case listPipelineExecutions
        case listActionExecutions

        /// What is said when the right to it is missing.
        var denial: Logger.Message {
            switch self {
            case .listPipelineExecutions:
                """
                It isn't known how far the executions of pipelines have come, since the worker may not call \
                ListPipelineExecutions
                """
            case .listActionExecutions:
                """
                Stopped pipelines are noticed only when their actions end, since the worker may not call \
                ListActionExecutions
                """
            }
        }
    }

    /// `interval` is the pause between looks, `nil` for no looks at all, and `follower` is who else wants to know.
    init(
        table: JobTable,
        queue: any JobQueue,
        follower: (any PipelineFollower)?,
        interval: Duration?,
        clock: any WorkerClock,
        logger: Logger
    ) {
        self.table = table
        self.queue = queue
        self.follower = follower
        self.interval = interval
        self.clock = clock
        self.logger = logger
        pace = CallPace(clock: clock)
    }

    /// Looks again and again until the task is cancelled.
    func run() async {
        guard let interval else {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
            return
        }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                try? await clock.sleep(for: interval)
                guard !Task.isCancelled else { return }
                table.forgetRequeued()
                let held = table.executions(since: clock.now.addingTimeInterval(-interval.timeInterval))
                    .filter { !$0.id.isEmpty }
                let followed = await follower?.followed ?? []
                guard (try? await lookAround(held, followed, &group)) != nil else { return }
            }
        }
    }

    /// Looks at the pipelines of executions once, and has done about them what is to be done.
    ///
    /// - Throws: `CancellationError` alone.
    private func lookAround(
        _ held: Set<PipelineExecutionID>,
        _ followed: Set<PipelineExecutionID>,
        _ group: inout DiscardingTaskGroup
    ) async throws {
        looks += 1
        let executions = Dictionary(grouping: held.union(followed), by: \.pipeline)
        var (part, partBegan) = (PipelineLook(), clock.now)
        for pipeline in order(of: executions.keys, Set(held.map(\.pipeline))) {
            let (look, isAnswered) = try await look(at: pipeline, Set(executions[pipeline]?.map(\.id) ?? []))
            part.merge(look)
            if clock.now.timeIntervalSince(partBegan) >= Self.longestPart {
                tell(part, &group)
                (part, partBegan) = (PipelineLook(), clock.now)
            }
            for execution in held.filter({ $0.pipeline == pipeline }).sorted(by: { $0.id < $1.id })
            where look.executions[execution]?.status.isOver ?? isAnswered {
                try await lookAtActions(of: execution)
            }
        }
        tell(part, &group)
    }

    /// The pipelines with jobs in hand, then the others, with another one first each time: a worker that doesn't live for a
    /// whole round gets to all of them, too.
    private func order(of pipelines: some Collection<String>, _ held: Set<String>) -> [String] {
        let others = pipelines.filter { !held.contains($0) }.sorted()
        guard !others.isEmpty else { return held.sorted() }
        let first = Int(abs(clock.now.timeIntervalSince1970)) % others.count
        return held.sorted() + others[first...] + others[..<first]
    }

    /// Tells the follower what was seen, now or as soon as it has done what it is about.
    private func tell(_ look: PipelineLook, _ group: inout DiscardingTaskGroup) {
        guard let follower else { return }
        news =
            news.map { earlier in
                var both = earlier
                both.merge(look)
                return both
            } ?? look
        guard !isFollowerAtWork else { return }
        isFollowerAtWork = true
        group.addTask { [self] in
            while let look = await takeNews() { await follower.take(look, pace: pace) }
        }
    }

    private func takeNews() -> PipelineLook? {
        defer { news = nil }
        isFollowerAtWork = news != nil
        return news
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
                outages[.listActionExecutions]?.succeeded(at: clock.now, logger)
                return status?.isUnwanted ?? record.isOwn
            } catch let error as AWSError where error.code.isAccessDenied {
                return false
            } catch let error as AWSError where error.code.isVerdict {
                return record.isOwn
            } catch let error as CancellationError {
                throw error
            } catch {
                outages[.listActionExecutions]?.failed(error, at: clock.now, logger)
            }
            try await clock.sleep(for: backoff.pause())
        }
    }

    /// Looks how far executions of a pipeline have come.
    ///
    /// - Returns: What that has shown, and whether CodePipeline has told it.
    /// - Throws: `CancellationError` alone.
    private func look(at pipeline: String, _ ids: Set<String>) async throws -> (PipelineLook, isAnswered: Bool) {
        var look = PipelineLook()
        let isDeep = looks.isMultiple(of: Self.looksBetweenDeepOnes)
        let mostPages = isDeep ? Self.mostPages : (ids.count + 99) / 100 + Self.pagesMore
        let found = try await call(.listPipelineExecutions, of: pipeline) { [pace] in
            try await $0.pipelineExecutions(ids, of: pipeline, atMost: mostPages, pace: pace)
        }
        for (id, execution) in found ?? [:] {
            look.executions[PipelineExecutionID(pipeline: pipeline, id: id)] = execution
        }
        let isDenied = isDenied(.listPipelineExecutions, of: pipeline)
        if isDenied { look.denied.insert(pipeline) }
        return (look, isAnswered: isDenied || found != nil)
    }

    /// Finds the jobs of an execution whose results nobody wants any more.
    ///
    /// - Throws: `CancellationError` alone.
    private func lookAtActions(of execution: PipelineExecutionID) async throws {
        let actions = try await call(.listActionExecutions, of: execution.pipeline) { [pace] in
            try await pace.turn()
            return try await $0.actionExecutions(pipeline: execution.pipeline, pipelineExecutionID: execution.id)
        }
        guard let actions else { return }
        for job in table.jobs(of: execution) {
            let status = actions.first { $0.id == job.actionExecutionID }?.status
            // Another worker may take one from the queue and let it fail, so that only the end of its pipeline means that
            // nobody wants its result.
            guard job.isInQueue ? status == .abandoned : status?.isUnwanted == true else { continue }
            table.apply(.abandoned, to: job.id)
        }
    }

    /// Asks of a pipeline; `nil` if that fails, or isn't tried for want of the right.
    ///
    /// - Throws: `CancellationError` alone.
    private func call<Value: Sendable>(
        _ name: Call,
        of pipeline: String,
        _ body: (any JobQueue) async throws -> Value
    ) async throws -> Value? {
        guard !isDenied(name, of: pipeline) else { return nil }
        do {
            let value = try await body(queue)
            outages[name]?.succeeded(at: clock.now, logger)
            denied[name]?[pipeline] = nil
            return value
        } catch let error as AWSError where error.code.isAccessDenied {
            // Once, however many pipelines there are.
            if denied[name, default: [:]].isEmpty {
                logger.notice(name.denial, metadata: ["pipeline": "\(pipeline)", "error": "\(error)"])
            }
            let patience = (interval ?? .seconds(60)).timeInterval * Self.patienceWithoutRight
            denied[name, default: [:]][pipeline] = clock.now.addingTimeInterval(patience)
            return nil
        } catch let error as AWSError where error.code.isVerdict {
            // The pipeline, or its execution, is gone.
            return nil
        } catch let error as CancellationError {
            throw error
        } catch {
            outages[name]?.failed(error, at: clock.now, logger)
            return nil
        }
    }

    private func isDenied(_ call: Call, of pipeline: String) -> Bool {
        denied[call]?[pipeline].map { clock.now < $0 } ?? false
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
