package import AWSLite
package import Foundation
package import SandboxAPI

/// A sandbox whose name ends with a worker's tag, and what AWS proves of it.
package struct TaggedSandbox: Sendable, Hashable {
    /// The action that started a sandbox.
    package struct Origin: Sendable, Hashable {
        /// Where in the account's pipelines it is.
        package let place: JobPlace
        /// The action's execution, of whose id the tag is made.
        package let actionExecutionID: String
        /// How far the action has come.
        package let actionStatus: CodePipeline.ActionExecutionStatus
        /// When the action began, if that is told.
        let startedAt: Date?
        /// The action's configuration, with the values that variables had.
        let configuration: [String: String]
        /// The sandbox that the action itself has named, if it has.
        let sandboxID: String?
    }

    /// Why nothing is proven of a sandbox.
    package enum Doubt: Sendable, Hashable {
        /// No execution that CodePipeline still knows explains the tag.
        case unexplained
        /// The action says that it has started another sandbox, so this one is a copy, or its name is one.
        case otherSandbox(String)
        /// Several sandboxes bear the tag, and the action doesn't say which one is its own.
        case twins
        /// CodePipeline has forgotten the pipeline's execution.
        case executionGone
        /// The credentials lack rights, such as `codepipeline:ListPipelines`.
        case rightsMissing([String])
    }

    /// What AWS says of a sandbox.
    package enum Verdict: Sendable, Hashable {
        /// This account's action has started it, in a pipeline's execution that has come this far.
        case proven(Origin, CodePipeline.PipelineExecutionStatus)
        /// It can't be said whose it is, or whether it is still needed.
        case unproven(Doubt)
    }

    /// What is to be done about a sandbox.
    package enum Standing: String, Sendable, Hashable, CaseIterable {
        /// It is ours, and the pipeline's execution that started it is over.
        case orphan
        /// It is ours, and a later attempt of its action has started another one.
        case replaced
        /// It is ours, and the pipeline's execution that started it goes on.
        case inUse = "in_use"
        /// It is ours, and is being ended.
        case ending
        /// It may be another account's, so it is left alone.
        case unproven
    }

    /// Its id.
    package let id: String
    /// Its name.
    package let name: String
    /// What it was doing.
    package let state: SandboxState
    /// The name of its blueprint, if the lab says it.
    package let blueprint: String?
    /// When it started, if the lab says it.
    package let startedAt: Date?
    /// What AWS says of it.
    package let verdict: Verdict
    /// Whether a later attempt of its action, in the same execution, has started another one that is ready.
    package let isReplaced: Bool

    /// What is to be done about it.
    package var standing: Standing {
        guard case .proven(_, let status) = verdict else { return .unproven }
        if state.isEnding { return .ending }
        if status.isOver { return .orphan }
        return isReplaced ? .replaced : .inUse
    }

    /// Whether its execution has succeeded, so that somebody may have left it there on purpose.
    package var isLeftBySuccess: Bool {
        if case .proven(_, .succeeded) = verdict { standing == .orphan } else { false }
    }
}

extension TaggedSandbox.Doubt: CustomStringConvertible {
    /// The reason in a sentence.
    package var description: String {
        switch self {
        case .unexplained:
            "No action's execution that CodePipeline still lists for this account and region explains its tag: it is "
                + "another account's or region's, its pipeline was deleted, or it was started more than 12 months ago."
        case .otherSandbox(let id):
            "The action of its tag has started the sandbox \(id), so this one is a copy, or has a copied name."
        case .twins: "Several sandboxes bear its tag, and AWS doesn't say which one the action has started."
        case .executionGone: "CodePipeline no longer knows the pipeline's execution that started it."
        case .rightsMissing(let rights):
            "The credentials lack \(rights.joined(separator: " and ")), so it can't be told whose it is and whether it "
                + "is in use."
        }
    }
}
