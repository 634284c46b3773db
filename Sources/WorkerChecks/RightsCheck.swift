import AWSLite
import Foundation
import QualiCore

/// Whether the credentials have each right that a worker needs.
///
/// Each call is made for a job or a pipeline that can't exist, so it changes nothing. A poll hands jobs out, so it isn't
/// made at all.
struct RightsCheck: Sendable {
    /// What came of the calls.
    struct Outcome: Sendable {
        /// A line for each right.
        var results: [CheckResult]
        /// The custom action types of the account; `nil` where they can't be listed.
        var actionTypes: [CodePipeline.ActionType]?
        /// Why AWS doesn't take the credentials, where it doesn't.
        var refusal: AWSFailure?
    }

    /// The rights, in the order in which they are shown.
    private static let names = [
        "ListActionTypes", "AcknowledgeJob", "GetJobDetails", "PutJobSuccessResult", "PutJobFailureResult",
        "ListActionExecutions", "ListPipelineExecutions", "ListPipelines",
    ]
    /// What a worker can do without, with what is lost and how to have it.
    private var optional: [String: (loss: String, fix: String)] {
        [
            "ListActionTypes": (
                "this check can't see whether the action types are registered; the worker itself doesn't ask",
                "run the check with the rights of \(parameters.registrarPolicy)"
            ),
            "ListActionExecutions": (
                "what belongs to a stopped pipeline is ended only at its action's own end (a policy that names single "
                    + "pipelines looks like this, too)",
                "allow it in the worker's policy: \(parameters.workerPolicy)"
            ),
            "ListPipelineExecutions": (
                "no sandbox is ended with its pipeline, or extended while its pipeline goes on",
                "allow it in the worker's policy: \(parameters.workerPolicy)"
            ),
            "ListPipelines": (
                "the sandboxes of a worker whose journal is lost aren't ended with their pipelines",
                "allow it in the worker's policy: \(parameters.workerPolicy)"
            ),
        ]
    }
    private static let poll = "PollForJobs"

    /// The client.
    let codePipeline: CodePipeline
    /// Whose the credentials are, where that is known.
    let caller: SecurityTokenService.CallerIdentity?
    /// The action types that the worker polls for.
    let types: [CodePipeline.ActionTypeID]
    /// What the parameters are called.
    let parameters: ParameterNames

    /// Nothing was tried.
    static func notTried(_ reason: String) -> [CheckResult] {
        ([names[0], poll] + names.dropFirst()).map { .notTried(title($0), reason) }
    }

    /// Makes the calls, side by side.
    func run() async throws -> Outcome {
        // Lower-case, as CodePipeline wants it, and nobody's.
        let id = UUID().uuidString.lowercased()
        async let types = attempt { try await ActionRegistrar(codePipeline).list() }
        async let acknowledgement = attempt { _ = try await codePipeline.acknowledgeJob(id: id, nonce: "check") }
        async let details = attempt { _ = try await codePipeline.getJobDetails(id: id) }
        async let success = attempt { try await codePipeline.putJobSuccessResult(jobID: id, result: .init()) }
        async let failure = attempt {
            try await codePipeline.putJobFailureResult(
                jobID: id,
                failure: .init(type: .jobFailed, message: "quali-worker check: no such job")
            )
        }
        async let executions = attempt {
            _ = try await codePipeline.listActionExecutions(
                pipelineName: "quali-worker-check-\(id)",
                pipelineExecutionID: id
            )
        }
        async let pipelineExecutions = attempt {
            _ = try await codePipeline.pipelineExecutions(pipelineName: "quali-worker-check-\(id)")
        }
        async let pipelines = attempt { _ = try await codePipeline.listPipelines() }
        let listed = try await types
        let errors = try await [
            listed.error, acknowledgement.error, details.error, success.error, failure.error, executions.error,
            pipelineExecutions.error, pipelines.error,
        ]
        if let refusal = errors.compactMap({ $0 }).map(AWSFailure.init).first(where: { $0.kind == .credentials }) {
            return Outcome(results: Self.notTried("AWS doesn't take the credentials"), refusal: refusal)
        }
        // One line tells of whoever answers in AWS's place.
        let stranger = zip(Self.names, errors).first { $0.1?.isForeign == true }?.0
        var results = zip(Self.names, errors).map { name, error in
            guard let error, error.isForeign else { return result(name, error) }
            let failure = AWSFailure(error)
            return name == stranger
                ? .failed(Self.title(name), failure.evidence, fix: failure.fix)
                : .notTried(Self.title(name), "something in between answers for CodePipeline, too")
        }
        results.insert(pollResult, at: 1)
        return Outcome(results: results, actionTypes: listed.value)
    }

