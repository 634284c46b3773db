import AWSLite
import Foundation
package import SandboxAPI

extension SandboxInventory {
    /// What became of a sandbox that was to be ended.
    package enum Ending: Sendable, Hashable {
        /// The lab has begun to end it.
        case begun
        /// It was being ended already.
        case alreadyEnding
        /// It had ended already.
        case alreadyEnded
        /// It was left alone, for this reason.
        case kept(String)
        /// The lab or AWS didn't do what was asked.
        case failed(String)
    }

    /// What to end.
    package struct Choice: Sendable, Hashable {
        /// The sandboxes to end, each once.
        package var sandboxes: [TaggedSandbox]
        /// Those that have ended already.
        package var ended: [SandboxSummary]

        /// Creates a choice.
        package init(sandboxes: [TaggedSandbox] = [], ended: [SandboxSummary] = []) {
            self.sandboxes = sandboxes
            self.ended = ended
        }
    }

    /// Why sandboxes may not be ended; a reason for each.
    package struct Refusal: Error, Sendable, Hashable {
        /// The reasons, in the order of what was asked.
        package let reasons: [String]
    }

    /// Finds what somebody names by ids or whole names.
    ///
    /// - Parameters:
    ///   - names: The ids or names.
    ///   - listing: What there is.
    ///   - force: Whether sandboxes in use may be ended, too.
    /// - Returns: What to end, and what has ended already.
    /// - Throws: ``Refusal`` if a single one may not be ended, and `SandboxAPIError`.
    package func choose(_ names: [String], from listing: Listing, force: Bool) async throws -> Choice {
        var choice = Choice()
        var reasons: [String] = []
        var past: [SandboxSummary]?
        for name in names {
            let tagged = listing.sandboxes.filter { Self.isNamed(name, $0.id, $0.name) }
            let foreign = listing.foreign.filter { Self.isNamed(name, $0.id, $0.name) }
            if tagged.count + foreign.count > 1 {
                reasons.append("'\(name)' is the name of \(tagged.count + foreign.count) sandboxes: give its id.")
            } else if let sandbox = tagged.first {
                if let reason = Self.objection(to: sandbox, force: force) {
                    reasons.append("'\(name)' \(reason)")
                } else if !choice.sandboxes.contains(sandbox) {
                    choice.sandboxes.append(sandbox)
                }
            } else if let sandbox = foreign.first, Self.isOriginal(sandbox.name) {
                reasons.append(
                    "'\(name)' was started by the original worker, so it can't be told whether it is needed: end it in the portal."
                )
            } else if !foreign.isEmpty {
                reasons.append("'\(name)' isn't ours: its name doesn't end with a worker's tag.")
            } else {
                let known =
                    if let past { past } else {
                        try await lab.client.historicSandboxes { sandbox in
                            sandbox.state.isEnded && names.contains { Self.isNamed($0, sandbox.id, sandbox.name) }
                        }
                    }
                past = known
                if let sandbox = known.first(where: { Self.isNamed(name, $0.id, $0.name) }) {
                    if !choice.ended.contains(sandbox) { choice.ended.append(sandbox) }
                } else {
                    reasons.append("'\(name)' is neither the id nor the whole name of a sandbox that the lab shows.")
                }
            }
        }
        guard reasons.isEmpty else { throw Refusal(reasons: reasons) }
        return choice
    }

    private static func isNamed(_ text: String, _ id: String, _ name: String) -> Bool {
        text == name || text.lowercased() == id.lowercased()
    }

    /// Why a sandbox may not be ended; `nil` if it may.
    private static func objection(to sandbox: TaggedSandbox, force: Bool) -> String? {
        switch sandbox.verdict {
        case .unproven(let doubt): return "isn't proven to be ours. \(doubt)"
        case .proven(let origin, let status):
            guard sandbox.standing == .inUse, !force else { return nil }
            return "is in use: the execution \(origin.place.pipelineExecutionID) of the pipeline "
                + "'\(origin.place.pipeline)' is \(status). With --force it is ended all the same."
        }
    }

    /// Ends sandboxes, each after one more look at the lab and at AWS, since a listing grows old while somebody reads it.
    ///
    /// `force` says whether those in use are ended, too.
    ///
    /// - Returns: What became of each.
    /// - Throws: `CancellationError` alone.
    package func end(_ sandboxes: [TaggedSandbox], force: Bool) async throws -> [TaggedSandbox: Ending] {
        let endings = try await inParallel(sandboxes, width: Self.width) { sandbox in
            do {
                return (sandbox, try await end(sandbox, force: force))
            } catch let error as JobFailure {
                return (sandbox, Ending.failed(error.message))
            } catch let error as SandboxAPIError {
                return (sandbox, Ending.failed("\(error)"))
            } catch let error as AWSError {
                return (sandbox, Ending.failed("\(error)"))
            }
        }
        return Dictionary(endings) { first, _ in first }
    }

    private func end(_ sandbox: TaggedSandbox, force: Bool) async throws -> Ending {
        guard case .proven(let origin, _) = sandbox.verdict else { return .kept("It isn't proven to be ours.") }
        guard let current = try await lab.client.sandbox(ifKnown: sandbox.id) else { return .alreadyEnded }
        if current.state.isEnded { return .alreadyEnded }
        if current.state.isEnding { return .alreadyEnding }
        guard SandboxTag(actionExecutionID: origin.actionExecutionID).marks(current.name) else {
            return .kept("Its name has changed to '\(current.name)'.")
        }
        let status = try await status(of: PipelineExecutionID(origin.place))
        guard force || status?.isOver == true || sandbox.standing == .replaced else {
            let now = status.map { "is \($0)" } ?? "is unknown to CodePipeline"
            return .kept("Its pipeline's execution \(now) by now.")
        }
        try await lab.stop(sandbox.id, .silent(clock)) { try await lab.client.stopSandbox(id: sandbox.id) }
        return .begun
    }
}
