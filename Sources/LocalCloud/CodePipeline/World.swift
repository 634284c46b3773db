import Foundation

/// All that the stand-in of CodePipeline knows; changed by its operations, one at a time.
struct World: Sendable {
    var behavior: CodePipelineBehavior {
        didSet { nextTimeOut = .distantPast }
    }
    let region: String
    let registry: CredentialRegistry
    let objects: any ArtifactObjects

    var types: [ActionTypeKey: CustomType] = [:]
    /// The keys of all types, in order of creation.
    var typeOrder: [ActionTypeKey] = []
    var pipelines: [String: Pipeline] = [:]
    var executions: [String: Execution] = [:]
    /// The executions of each pipeline, in order of their start.
    var executionOrder: [String: [String]] = [:]
    /// The executions of each pipeline that have not ended, in order of their turn.
    var liveExecutions: [String: [String]] = [:]
    var lastTurn = 0
    var runs: [String: ActionRun] = [:]
    /// The runs of each pipeline, in order of their start.
    var runOrder: [String: [String]] = [:]
    var runsByExecution: [String: [String]] = [:]
    var ruleRuns: [String: RuleRun] = [:]
    /// The runs of each pipeline's rules, in order.
    var ruleRunOrder: [String: [String]] = [:]
    var jobs: [String: Job] = [:]
    /// The jobs that have not ended.
    var openJobs: Set<String> = []
    /// The jobs of each type that have neither ended nor been acknowledged.
    var offers: [ActionTypeKey: JobLine] = [:]
    /// The pipelines in which something changed that may let an execution go on.
    var unsettled: Set<String> = []
    /// No action times out before.
    var nextTimeOut = Date.distantPast
    var startTokens: [String: String] = [:]

    init(behavior: CodePipelineBehavior, region: String, registry: CredentialRegistry, objects: any ArtifactObjects) {
        self.behavior = behavior
        self.region = region
        self.registry = registry
        self.objects = objects
    }

    func arn(_ resource: String) -> String {
        "arn:aws:codepipeline:\(region):\(LocalCodePipeline.accountID):\(resource)"
    }

    /// Adds the extra member that AWS's nested objects carry.
    func typed(_ name: String, _ json: JSON) -> JSON {
        guard behavior.emitsNestedTypes else { return json }
        var json = json
        json["__type"] = .string(name)
        return json
    }
}

/// The object store behind the artifacts, as far as the pipelines' own actions use it.
protocol ArtifactObjects: Sendable {
    /// Puts what the pipeline's own source action yields at the place of an artifact.
    ///
    /// - Returns: The version of the object and its summary, or `nil` where it isn't there.
    func copyForSource(
        bucket: String?,
        key: String?,
        to place: ArtifactScope.Object
    ) -> (version: String, summary: String?)?
}

/// What a source action has brought.
struct SourceRevision: Sendable {
    var action: String
    var artifact: String
    var version: String
    var summary: String?
    var created: Date
}

struct CustomType: Sendable {
    var key: ActionTypeKey
    /// The request that made it, without its tags.
    var definition: JSON
    var isDeleted = false
    var tags: [String: String] = [:]

    var properties: [JSON] { definition["configurationProperties"]?.array ?? [] }
    var queryableProperty: String? {
        properties.first { $0["queryable"]?.bool == true }?["name"]?.string
    }
    var secretProperties: Set<String> {
        Set(properties.filter { $0["secret"]?.bool == true }.compactMap { $0["name"]?.string })
    }
    func artifactCounts(_ member: String) -> ClosedRange<Int> {
        let low = definition[member]?["minimumCount"]?.integer ?? 0
        return low...max(low, definition[member]?["maximumCount"]?.integer ?? low)
    }
}

struct Pipeline: Sendable {
    var declaration: JSON
    /// All versions, the first at index 0.
    var versions: [JSON]
    var created: Date
    var updated: Date
    var tags: [String: String]
    /// The reasons of the stages whose inbound transition is off.
    var closedStages: [String: String] = [:]
    var version: Int { versions.count }
}

