extension AWSPermission {
    /// Every call of AWS that the program can make; twice where two make it for reasons of their own.
    package static let all = jobs + lifetime + registration + sandboxes + objects + credentials + [identity]

    // Which resource an action takes is the service authorization reference's word, and the user guide's.

    private static let jobs = [
        Self(
            "PollForJobs",
            .statement(id: "PollForJobs", .actionTypes),
            for: "asks for jobs of the three action types",
            without: "no job is ever seen; actions wait until they time out"
        ),
        Self(
            "AcknowledgeJob",
            .statement(id: "WorkOnJobs", .everything),
            for: "claims a job",
            without: "no job is run"
        ),
        Self(
            "GetJobDetails",
            .statement(id: "WorkOnJobs", .everything),
            for: "gets a job's configuration after a restart, and new credentials for its artifacts after 12 minutes",
            without: "a restarted worker can't go on with its jobs, and long actions can't store their artifact"
        ),
        Self(
            "PutJobSuccessResult",
            .statement(id: "WorkOnJobs", .everything),
            for: "reports success, and hands waiting jobs over",
            without: "actions that went well stay in progress until they time out"
        ),
        Self(
            "PutJobFailureResult",
            .statement(id: "WorkOnJobs", .everything),
            for: "reports a failure with its reason",
            without: "failed actions stay in progress until they time out"
        ),
        Self(
            "ListActionExecutions",
            .statement(id: "OptionalLookAtPipelines", .pipelines),
            for: "notices that a pipeline was stopped, to end its sandbox or command; after a lost reply, tells a "
                + "command's execution from that of another action with the same command; after a refused start, tells "
                + "whether the sandbox of the action's own earlier attempt is being torn down",
            without: "a stopped pipeline is noticed only when its action ends, after a lost reply two parallel actions "
                + "with the same command may take each other's execution, and a start that is tried again doesn't wait "
                + "for the teardown of its earlier sandbox; all else works"
        ),
    ]

    private static let lifetime = [
        Self(
            "ListPipelineExecutions",
            .statement(id: "OptionalLookAtPipelines", .pipelines),
            for: "tells how far the executions of a pipeline have come, to end a sandbox with its pipeline and to "
                + "extend it while its pipeline goes on; to notice stopped pipelines at the cost of one call for all of a "
                + "pipeline's",
            without: "no sandbox is ended with its pipeline or extended, and each execution is looked at by itself"
        ),
        Self(
            "ListPipelines",
            .statement(id: "OptionalListPipelines", .everything),
            for: "finds out whose a sandbox is that another worker has started, which may be gone",
            without: "the sandboxes of a worker whose journal is lost run until their reservation is over"
        ),
    ]

    private static let registration = [
        Self(
            "ListActionTypes",
            by: .registrar,
            .statement(id: "ListActionTypes", .everything),
            for: "compares what is registered with what is wanted",
            without: "nothing can be installed, uninstalled or listed"
        ),
        Self(
            "CreateCustomActionType",
            by: .registrar,
            .statement(id: "RegisterActionTypes", .actionTypes),
            for: "registers an action type",
            without: "nothing can be installed"
        ),
        Self(
            "DeleteCustomActionType",
            by: .registrar,
            .statement(id: "RegisterActionTypes", .actionTypes),
            for: "deletes an action type",
            without: "nothing can be uninstalled"
        ),
        Self(
            "ListPipelines",
            by: .registrar,
            .statement(id: "OptionalFindUsers", .everything),
            for: "finds the pipelines that use what is to be uninstalled",
            without: "they aren't named before types are deleted; all else works"
        ),
        Self(
            "GetPipeline",
            by: .registrar,
            .statement(id: "OptionalReadPipelines", .pipelines),
            for: "tells whether a pipeline uses what is to be uninstalled",
            without: "they aren't named before types are deleted; all else works"
        ),
    ]

    private static let sandboxes = [
        Self(
            "ListPipelines",
            by: .operator,
            .statement(id: "ListPipelines", .everything),
            for: "finds the pipelines whose actions may have started a sandbox",
            without: "no sandbox is proven to be ours, so none is called an orphan or ended"
        ),
        Self(
            "ListActionExecutions",
            by: .operator,
            .statement(id: "LookAtPipelines", .pipelines),
            for: "tells which action started a sandbox, by the tag at the end of its name",
            without: "no sandbox is proven to be ours, so none is called an orphan or ended"
        ),
        Self(
            "GetPipelineExecution",
            by: .operator,
            .statement(id: "LookAtPipelines", .pipelines),
            for: "tells whether the pipeline's execution that started a sandbox is over",
            without: "no sandbox is called an orphan or ended"
        ),
        Self(
            "GetPipeline",
            by: .operator,
            .statement(id: "LookAtPipelines", .pipelines),
            for: "reads the definition that `quali-worker plan` checks where `--pipeline` names one",
            without: "a definition has to be in a file; all else works"
        ),
    ]

    private static let identity = Self(
        "GetCallerIdentity",
        of: "sts",
        .signature,
        for: "tells whose the credentials are, for `quali-worker check`, and once for the first line of the log",
        without: "the check doesn't name the user or role, nor that line the account; all else works"
    )

    private static let objects = [
        ("GetObject", "reads an input artifact"), ("HeadObject", "looks whether an upload has arrived"),
        ("PutObject", "stores an output artifact"), ("CreateMultipartUpload", "begins a large artifact"),
        ("UploadPart", "stores a part of it"), ("CompleteMultipartUpload", "makes one object of the parts"),
        ("AbortMultipartUpload", "drops the parts of a failed upload"),
    ].map { operation, purpose in
        Self(
            operation,
            of: "s3",
            .jobCredentials,
            for: purpose,
            without: "actions with artifacts fail"
        )
    }

    private static let credentials = [
        ("AssumeRole", "sts", Source.trust, "takes the role that a profile names"),
        ("AssumeRoleWithWebIdentity", "sts", .trust, "takes a role by a token, as in EKS"),
        ("GetRoleCredentials", "sso", .token, "takes a role by IAM Identity Center"),
        ("CreateToken", "sso-oauth", .token, "renews IAM Identity Center's token"),
    ].map { operation, service, source, purpose in
        Self(
            operation,
            of: service,
            source,
            for: purpose,
            without: "no credentials come from there"
        )
    }
}
