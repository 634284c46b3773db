import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI

/// Looks after the sandboxes that the account's pipelines have started, so that each lives as long as its pipeline needs it.
///
/// It ends a sandbox whose execution is over and has stayed so, or that a later attempt of its action has replaced, and
/// extends one that runs out while its execution goes on. It knows what its own worker has started, from the journal what
/// earlier runs have, and of others' it asks CodePipeline. Whatever it knows, it ends nothing that CodePipeline doesn't
/// prove, at that moment, to be the account's.
package actor SandboxKeeper {
    /// A sandbox that is looked after.
    struct Entry {
        var sandbox: KeptSandbox
        /// How often in a row the lab hasn't listed it.
        var misses = 0
        /// When its execution was first seen to be over, for one of which CodePipeline doesn't say since when.
        var overSince: Date?
        /// When its execution was last seen to go on.
        var seenGoingOn: Date?
        /// Whether its execution is over for good, and nothing is to be done for that.
        var isSettled = false
        /// Whether CodePipeline has proven it to be its action's.
        var isProven = false
        /// Whether the lab has refused to end it.
        var isEndRefused = false
        /// When the lab was last asked to end it.
        var endAsked: Date?
        /// When its reservation begins and ends, as far as that is known.
        var reservation: (start: Date, end: Date)?
        /// What the lab has last said against its extension.
        var refusal: String?
    }

    /// A sandbox with a tag of which it isn't known whose it is.
    struct Stranger {
        let tag: SandboxTag
        /// No action has begun before that has started it; `nil` for one that was there when the worker came.
        let oldestStart: Date?
        /// Whether nothing was asked about it yet.
        var isNew = true
        /// How often a whole search was in vain.
        var searches = 0
        var nextSearch: Date
    }

    /// What is to be done before the next look.
    private enum Nudge: Sendable {
        /// Something is to be noted in the journal.
        case note
        /// A sandbox is ready that replaces others.
        case ready(String)
    }

    /// How long before its sandbox is seen an action may have begun: it ends within a day.
    private static let longestAction: TimeInterval = 3 * 86_400
    /// How often in a row the lab must not list a sandbox before it is given up.
    private static let mostMisses = 2
    /// For how long it is known what there was to say of a sandbox, in seconds: an action ends within a day.
    private static let memory: TimeInterval = 86_400
    /// The key of a note in the journal is a sandbox's id after this.
    private static let notePrefix = "sandbox:"

    let lab: LabAccess
    let codePipeline: CodePipeline
    let rules: LifetimeRules
    let interval: Duration
    let monitor: WorkerMonitor
    let clock: ServiceClock
    let logger: Logger
    private let journal: any JobJournal
    /// Reads what an action's configuration, as CodePipeline lists it, says of its sandbox's life.
    let terms: @Sendable ([String: String]) -> LifetimeTerms
    let outage = OutageLog(.keepingSandboxes)

    var entries: [String: Entry] = [:]
    var strangers: [String: Stranger] = [:]
    /// Sandboxes with tags that aren't to be touched, since CodePipeline contradicts them.
    var doubted: Set<String> = []
    var lastSearch: Date?
    /// What the last search lacked.
    var missingRights: Set<String> = []
    /// What there was to say of sandboxes that aren't looked after any more, and since when: one that has ended since the lab
    /// refused to extend it is just what a message is about.
    private var lastWarnings: [String: (text: String, since: Date)] = [:]
    /// Sandboxes whose end is at work, for it may be asked for from two sides.
    var ending: Set<String> = []
    private var notes: [String: Data?] = [:]
    private var hasRead = false
    /// Whether the lab's list was read before.
    private var hasReconciled = false
    /// The pipelines at which the worker may not look, as far as that is known.
    private var deniedPipelines: Set<String> = []
    private var nudge: AsyncStream<Nudge>.Continuation?
    /// Has the lab's sandboxes searched for what others have started.
    private var list: AsyncStream<[SandboxSummary]>.Continuation?
    private var pace: CallPace?

    /// Creates a keeper; ``run()`` and a worker's looks make it work.
    ///
    /// `interval` is the pause between looks, and `clock` is the time, by AWS's clock. `journal` is where it notes what
    /// the worker has started, and `terms` reads an action's configuration.
    init(
        lab: LabAccess,
        codePipeline: CodePipeline,
        rules: LifetimeRules,
        interval: Duration,
        journal: any JobJournal,
        monitor: WorkerMonitor,
        clock: ServiceClock,
        terms: @escaping @Sendable ([String: String]) -> LifetimeTerms,
        logger: Logger
    ) {
        self.lab = lab
        self.codePipeline = codePipeline
        self.rules = rules
        self.interval = interval
        self.journal = journal
        self.monitor = monitor
        self.clock = clock
        self.terms = terms
        self.logger = logger
    }

    /// Works beside the looks until the task is cancelled: notes what is started, ends what that replaces as soon as it is
    /// ready, and searches for what others have started.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.obeyNudges() }
            group.addTask { await self.searchForOthers() }
        }
    }

    /// A search may take many minutes, in which nothing else waits.
    private func searchForOthers() async {
        let (lists, list) = AsyncStream<[SandboxSummary]>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.list = list
        for await listed in lists {
            await attempt { try await search(listed, pace ?? CallPace(clock: clock)) }
        }
    }

    private func obeyNudges() async {
        let (nudges, nudge) = AsyncStream<Nudge>.makeStream()
        self.nudge = nudge
        // Something may have come before.
        nudge.yield(.note)
        for await nudge in nudges {
            guard !Task.isCancelled else { return }
            await attempt {
                switch nudge {
                case .note: try await writeNotes()
                case .ready(let sandboxID):
                    try await endEarlierAttempts(of: sandboxID, pace ?? CallPace(clock: clock))
                }
            }
        }
    }

    /// Does a part of the work, whose trouble is none of the other parts'.
    func attempt(_ body: () async throws -> Void) async {
        guard !Task.isCancelled else { return }
        do {
            try await body()
        } catch is CancellationError {
            return
        } catch {
            // Of a refused login tells who logs in.
            if (error as? SandboxAPIError)?.isRefusedLogin != true { outage.failed(error, at: clock.now, logger) }
        }
    }

    // MARK: What the worker starts

    /// Takes a sandbox in its care that the worker has started, or found to be a job's.
    func keep(_ sandboxID: String, of job: JobInfo, _ terms: LifetimeTerms) {
        guard entries[sandboxID]?.sandbox.isOwn != true else { return }
        // A box may have repeated the start: of the twins the job has chosen this one, and ends the other itself.
        for (id, entry) in entries where entry.sandbox.actionExecutionID == job.actionExecutionID { forget(id) }
        let sandbox = KeptSandbox(
            actionExecutionID: job.actionExecutionID,
            place: job.place,
            terms: terms,
            isOwn: true
        )
        adopt(sandbox, as: sandboxID)
    }

    /// Looks after a sandbox from now on.
    func adopt(_ sandbox: KeptSandbox, as sandboxID: String) {
        strangers[sandboxID] = nil
        entries[sandboxID] = Entry(sandbox: sandbox)
        note(sandbox, as: sandboxID)
    }

    /// Notes that a job's sandbox is ready, so that it replaces those of the action's earlier attempts.
    func noteReady(_ sandboxID: String, of job: JobInfo, _ terms: LifetimeTerms) {
        keep(sandboxID, of: job, terms)
        guard entries[sandboxID]?.sandbox.isReady == false else { return }
        entries[sandboxID]?.sandbox.isReady = true
        guard let sandbox = entries[sandboxID]?.sandbox else { return }
        note(sandbox, as: sandboxID)
        if entries.values.contains(where: { $0.sandbox.isAttempt(of: sandbox) }) { nudge?.yield(.ready(sandboxID)) }
    }

    /// What the next message of a job that works with a sandbox should say of it; `nil` where all is well.
    func warning(of sandboxID: String) -> String? {
        guard let entry = entries[sandboxID] else { return lastWarnings[sandboxID]?.text }
        guard let refusal = entry.refusal else { return nil }
        let end = entry.reservation.map { " It is reserved until \($0.end.formatted(.iso8601))." } ?? ""
        return "The lab refuses to extend the sandbox: \(refusal.closedSentence)\(end)"
    }

    /// What becomes of a sandbox that a failed job has worked with; `nil` where nobody here looks after it.
    func fate(of sandboxID: String) -> String? {
        guard let entry = entries[sandboxID], entry.endAsked == nil else { return nil }
        let sandbox = entry.sandbox
        let isFollowed = !deniedPipelines.contains(sandbox.place.pipeline)
        return "The sandbox '\(sandboxID)' stays: it \(rules.fate(sandbox.terms, isFollowed: isFollowed))."
    }

    /// Notes that a job has found a sandbox to have ended.
    func noteOver(_ sandboxID: String) { forget(sandboxID) }

    // MARK: Looks

    /// Reads what earlier runs have started, once.
    private func readNotes() async throws {
        guard !hasRead else { return }
        for (key, data) in try await journal.keptNotes() where key.hasPrefix(Self.notePrefix) {
            let sandboxID = String(key.dropFirst(Self.notePrefix.count))
            // One that can't be read is found again by its tag.
            guard entries[sandboxID] == nil, let sandbox = try? JSONDecoder().decode(KeptSandbox.self, from: data)
            else { continue }
            entries[sandboxID] = Entry(sandbox: sandbox)
        }
        hasRead = true
    }

    private func writeNotes() async throws {
        for (key, note) in notes {
            try await journal.keep(note, as: key)
            if notes[key] == .some(note) { notes[key] = nil }
        }
    }

    private func note(_ sandbox: KeptSandbox?, as sandboxID: String) {
        notes[Self.notePrefix + sandboxID] = .some(sandbox.flatMap { try? JSONEncoder().encode($0) })
        nudge?.yield(.note)
    }

    /// Compares what is known with what the lab lists.
    private func reconcile(_ listed: [SandboxSummary]) {
        let alive = listed.filter { !$0.state.isEnded && !$0.state.isEnding }
        let names = Dictionary(alive.map { ($0.id, $0.name) }) { first, _ in first }
        let over = Set(listed.filter { $0.state.isEnded || $0.state.isEnding }.map(\.id))
        for (id, entry) in entries {
            if over.contains(id) || names[id].map({ !entry.sandbox.tag.marks($0) }) == true {
                forget(id)
            } else if names[id] == nil {
                entries[id]?.misses += 1
                if entry.misses + 1 >= Self.mostMisses { forget(id) }
            } else {
                entries[id]?.misses = 0
            }
        }
        strangers = strangers.filter { names[$0.key] != nil }
        doubted.formIntersection(names.keys)
        for sandbox in alive where entries[sandbox.id] == nil && strangers[sandbox.id] == nil {
            guard !doubted.contains(sandbox.id), let tag = SandboxTag(endOf: sandbox.name) else { continue }
            // Another worker's is that worker's business; it is searched for before it could be due.
            strangers[sandbox.id] = Stranger(
                tag: tag,
                oldestStart: hasReconciled ? clock.now.addingTimeInterval(-Self.longestAction) : nil,
                nextSearch: clock.now.addingTimeInterval(hasReconciled ? searchPause : 0)
            )
        }
        hasReconciled = true
    }

    func forget(_ sandboxID: String) {
        if let text = warning(of: sandboxID) {
            let old = clock.now.addingTimeInterval(-Self.memory)
            lastWarnings = lastWarnings.filter { $0.value.since > old }
            lastWarnings[sandboxID] = (text, clock.now)
        }
        if entries.removeValue(forKey: sandboxID) != nil { note(nil, as: sandboxID) }
    }
}