struct Execution: Sendable {
    var id: String
    var pipelineName: String
    var pipelineVersion: Int
    var declaration: JSON
    /// `SUPERSEDED`, `QUEUED` or `PARALLEL`.
    let mode: String
    /// Its place among the live executions of all pipelines; a retry begins at the end again.
    var turn = 0
    var status = "InProgress"
    var started: Date
    var updated: Date
    var variables: [String: String]
    var triggerType = "StartPipelineExecution"
    /// The execution that it goes back to, where it's a rollback.
    var rollbackTarget: String?
    /// The last stage that it goes through.
    var lastStage: Int
    var stopReason: String?
    /// The stage that it's in or waits for.
    var stageIndex = 0
    /// Whether it's in that stage; if not, it waits at the door.
    var isInStage = false
    /// The stages of the declaration.
    let stageList: [Stage]
    var stages: [StageRun]
    /// Where the artifacts that have a place are, with the run that made them.
    var artifacts: [String: ArtifactScope.Object] = [:]
    /// The variables of actions by their namespace.
    var namespaces: [String: [String: String]] = [:]
    /// What its source actions have brought.
    var sourceRevisions: [SourceRevision] = []

    var isLive: Bool { status == "InProgress" || status == "Stopping" }
    var isRollback: Bool { rollbackTarget != nil }
    /// Its type, as the service names it.
    var type: String { isRollback ? "ROLLBACK" : "STANDARD" }
    /// Whether it waits to be let into a stage.
    func isWaiting(for index: Int) -> Bool { isLive && !isInStage && stageIndex == index }
}

struct StageRun: Sendable {
    /// `nil` before it was entered.
    var status: String?
    /// The latest run of each action.
    var runs: [String: String] = [:]
    /// The latest run of each condition.
    var conditions: [ConditionPlace: ConditionRun] = [:]
    var retries = Retries()

    /// How often the stage was tried again in one execution.
    struct Retries: Sendable {
        var automatic = 0
        var manual = 0
        /// `AutomatedStageRetry` or `ManualStageRetry`.
        var latestTrigger: String?
    }
}

struct ConditionRun: Sendable {
    /// `Succeeded`, `Failed`, `Errored` or `Overridden`.
    var status: String
    var summary: String
    var updated: Date
    /// The runs of its rules, in order.
    var rules: [String]

    /// Whether its result came about.
    var isUnmet: Bool { status == "Failed" || status == "Errored" }
}

struct RuleRun: Sendable {
    let id: String
    let executionID: String
    let stageName: String
    let rule: Rule
    let started: Date
    var status: String
    var configuration: [String: String]
    var summary: String
    var errorCode: String?
}

struct ActionRun: Sendable {
    var id: String
    var executionID: String
    var stageName: String
    var action: Action
    var status = "InProgress"
    var started: Date
    var updated: Date
    var configuration: [String: String]
    var inputs: [String: ArtifactScope.Object]
    var outputs: [String: ArtifactScope.Object]
    var summary: String?
    var externalExecutionID: String?
    var percentComplete: Int?
    var errorCode: String?
    var errorMessage: String?
    var outputVariables: [String: String] = [:]
    var currentRevision: JSON?
    var jobIDs: [String] = []
}

struct Job: Sendable {
    enum Status: String, Sendable {
        case created = "Created"
        case queued = "Queued"
        case dispatched = "Dispatched"
        case inProgress = "InProgress"
        case timedOut = "TimedOut"
        case succeeded = "Succeeded"
        case failed = "Failed"
        var isOpen: Bool { self == .created || self == .queued || self == .dispatched || self == .inProgress }
    }

    var id: String
    /// Later jobs have greater ones.
    let number: Int
    var runID: String
    var status = Status.queued
    /// Raised at each hand-out; the samples in AWS's documentation show "3".
    var nonce = 2
    var created: Date
    var available: Date
    var dispatched: Date?
    /// Whether it is to be handed out once more before its time, where that is so.
    var isOwedAgain = false
    var acknowledged: Date?
    var ended: Date?
    var continuationToken: String?
    /// The request that reported its end.
    var result: JSON?
}
