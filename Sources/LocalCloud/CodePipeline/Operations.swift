/// The operations that the stand-in knows, each with its input.
enum Operations {
    static let inputs: [String: Shape] = [
        "CreateCustomActionType": .structure([
            Shape.required("category", .category), Shape.required("provider", .provider),
            Shape.required("version", .version), Shape.optional("settings", .settings),
            Shape.optional("configurationProperties", .list(.property, 0...10)),
            Shape.required("inputArtifactDetails", .artifactDetails),
            Shape.required("outputArtifactDetails", .artifactDetails), Shape.optional("tags", .tags),
        ]),
        "DeleteCustomActionType": .structure([
            Shape.required("category", .category), Shape.required("provider", .provider),
            Shape.required("version", .version),
        ]),
        "ListActionTypes": .structure([
            Shape.optional("actionOwnerFilter", .owner), Shape.optional("nextToken", .nextToken),
            Shape.optional("regionFilter", .region),
        ]),
        "GetActionType": .structure([
            Shape.required("category", .category), Shape.required("owner", .choice(["AWS", "ThirdParty"])),
            Shape.required("provider", .provider), Shape.required("version", .version),
        ]),
        "PollForJobs": .structure([
            Shape.required("actionTypeId", .actionTypeID), Shape.optional("maxBatchSize", .integer(1...Int.max)),
            Shape.optional(
                "queryParam",
                .map(key: .string(1...50), value: .string(1...50, .artifactName), 0...1)
            ),
        ]),
        "AcknowledgeJob": .structure([
            Shape.required("jobId", .uuid), Shape.required("nonce", .string(1...50)),
        ]),
        "GetJobDetails": .structure([Shape.required("jobId", .uuid)]),
        "PutJobSuccessResult": .structure([
            Shape.required("jobId", .uuid), Shape.optional("currentRevision", .currentRevision),
            Shape.optional("continuationToken", .string(1...2048)),
            Shape.optional("executionDetails", .executionDetails),
            Shape.optional("outputVariables", .map(key: .string(1...Int.max, .variable), value: .string(0...Int.max))),
        ]),
        "PutJobFailureResult": .structure([
            Shape.required("jobId", .uuid), Shape.required("failureDetails", .failureDetails),
        ]),
        "PollForThirdPartyJobs": .structure([
            Shape.required("actionTypeId", .actionTypeID), Shape.optional("maxBatchSize", .integer(1...Int.max)),
        ]),
        "ListPipelines": .structure([
            Shape.optional("nextToken", .nextToken), Shape.optional("maxResults", .integer(1...1000)),
        ]),
        "GetPipeline": .structure([
            Shape.required("name", .name), Shape.optional("version", .integer(1...Int.max)),
        ]),
        "GetPipelineState": .structure([Shape.required("name", .name)]),
        "GetPipelineExecution": .structure([
            Shape.required("pipelineName", .name), Shape.required("pipelineExecutionId", .uuid),
        ]),
        "ListPipelineExecutions": .structure([
            Shape.required("pipelineName", .name), Shape.optional("maxResults", .integer(1...100)),
            Shape.optional("nextToken", .nextToken),
            Shape.optional(
                "filter",
                .structure([
                    Shape.optional("succeededInStage", .structure([Shape.optional("stageName", .name)]))
                ])
            ),
        ]),
        "ListActionExecutions": .history,
        "ListRuleExecutions": .history,
        "ListRuleTypes": .structure([
            Shape.optional("ruleOwnerFilter", .choice(["AWS"])), Shape.optional("regionFilter", .region),
        ]),
        "StartPipelineExecution": .structure([
            Shape.required("name", .name), Shape.optional("clientRequestToken", .string(1...128, .token)),
            Shape.optional(
                "variables",
                .list(
                    .structure([
                        Shape.required("name", .string(1...128, .variable)),
                        Shape.required("value", .string(1...1000)),
                    ]),
                    1...50
                )
            ),
            Shape.optional("sourceRevisions", .unplayed),
        ]),
        "StopPipelineExecution": .structure([
            Shape.required("pipelineName", .name), Shape.required("pipelineExecutionId", .uuid),
            Shape.optional("abandon", .boolean), Shape.optional("reason", .string(0...200)),
        ]),
        "RetryStageExecution": .structure([
            Shape.required("pipelineName", .name), Shape.required("stageName", .name),
            Shape.required("pipelineExecutionId", .uuid),
            Shape.required("retryMode", .retryMode),
        ]),
        "RollbackStage": .structure([
            Shape.required("pipelineName", .name), Shape.required("stageName", .name),
            Shape.required("targetPipelineExecutionId", .uuid),
        ]),
        "OverrideStageCondition": .structure([
            Shape.required("pipelineName", .name), Shape.required("stageName", .name),
            Shape.required("pipelineExecutionId", .uuid),
            Shape.required("conditionType", .choice(["BEFORE_ENTRY", "ON_SUCCESS"])),
        ]),
        "CreatePipeline": .structure([
            Shape.required("pipeline", .pipeline), Shape.optional("tags", .tags),
        ]),
        "UpdatePipeline": .structure([Shape.required("pipeline", .pipeline)]),
        "DeletePipeline": .structure([Shape.required("name", .name)]),
        "EnableStageTransition": .structure([
            Shape.required("pipelineName", .name), Shape.required("stageName", .name),
            Shape.required("transitionType", .choice(["Inbound", "Outbound"])),
        ]),
        "DisableStageTransition": .structure([
            Shape.required("pipelineName", .name), Shape.required("stageName", .name),
            Shape.required("transitionType", .choice(["Inbound", "Outbound"])),
            Shape.required("reason", .string(1...300, .transitionReason)),
        ]),
        "ListTagsForResource": .structure([
            Shape.required("resourceArn", .resourceARN), Shape.optional("nextToken", .nextToken),
            Shape.optional("maxResults", .integer(1...100)),
        ]),
        "TagResource": .structure([
            Shape.required("resourceArn", .resourceARN), Shape.required("tags", .tags),
        ]),
        "UntagResource": .structure([
            Shape.required("resourceArn", .resourceARN), Shape.required("tagKeys", .list(.string(1...128))),
        ]),
    ]
}

extension Shape {
    /// The input of an operation that lists the runs of actions or rules.
    fileprivate static let history = structure([
        required("pipelineName", name), optional("maxResults", integer(1...100)), optional("nextToken", nextToken),
        optional(
            "filter",
            structure([
                optional("pipelineExecutionId", uuid),
                optional(
                    "latestInPipelineExecution",
                    structure([
                        required("pipelineExecutionId", uuid), required("startTimeRange", choice(["Latest", "All"])),
                    ])
                ),
            ])
        ),
    ])
}
