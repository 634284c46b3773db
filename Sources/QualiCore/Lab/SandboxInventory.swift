package import AWSLite
package import Foundation
package import SandboxAPI

/// The sandboxes of a lab that this account's pipelines have started, and the end of those that nobody needs.
///
/// A sandbox is ours only if its tag is made of the id of an action's execution that CodePipeline lists for this account
/// and region. What isn't proven is never ended.
package struct SandboxInventory: Sendable {
    /// What there was at a moment.
    package struct Listing: Sendable, Hashable {
        /// When it was taken.
        package let takenAt: Date
        /// The sandboxes with tags, in the order of their standings, the oldest first.
        package let sandboxes: [TaggedSandbox]
        /// The sandboxes without tags: nobody's business here.
        package let foreign: [SandboxSummary]
        /// Those of the sandboxes without tags that the original Python worker has started, as their names tell; it is unknown
        /// whether they are needed.
        package var startedByOriginal: [SandboxSummary] { foreign.filter { SandboxInventory.isOriginal($0.name) } }
        /// The rights that the credentials lack, such as `codepipeline:ListPipelines`, sorted.
        package let missingRights: [String]
    }

    /// Whether a name is one that the original worker gave; where an action named its sandbox, it can't be told.
    static func isOriginal(_ name: String) -> Bool {
        name.hasSuffix(" - CodePipeline")
    }

    /// How long before its sandbox an action's execution may have begun: an action ends within a day, and clocks differ.
    private static let longestWait: TimeInterval = 3 * 86_400
    /// How many sandboxes are read or ended at once.
    static let width = 8

    let lab: LabAccess
    private let codePipeline: CodePipeline
    let clock: any WorkerClock

    /// Creates an inventory; nothing is asked yet.
    package init(lab: LabAccess, codePipeline: CodePipeline, clock: any WorkerClock = .system) {
        self.lab = lab
        self.codePipeline = codePipeline
        self.clock = clock
    }

    /// Looks at the lab, and at AWS if a sandbox has a tag.
    ///
    /// - Throws: `SandboxAPIError` and `AWSError` when one of them can't be asked; a missing right is told in the listing.
    package func take() async throws -> Listing {
        let all = try await lab.client.sandboxes().filter { !$0.state.isEnded }
        let foreign = all.filter { SandboxTag(endOf: $0.name) == nil }
        let seen = try await inParallel(all, width: Self.width) { try await Seen($0, lab.client) }.compactMap { $0 }
        guard !seen.isEmpty else {
            return Listing(takenAt: clock.now, sandboxes: [], foreign: foreign, missingRights: [])
        }
        let found = try await TagSearch(codePipeline: codePipeline, since: Self.oldestExecution(seen))
            .run(Set(seen.map(\.tag)))
        let (statuses, deniedRights) = try await statuses(of: found.origins.values.map(\.place))
        let bearers = Dictionary(grouping: seen, by: \.tag).mapValues(\.count)
        let sandboxes = seen.map { seen in
            seen.sandbox(
                Self.verdict(
                    on: seen,
                    found.origins[seen.tag],
                    isAlone: bearers[seen.tag] == 1,
                    statuses,
                    missingRights: (found.missingRights.sorted(), deniedRights.sorted())
                ),
                isReplaced: Self.isReplaced(found.origins[seen.tag], among: found.origins.values)
            )
        }
        return Listing(
            takenAt: clock.now,
            sandboxes: TaggedSandbox.Standing.allCases.flatMap { standing in
                sandboxes.filter { $0.standing == standing }.sorted {
                    ($0.startedAt ?? .distantPast, $0.id) < ($1.startedAt ?? .distantPast, $1.id)
                }
            },
            foreign: foreign,
            missingRights: found.missingRights.union(deniedRights).sorted()
        )
    }

    /// A time before which no action that started one of the sandboxes began; `nil` if the lab doesn't say enough.
    private static func oldestExecution(_ seen: [Seen]) -> Date? {
        let starts = seen.compactMap(\.startedAt)
        guard starts.count == seen.count, let oldest = starts.min() else { return nil }
        return oldest.addingTimeInterval(-longestWait)
    }

    /// Whether a later attempt of an action is among those that have made their sandboxes.
    private static func isReplaced(
        _ origin: TaggedSandbox.Origin?,
        among origins: some Sequence<TaggedSandbox.Origin>
    ) -> Bool {
        guard let origin, let start = origin.startedAt else { return false }
        return origins.contains { other in
            other.place == origin.place && other.actionStatus == .succeeded
                && other.startedAt.map { $0 > start } ?? false
        }
    }

    /// How far pipelines' executions have come, those that CodePipeline knows; and the right that is missing, if it is.
    private func statuses(
        of places: [JobPlace]
    ) async throws -> ([PipelineExecutionID: CodePipeline.PipelineExecutionStatus], Set<String>) {
        let answers = try await inParallel(Array(Set(places.map(PipelineExecutionID.init))), width: TagSearch.width) {
            execution in
            do {
                return (execution, try await status(of: execution), false)
            } catch let error as AWSError where error.code.isAccessDenied {
                return (execution, nil, true)
            }
        }
        let known = answers.compactMap { answer in answer.1.map { (answer.0, $0) } }
        return (
            Dictionary(known) { first, _ in first },
            answers.contains { $0.2 } ? ["codepipeline:GetPipelineExecution"] : []
        )
    }

    /// How far a pipeline's execution has come; `nil` if CodePipeline doesn't know it.
    func status(of execution: PipelineExecutionID) async throws -> CodePipeline.PipelineExecutionStatus? {
        do {
            return try await codePipeline.pipelineExecutionStatus(
                pipelineName: execution.pipeline,
                pipelineExecutionID: execution.id
            )
        } catch let error as AWSError where [.pipelineNotFound, .pipelineExecutionNotFound].contains(error.code) {
            return nil
        }
    }

    private static func verdict(
        on sandbox: Seen,
        _ origin: TaggedSandbox.Origin?,
        isAlone: Bool,
        _ statuses: [PipelineExecutionID: CodePipeline.PipelineExecutionStatus],
        missingRights: (toFind: [String], toJudge: [String])
    ) -> TaggedSandbox.Verdict {
        guard let origin else {
            return .unproven(missingRights.toFind.isEmpty ? .unexplained : .rightsMissing(missingRights.toFind))
        }
        if let id = origin.sandboxID {
            guard id.lowercased() == sandbox.id.lowercased() else { return .unproven(.otherSandbox(id)) }
        } else if !isAlone {
            return .unproven(.twins)
        }
        guard let status = statuses[PipelineExecutionID(origin.place)] else {
            return .unproven(missingRights.toJudge.isEmpty ? .executionGone : .rightsMissing(missingRights.toJudge))
        }
        return .proven(origin, status)
    }

    /// A sandbox with a tag, as the lab shows it.
    private struct Seen: Sendable {
        let summary: SandboxSummary
        let tag: SandboxTag
        let startedAt: Date?

        var id: String { summary.id }

        /// Reads what the lab's list leaves out; `nil` without a tag, and if the sandbox has ended meanwhile.
        init?(_ summary: SandboxSummary, _ client: SandboxClient) async throws {
            guard let tag = SandboxTag(endOf: summary.name) else { return nil }
            self.summary = summary
            self.tag = tag
            guard let sandbox = try await client.sandbox(ifKnown: summary.id) else { return nil }
            startedAt = sandbox.startTime
        }

        func sandbox(_ verdict: TaggedSandbox.Verdict, isReplaced: Bool) -> TaggedSandbox {
            TaggedSandbox(
                id: summary.id,
                name: summary.name,
                state: summary.state,
                blueprint: summary.blueprint?.name,
                startedAt: startedAt,
                verdict: verdict,
                isReplaced: isReplaced
            )
        }
    }
}