extension SandboxKeeper: PipelineFollower {
    /// The executions whose end, or going on, decides about a sandbox.
    package var followed: Set<PipelineExecutionID> {
        get async {
            // Else nothing of an earlier run is looked at before the second look.
            try? await readNotes()
            return Set(
                entries.values.filter { entry in
                    let terms = entry.sandbox.terms
                    return !entry.isSettled && (rules.wish(terms) != .never || terms.maxDuration != nil)
                }.map(\.sandbox.execution)
            )
        }
    }

    /// Ends and extends what a look at pipelines and at the lab's list makes due.
    package func take(_ look: PipelineLook, pace: CallPace) async {
        self.pace = pace
        // Nothing can be proven before, and no pause measured: the host's clock may be wrong by years.
        guard clock.isKnown else { return }
        let denied = deniedPipelines.union(look.denied).subtracting(look.executions.keys.map(\.pipeline))
        // Once, though a look at many pipelines comes in parts.
        if deniedPipelines.isEmpty, !denied.isEmpty {
            logger.notice(
                "Sandboxes aren't ended with their pipelines, since the worker may not call ListPipelineExecutions",
                metadata: ["pipelines": "\(denied.sorted().prefix(20).joined(separator: ", "))"]
            )
        }
        deniedPipelines = denied
        noteStates(look)
        await attempt { try await readNotes() }
        await attempt {
            let listed = try await lab.watchingClient.sandboxes()
            outage.succeeded(at: clock.now, logger)
            reconcile(listed)
            await extendWhatRunsOut(pace)
            await endAllEarlierAttempts(pace)
            await endWhatIsOver(look, pace)
            if !strangers.isEmpty { list?.yield(listed) }
        }
        lab.metrics?.sandboxes(kept: entries.count, left: entries.values.count { $0.isEndRefused })
        await attempt { try await writeNotes() }
    }

    private func noteStates(_ look: PipelineLook) {
        for (id, entry) in entries {
            guard let execution = look.executions[entry.sandbox.execution] else { continue }
            if execution.status.isOver {
                entries[id]?.overSince = entry.overSince ?? clock.now
                entries[id]?.seenGoingOn = nil
                // No retry lets a succeeded one go on.
                let isSucceeded = execution.status == .succeeded
                entries[id]?.isSettled = isSucceeded && !rules.isEnded(entry.sandbox.terms, with: .succeeded)
            } else {
                entries[id]?.overSince = nil
                entries[id]?.seenGoingOn = clock.now
            }
        }
    }
}
