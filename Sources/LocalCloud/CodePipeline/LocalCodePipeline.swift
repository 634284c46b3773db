import Foundation

/// A stand-in of CodePipeline's API with an engine that runs pipelines.
///
/// It's strict where AWS is: every length, pattern and required member of the service's model is checked,
/// signatures are verified, nonces go stale. Where AWS says nothing, `LocalCloud.Options` has a knob.
public final class LocalCodePipeline: LocalService {
    /// The account in which everything happens.
    package static let accountID = "111122223333"

    /// `codepipeline`.
    package let name = "codepipeline"
    /// The time.
    package let clock: LocalClock

    let world: Watched<World>
    private let verifier: SignatureVerifier

    init(
        behavior: CodePipelineBehavior,
        region: String,
        clock: LocalClock,
        registry: CredentialRegistry,
        objects: any ArtifactObjects,
        signingTime: @escaping @Sendable () -> Date
    ) {
        self.clock = clock
        world = Watched(World(behavior: behavior, region: region, registry: registry, objects: objects))
        verifier = SignatureVerifier(
            service: "codepipeline",
            region: region,
            registry: registry,
            tolerance: behavior.signatureTolerance,
            signingTime: signingTime,
            clock: clock
        )
    }

    /// Gives an access key another secret, for all AWS services that share it; the old one is refused from then on.
    package func setSecretAccessKey(_ secret: String, of accessKeyID: String) {
        world.read(\.registry).add(.init(secretAccessKey: secret), for: accessKeyID)
    }

    /// How the stand-in behaves; a change counts from the next request on.
    package var behavior: CodePipelineBehavior {
        get { world.read(\.behavior) }
        set { world.change { $0.behavior = newValue } }
    }

    /// Brings all actions to where they have to be now, as each request does.
    ///
    /// Call it after the clock was moved, so that waits for what time alone brings about end.
    package func settle() {
        let now = clock.now
        world.change { $0.settle(now: now) }
    }

    /// The operation that the `X-Amz-Target` header names.
    package func operation(of request: LocalRequest) -> String {
        let target = request["X-Amz-Target"] ?? ""
        let prefix = "CodePipeline_20150709."
        return target.hasPrefix(prefix) ? String(target.dropFirst(prefix.count)) : "Unknown"
    }

    /// The ids and names in a request.
    package func facts(of request: LocalRequest) -> [String: String] {
        guard let input = try? JSON(parsing: request.body) else { return [:] }
        var facts: [String: String] = [:]
        for name in ["jobId", "nonce", "name", "pipelineName", "pipelineExecutionId", "provider", "version"] {
            facts[name] = input[name]?.string
        }
        if let type = input["actionTypeId"] {
            facts["provider"] = type["provider"]?.string
            facts["version"] = type["version"]?.string
        }
        facts["continuationToken"] = input["continuationToken"]?.string
        facts["failureType"] = input["failureDetails"]?["type"]?.string
        return facts
    }

    /// Answers a call of the API.
    package func reply(to request: LocalRequest) async -> LocalReply {
        do throws(LocalServiceError) {
            guard request.method == "POST", request.path == "/" else {
                throw LocalServiceError(
                    code: "UnknownOperationException",
                    message: "Only POST / is served",
                    status: 404
                )
            }
            try authenticate(request)
            guard let body = try perform(operation(of: request), request) else {
                return reply(status: 200, body: Data())
            }
            return reply(status: 200, body: body.data)
        } catch {
            return errorReply(status: error.status, code: error.code, message: error.message)
        }
    }

    /// An error as AWS JSON 1.1 has it.
    package func errorReply(status: Int, code: String, message: String) -> LocalReply {
        // The service puts the name of its namespace before some codes; clients have to cut it off.
        reply(
            status: status,
            body: (["__type": .string(code), "message": .string(message)] as JSON).data
        )
    }

    private func reply(status: Int, body: Data) -> LocalReply {
        LocalReply(
            status: status,
            headers: [
                ("x-amzn-RequestId", Random.uuid()), ("Content-Type", "application/x-amz-json-1.1"),
            ],
            body: body
        )
    }

    private func authenticate(_ request: LocalRequest) throws(LocalServiceError) {
        guard behavior.verifiesSignatures else { return }
        switch verifier.caller(of: request) {
        case .success(let caller):
            guard caller.scope == nil else {
                throw LocalServiceError(
                    code: "AccessDeniedException",
                    message: "Artifact credentials are not authorized to perform codepipeline:\(operation(of: request))"
                )
            }
        case .failure(let refusal):
            let (code, status) =
                switch refusal.reason {
                case .missing: ("MissingAuthenticationTokenException", 400)
                case .incomplete: ("IncompleteSignatureException", 400)
                case .unknownKey, .invalidToken: ("UnrecognizedClientException", 400)
                case .mismatch, .skewed, .bodyMismatch: ("InvalidSignatureException", 400)
                case .expired: ("ExpiredTokenException", 400)
                }
            throw LocalServiceError(code: code, message: refusal.message, status: status)
        }
    }

