/// The structures of CodePipeline's model (API version 2015-07-09) that requests hold.
extension Shape {
    static func required(_ name: String, _ shape: Shape) -> Member {
        Member(name: name, shape: shape, isRequired: true)
    }
    static func optional(_ name: String, _ shape: Shape) -> Member {
        Member(name: name, shape: shape, isRequired: false)
    }

    static let category = choice(["Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute"])
    static let owner = choice(["AWS", "ThirdParty", "Custom"])
    static let provider = string(1...35, .provider)
    static let version = string(1...9, .provider)
    static let name = string(1...100, .name)
    static let uuid = string(0...36, .uuid)
    static let nextToken = string(1...2048)
    static let resourceARN = string(0...2048, .codePipelineARN)
    static let roleARN = string(0...1024, .roleARN)
    static let configuration = map(key: string(1...50), value: string(1...1000))
    static let artifactName = string(1...100, .artifactName)
    static let url = string(1...2048)

    static let actionTypeID = structure([
        required("category", category), required("owner", owner), required("provider", provider),
        required("version", version),
    ])
    static let settings = structure([
        optional("thirdPartyConfigurationUrl", url), optional("entityUrlTemplate", url),
        optional("executionUrlTemplate", url), optional("revisionUrlTemplate", url),
    ])
    static let property = structure([
        required("name", string(1...50)), required("required", boolean), required("key", boolean),
        required("secret", boolean), optional("queryable", boolean), optional("description", string(1...160)),
        optional("type", choice(["String", "Number", "Boolean"])),
    ])
    static let artifactDetails = structure([
        required("minimumCount", integer(0...5)), required("maximumCount", integer(0...5)),
    ])
    static let tags = list(structure([required("key", string(1...128)), required("value", string(0...256))]))
    static let currentRevision = structure([
        required("revision", string(1...1500)), required("changeIdentifier", string(1...100)),
        optional("created", timestamp), optional("revisionSummary", string(1...2048)),
    ])
    static let executionDetails = structure([
        optional("summary", string(1...2048)), optional("externalExecutionId", string(1...1500)),
        optional("percentComplete", integer(0...100)),
    ])
    static let failureDetails = structure([
        required(
            "type",
            choice([
                "JobFailed", "ConfigurationError", "PermissionError", "RevisionOutOfSync", "RevisionUnavailable",
                "SystemUnavailable",
            ])
        ),
        required("message", string(1...5000)), optional("externalExecutionId", string(1...1500)),
    ])
    static let artifactStore = structure([
        required("type", choice(["S3"])), required("location", string(3...63, .bucket)),
        optional(
            "encryptionKey",
            structure([required("id", string(1...400)), required("type", choice(["KMS"]))])
        ),
    ])
    static let action = structure([
        required("name", name), required("actionTypeId", actionTypeID), optional("runOrder", integer(1...999)),
        optional("configuration", configuration), optional("commands", unplayed),
        optional(
            "outputArtifacts",
            list(structure([required("name", artifactName), optional("files", unplayed)]))
        ),
        optional("inputArtifacts", list(structure([required("name", artifactName)]))),
        optional("outputVariables", unplayed), optional("roleArn", roleARN), optional("region", region),
        optional("namespace", string(1...100, .variable)), optional("timeoutInMinutes", unplayed),
        optional("environmentVariables", unplayed),
    ])
    static let region = string(4...30)
    static let result = choice(["ROLLBACK", "FAIL", "RETRY", "SKIP"])
    static let retryMode = choice(["FAILED_ACTIONS", "ALL_ACTIONS"])
    static let rule = structure([
        required("name", name),
        required(
            "ruleTypeId",
            structure([
                required("category", choice(["Rule"])), optional("owner", choice(["AWS"])),
                required("provider", provider), optional("version", version),
            ])
        ),
        optional("configuration", map(key: string(1...50), value: string(1...10_000), 0...200)),
        optional("commands", unplayed), optional("inputArtifacts", unplayed), optional("roleArn", roleARN),
        // A rule that takes no time needs no limit.
        optional("region", region), optional("timeoutInMinutes", integer(5...86_400)),
    ])
    static let conditions = list(structure([optional("result", result), optional("rules", list(rule, 1...5))]), 1...1)
    static let stage = structure([
        required("name", name), required("actions", list(action)), optional("blockers", unplayed),
        optional("beforeEntry", structure([required("conditions", conditions)])),
        optional("onSuccess", structure([required("conditions", conditions)])),
        optional(
            "onFailure",
            structure([
                optional("result", result), optional("conditions", conditions),
                optional("retryConfiguration", structure([optional("retryMode", retryMode)])),
            ])
        ),
    ])
    static let pipeline = structure([
        required("name", name), required("roleArn", roleARN), optional("artifactStore", artifactStore),
        optional("artifactStores", map(key: region, value: artifactStore)), required("stages", list(stage)),
        optional("version", integer(1...Int.max)),
        optional("executionMode", choice(["QUEUED", "SUPERSEDED", "PARALLEL"])),
        optional("pipelineType", choice(["V1", "V2"])),
        optional(
            "variables",
            list(
                structure([
                    required("name", string(1...128, .variable)), optional("defaultValue", string(1...1000)),
                    optional("description", string(0...200)),
                ]),
                0...50
            )
        ),
        optional("triggers", unplayed),
    ])
}
