/// A call of AWS that the program makes, and the right that it takes.
///
/// The table ``all`` is the one source of the policies that `quali-worker actions policy` prints, and of
/// `Docs/permissions.md`; tests compare it with the calls that there are in the code.
package struct AWSPermission: Sendable, Hashable {
    package typealias Caller = IAMPolicy.Caller

    /// What an IAM action is allowed on.
    package enum Resource: Sendable, Hashable {
        /// The action types that the worker serves.
        case actionTypes
        /// The pipelines of the account in the region.
        case pipelines
        /// Everything, since the service takes nothing else for this action.
        case everything
    }

    /// What gives the right.
    package enum Source: Sendable, Hashable {
        /// A statement of the caller's policy.
        case statement(id: String, Resource)
        /// The credentials that come with each job, so the worker's own need nothing.
        case jobCredentials
        /// What lets somebody take a role: the role's trust policy, and a right of the identity that takes it.
        case trust
        /// A token of IAM Identity Center.
        case token
        /// Nothing: whoever signs may.
        case signature
    }

    /// The service, as IAM actions begin.
    package let service: String
    /// The operation.
    package let operation: String
    /// Who calls it.
    package let caller: Caller
    /// What gives the right.
    package let source: Source
    /// What it is called for.
    package let purpose: String
    /// What happens without the right.
    package let without: String

    init(
        _ operation: String,
        of service: String = "codepipeline",
        by caller: Caller = .worker,
        _ source: Source,
        for purpose: String,
        without: String
    ) {
        self.service = service
        self.operation = operation
        self.caller = caller
        self.source = source
        self.purpose = purpose
        self.without = without
    }

    /// The name in a policy.
    package var action: String { "\(service):\(operation)" }
}