    /// Runs an operation; `nil` means an empty body.
    private func perform(_ operation: String, _ request: LocalRequest) throws(LocalServiceError) -> JSON? {
        guard let shape = Operations.inputs[operation] else {
            throw LocalServiceError(code: "UnknownOperationException", message: "No operation '\(operation)'")
        }
        guard request["Content-Type"]?.hasPrefix("application/x-amz-json-1.1") == true else {
            throw LocalServiceError(
                code: "SerializationException",
                message: "Content-Type must be application/x-amz-json-1.1"
            )
        }
        guard let input = try? JSON(parsing: request.body), input.object != nil else {
            throw LocalServiceError(code: "SerializationException", message: "The body is no JSON object")
        }
        return try run(operation, shape, input)
    }

    /// Calls an operation without HTTP, as a request with the same body would.
    ///
    /// - Returns: The reply; `nil` where its body is empty.
    /// - Throws: A ``LocalServiceError`` with the code that a client would see.
    @discardableResult
    package func call(_ operation: String, _ input: JSON) throws -> JSON? {
        guard let shape = Operations.inputs[operation] else {
            throw LocalServiceError(code: "UnknownOperationException", message: "No operation '\(operation)'")
        }
        return try run(operation, shape, input)
    }

    private func run(_ operation: String, _ shape: Shape, _ input: JSON) throws(LocalServiceError) -> JSON? {
        try shape.validate(input)
        let now = clock.now
        // A lock rethrows no typed error, hence the detour.
        return try world.change { world -> Result<JSON?, LocalServiceError> in
            world.settle(now: now)
            do throws(LocalServiceError) {
                return .success(try Self.dispatch(operation, input, &world, now))
            } catch {
                return .failure(error)
            }
        }.get()
    }

    private static func dispatch(_ operation: String, _ input: JSON, _ world: inout World, _ now: Date)
        throws(LocalServiceError) -> JSON?
    {
        switch operation {
        case "CreateCustomActionType": return try world.createCustomActionType(input)
        case "DeleteCustomActionType": try world.deleteCustomActionType(input)
        case "ListActionTypes": return try world.listActionTypes(input)
        case "GetActionType":
            throw LocalServiceError(
                code: "ActionTypeNotFoundException",
                message: "\(ActionTypeKey(input)) is not available"
            )
        case "PollForJobs": return try world.pollForJobs(input, now: now)
        case "AcknowledgeJob": return try world.acknowledgeJob(input, now: now)
        case "GetJobDetails": return try world.getJobDetails(input, now: now)
        case "PutJobSuccessResult": try world.putJobSuccessResult(input, now: now)
        case "PutJobFailureResult": try world.putJobFailureResult(input, now: now)
        case "PollForThirdPartyJobs": throw .actionTypeNotFound(ActionTypeKey(input["actionTypeId"]))
        case "CreatePipeline": return try world.createPipeline(input, now: now)
        case "UpdatePipeline": return try world.updatePipeline(input, now: now)
        case "DeletePipeline": world.deletePipeline(input, now: now)
        case "GetPipeline": return try world.getPipeline(input)
        case "ListPipelines": return try world.listPipelines(input)
        case "EnableStageTransition":
            try world.setTransition(input, isOpen: true)
            world.settle(now: now)
        case "DisableStageTransition": try world.setTransition(input, isOpen: false)
        case "StartPipelineExecution": return try world.startPipelineExecution(input, now: now)
        case "StopPipelineExecution": return try world.stopPipelineExecution(input, now: now)
        case "RetryStageExecution": return try world.retryStageExecution(input, now: now)
        case "RollbackStage": return try world.rollbackStage(input, now: now)
        case "OverrideStageCondition": try world.overrideStageCondition(input, now: now)
        case "ListRuleExecutions": return try world.listRuleExecutions(input)
        case "ListRuleTypes": return world.listRuleTypes(input)
        case "GetPipelineExecution": return try world.getPipelineExecution(input)
        case "ListPipelineExecutions": return try world.listPipelineExecutions(input)
        case "ListActionExecutions": return try world.listActionExecutions(input)
        case "GetPipelineState": return try world.getPipelineState(input)
        case "ListTagsForResource": return try world.listTagsForResource(input)
        case "TagResource", "UntagResource": return try world.changeTags(input)
        default: throw LocalServiceError(code: "UnknownOperationException", message: "No operation '\(operation)'")
        }
        return nil
    }
}
