import AWSLite
import Foundation
import HTTPTransport

/// Looks for the actions' executions of which tags are made, in all pipelines of an account and region.
struct TagSearch: Sendable {
    /// What came of a search.
    struct Findings: Sendable {
        /// The actions by the tags of their executions.
        var origins: [SandboxTag: TaggedSandbox.Origin] = [:]
        /// The rights that were missing, for one pipeline at least.
        var missingRights: Set<String> = []
    }

    /// How many pipelines are looked at side by side: the account's request rate is shared with everybody else.
    static let width = 4

    let codePipeline: CodePipeline
    /// No wanted execution is older; `nil` where that isn't known.
    let since: Date?
    /// Keeps calls apart; `nil` for a person who waits for them.
    var pace: CallPace?

    /// Looks at the newest runs of actions of some pipelines, one page each.
    ///
    /// - Throws: `AWSError`, but for a missing right.
    func lookAtNewest(of pipelines: [String], _ tags: Set<SandboxTag>) async throws -> Findings {
        try await look(in: pipelines, tags) { _ in false }
    }

    /// Looks until all tags are explained or there is nothing more to look at.
    ///
    /// - Throws: `AWSError`, but for a missing right.
    func run(_ tags: Set<SandboxTag>) async throws -> Findings {
        let names: [String]
        do {
            try await pace?.turn()
            names = try await codePipeline.listPipelines().map(\.name)
        } catch let error as AWSError where error.code.isAccessDenied {
            return Findings(missingRights: ["codepipeline:ListPipelines"])
        }
        return try await look(in: names, tags) { !isTooOld($0) }
    }

    /// Looks in pipelines until all tags are explained or there is nothing more to look at.
    ///
    /// `isMoreWanted` says whether what is older than a page is worth a look.
    private func look(
        in names: [String],
        _ tags: Set<SandboxTag>,
        while isMoreWanted: @escaping @Sendable ([CodePipeline.ActionExecution]) -> Bool
    ) async throws -> Findings {
        let findings = Locked(Findings())
        let isDone: @Sendable () -> Bool = { findings.withLock { $0.origins.count == tags.count } }
        _ = try await inParallel(names, width: pace == nil ? Self.width : 1, until: isDone) { name in
            do {
                try await pace?.turn()
                try await codePipeline.readActionExecutions(pipelineName: name) { page in
                    for execution in page {
                        let tag = SandboxTag(actionExecutionID: execution.id)
                        guard tags.contains(tag) else { continue }
                        findings.withLock { $0.origins[tag] = TaggedSandbox.Origin(execution, of: name) }
                    }
                    guard !isDone(), isMoreWanted(page) else { return false }
                    try await pace?.turn()
                    return true
                }
            } catch let error as AWSError where error.code == .pipelineNotFound {
                // It was deleted meanwhile.
            } catch let error as AWSError where error.code.isAccessDenied {
                findings.withLock { _ = $0.missingRights.insert("codepipeline:ListActionExecutions") }
            }
        }
        return findings.withLock { $0 }
    }

    /// Whether nothing that is wanted can come after a page.
    private func isTooOld(_ page: [CodePipeline.ActionExecution]) -> Bool {
        guard let since, !page.isEmpty else { return false }
        return page.allSatisfy { execution in execution.startTime.map { $0 < since } ?? false }
    }
}

extension TaggedSandbox.Origin {
    fileprivate init(_ execution: CodePipeline.ActionExecution, of pipeline: String) {
        self.init(
            place: JobPlace(
                pipeline: pipeline,
                stage: execution.stageName ?? "",
                action: execution.actionName ?? "",
                pipelineExecutionID: execution.pipelineExecutionID ?? ""
            ),
            actionExecutionID: execution.id,
            actionStatus: execution.status,
            startedAt: execution.startTime,
            configuration: execution.configuration,
            sandboxID: execution.sandboxID
        )
    }
}

extension CodePipeline.ActionExecution {
    /// The sandbox that a start action says it has started, if it does.
    var sandboxID: String? {
        [outputVariables["SandboxId"], externalExecutionID].compactMap { $0 }.first { !$0.isEmpty }
    }
}