    private static func title(_ operation: String) -> String { "right \(operation)" }

    /// Makes a call.
    ///
    /// - Throws: `CancellationError`.
    private func attempt<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> (value: Value?, error: AWSError?) {
        do {
            return (try await body(), nil)
        } catch let error as AWSError {
            return (nil, error)
        }
    }

    private func result(_ operation: String, _ error: AWSError?) -> CheckResult {
        let name = Self.title(operation)
        guard let error, !Self.isAnswer(error) else { return .ok(name, "codepipeline:\(operation) is allowed") }
        let failure = AWSFailure(error)
        guard failure.kind == .denied else { return .warning(name, failure.evidence, fix: failure.fix) }
        if let (loss, fix) = optional[operation] {
            return .warning(name, "codepipeline:\(operation) is denied: \(loss)", fix: fix)
        }
        return .failed(name, "codepipeline:\(operation) is denied: \(CheckText.line(error.message))", fix: grant)
    }

    /// Whether CodePipeline has looked for the job, which it does for those alone who may.
    private static func isAnswer(_ error: AWSError) -> Bool {
        [
            .jobNotFound, .validation, .invalidNonce, .invalidJobState, "PipelineNotFoundException",
            "PipelineExecutionNotFoundException",
        ].contains(error.code)
    }

    private var pollResult: CheckResult {
        // Without the types the simulation is about "*", which a policy of least privilege doesn't allow.
        let policy = IAMPolicy(
            for: .worker,
            types: types,
            region: codePipeline.configuration.region,
            account: caller?.account ?? "ACCOUNT"
        )
        let arns = policy.statements.first { $0.actions.contains("codepipeline:\(Self.poll)") }?.resources ?? ["*"]
        return .notTried(
            Self.title(Self.poll),
            "a poll would hand a job out; this command tells, and one spelling of each type is enough",
            fix: "aws iam simulate-principal-policy --policy-source-arn \(caller?.principalARN ?? "ARN") "
                + "--action-names codepipeline:\(Self.poll) --resource-arns \(arns.joined(separator: " "))"
        )
    }

    /// The command that gives the caller all rights that AWS's own policy has.
    private var grant: String {
        let partition = AWSPartition.of(region: codePipeline.configuration.region).id
        let policy = "arn:\(partition):iam::aws:policy/AWSCodePipelineCustomActionAccess"
        let other = ", or the policy that \(parameters.workerPolicy) prints"
        guard let (kind, name) = caller?.principal else { return "attach \(policy)\(other)" }
        return "aws iam attach-\(kind)-policy --\(kind)-name \(name) --policy-arn \(policy)\(other)"
    }
}

extension SecurityTokenService.CallerIdentity {
    /// The role or the user behind the caller, as the AWS CLI names them; `nil` for the account's root user.
    var principal: (kind: String, name: String)? {
        // arn:aws:sts::111122223333:assumed-role/NAME/SESSION or arn:aws:iam::111122223333:user/PATH/NAME
        let parts = arn.split(separator: ":", maxSplits: 5).last?.split(separator: "/") ?? []
        guard parts.count >= 2, let last = parts.last else { return nil }
        switch parts[0] {
        case "assumed-role": return ("role", String(parts[1]))
        case "role": return ("role", String(last))
        case "user": return ("user", String(last))
        default: return nil
        }
    }

    /// The ARN that policies are attached to: a role's own rather than its session's.
    var principalARN: String {
        guard arn.contains(":assumed-role/"), let role = principal?.name else { return arn }
        let partition = arn.split(separator: ":").dropFirst().first ?? "aws"
        return "arn:\(partition):iam::\(account):role/\(role)"
    }
}
