import QualiCore
import SandboxAPI

extension Setting {
    // MARK: The lab

    package static let labURL = Self(
        name: "CLOUDSHELL_URL",
        group: .lab,
        value: "url",
        meaning: "the lab's Sandbox API, such as https://lab.example.com:3443; plain http works, with a warning"
    )
    package static let labUser = Self(
        name: "CLOUDSHELL_USER",
        group: .lab,
        value: "name",
        meaning: "the CloudShell user that owns the sandboxes",
        canPrompt: true
    )
    package static let labPassword = Self(
        name: "CLOUDSHELL_PASSWORD",
        group: .lab,
        value: "path",
        meaning: "the user's password",
        secrecy: .secret,
        canPrompt: true
    )
    package static let labDomain = Self(
        name: "CLOUDSHELL_DOMAIN",
        group: .lab,
        value: "name",
        meaning: "the CloudShell domain to work in",
        standard: "Global"
    )
    package static let labCABundle = Self(
        name: "CLOUDSHELL_CA_BUNDLE",
        group: .lab,
        value: "path",
        meaning: "a PEM file with the certificates to trust for the lab",
        standard: "the system's"
    )
    package static let labProxy = Self(
        name: "CLOUDSHELL_PROXY",
        group: .lab,
        value: "url",
        meaning: "a proxy for the lab alone, or 'none' to reach it directly",
        standard: "as HTTPS_PROXY and NO_PROXY say",
        secrecy: .address
    )
    package static let labConnections = Self(
        name: "QUALI_LAB_CONNECTIONS",
        group: .lab,
        value: "number",
        meaning: "the most calls that are on their way to the lab at once; there are fewer while it slows down",
        standard: "\(LabSettings.mostConnections)"
    )
    package static let portalURL = Self(
        name: "CLOUDSHELL_PORTAL_URL",
        group: .lab,
        value: "url",
        meaning: "the CloudShell portal, for links",
        standard: "the host of CLOUDSHELL_URL"
    )
    package static let secretNames = Self(
        name: "QUALI_SECRET_NAMES",
        group: .lab,
        value: "names",
        meaning:
            "what attributes, inputs, arguments and items of addresses in the lab are called whose values are neither "
            + "stored nor shown, with commas between the names; +pin,serial adds to the default",
        standard: SecretNames.standard.names.joined(separator: ", ")
    )

    // MARK: AWS

    package static let region = Self(
        name: "AWS_REGION",
        group: .aws,
        value: "region",
        meaning: "the pipelines' region; AWS_DEFAULT_REGION is read too",
        standard: "the profile's",
        otherNames: ["AWS_DEFAULT_REGION"]
    )
    package static let profile = Self(
        name: "AWS_PROFILE",
        group: .aws,
        value: "name",
        meaning: "the profile in the shared AWS files",
        standard: "default",
        otherNames: ["AWS_DEFAULT_PROFILE"]
    )
    package static let accessKeyID = Self(
        name: "AWS_ACCESS_KEY_ID",
        group: .aws,
        value: "id",
        meaning: "the id of an access key; without one, the other sources of every AWS tool are asked",
        canPrompt: true
    )
    package static let secretAccessKey = Self(
        name: "AWS_SECRET_ACCESS_KEY",
        group: .aws,
        value: "path",
        meaning: "the secret of that access key",
        secrecy: .secret,
        canPrompt: true
    )
    package static let sessionToken = Self(
        name: "AWS_SESSION_TOKEN",
        group: .aws,
        value: "path",
        meaning: "the token of a temporary access key",
        secrecy: .secret,
        otherNames: ["AWS_SECURITY_TOKEN"]
    )
    package static let oldAccessKeyID = Self(
        name: "AWS_KEY_NAME",
        group: .aws,
        value: "id",
        meaning: "the original worker's name for AWS_ACCESS_KEY_ID; used only where that isn't set",
        canPrompt: true
    )
    package static let oldSecretAccessKey = Self(
        name: "AWS_KEY",
        group: .aws,
        value: "path",
        meaning: "the original worker's name for AWS_SECRET_ACCESS_KEY; used with AWS_KEY_NAME alone",
        secrecy: .secret,
        canPrompt: true
    )
    package static let endpoint = Self(
        name: "AWS_ENDPOINT_URL",
        group: .aws,
        value: "url",
        meaning: "an endpoint for all AWS services",
        standard: "the region's"
    )
    package static let codePipelineEndpoint = Self(
        name: "AWS_ENDPOINT_URL_CODEPIPELINE",
        group: .aws,
        value: "url",
        meaning: "an endpoint for CodePipeline"
    )
    package static let s3Endpoint = Self(
        name: "AWS_ENDPOINT_URL_S3",
        group: .aws,
        value: "url",
        meaning: "an endpoint for S3"
    )
    package static let stsEndpoint = Self(
        name: "AWS_ENDPOINT_URL_STS",
        group: .aws,
        value: "url",
        meaning: "an endpoint for STS"
    )
    package static let awsCABundle = Self(
        name: "AWS_CA_BUNDLE",
        group: .aws,
        value: "path",
        meaning: "a PEM file with the certificates to trust for AWS",
        standard: "the system's"
    )
    package static let proxy = Self(
        name: "HTTPS_PROXY",
        group: .aws,
        value: "url",
        meaning: "the proxy for https",
        hasFlag: false
    )
    static let noProxy = Self(
        name: "NO_PROXY",
        group: .aws,
        value: "hosts",
        meaning: "hosts that need no proxy",
        hasFlag: false
    )

    // MARK: Action types

    package static let actionVersion = Self(
        name: "JOB_WORKER_VERSION",
        group: .actions,
        value: "version",
        meaning: "the version of the three action types",
        standard: "1"
    )
    package static let startSandboxName = Self(
        name: "START_SANDBOX_ACTION_NAME",
        group: .actions,
        value: "name",
        meaning: "the action type that starts a sandbox",
        standard: "Quali-Start-Sandbox"
    )
    package static let runCommandName = Self(
        name: "RUN_COMMAND_ACTION_NAME",
        group: .actions,
        value: "name",
        meaning: "the action type that runs a command",
        standard: "Quali-Run-Command"
    )
    package static let endSandboxName = Self(
        name: "END_SANDBOX_ACTION_NAME",
        group: .actions,
        value: "name",
        meaning: "the action type that ends a sandbox",
        standard: "Quali-End-Sandbox"
    )
    package static let labName = Self(
        name: "QUALI_LAB_NAME",
        group: .actions,
        value: "name",
        meaning: "this lab's name where several labs share the action types: these then have the property LabName, "
            + "whatever the name, and the worker takes only jobs with this value (default: none, and no such property)"
    )

    // MARK: Jobs

    package static let maxJobs = Self(
        name: "QUALI_MAX_JOBS",
        group: .jobs,
        value: "number",
        meaning: "the most jobs held at once",
        standard: "100"
    )
    package static let pollSeconds = Self(
        name: "QUALI_POLL_SECONDS",
        group: .jobs,
        value: "seconds",
        meaning: "the pause between polls while no jobs come; decimals are allowed",
        standard: "5"
    )
    package static let longestPollSeconds = Self(
        name: "QUALI_LONGEST_POLL_SECONDS",
        group: .jobs,
        value: "seconds",
        meaning: "the longest pause between polls, to which it grows while no jobs come for long",
        standard: "15"
    )
    package static let statusPollSeconds = Self(
        name: "QUALI_STATUS_POLL_SECONDS",
        group: .jobs,
        value: "seconds",
        meaning: "the pause between reads of the lab's state; decimals are allowed",
        standard: "5"
    )
    package static let stateDirectory = Self(
        name: "QUALI_STATE_DIR",
        group: .jobs,
        value: "path",
        meaning: "the folder of the journal, from which a worker that was killed goes on",
        standard: "$STATE_DIRECTORY, else ~/.local/state/quali-worker"
    )
    package static let handoff = Self(
        name: "QUALI_HANDOFF",
        group: .jobs,
        value: "when",
        meaning: "when waiting jobs go back into CodePipeline's queue, for any worker: on-stop, always or never",
        standard: "on-stop"
    )
    package static let onAbandoned = Self(
        name: "QUALI_ON_ABANDONED",
        group: .jobs,
        value: "what",
        meaning: "what happens to the sandbox or command of a job whose pipeline was stopped: end or keep",
        standard: "end"
    )
    package static let endWithPipeline = Self(
        name: "QUALI_END_WITH_PIPELINE",
        group: .jobs,
        value: "when",
        meaning: "whether a sandbox is ended when its pipeline's execution is over: on-failure, always or never",
        standard: "on-failure"
    )
    package static let endGraceMinutes = Self(
        name: "QUALI_END_GRACE_MINUTES",
        group: .jobs,
        value: "minutes",
        meaning: "how long an execution has to be over before that; decimals are allowed",
        standard: "60"
    )
    package static let pipelinePollSeconds = Self(
        name: "QUALI_PIPELINE_POLL_SECONDS",
        group: .jobs,
        value: "seconds",
        meaning: "the pause between looks how far pipelines' executions have come; decimals are allowed",
        standard: "60"
    )
    package static let drain = Self(
        name: "QUALI_DRAIN",
        group: .jobs,
        value: "duration",
        meaning: "how long a stop waits for jobs to end before it hands them over: 90s, 10m or 2h",
        standard: "0",
        shortFlag: "drain"
    )
    package static let exitAfterIdle = Self(
        name: "QUALI_EXIT_AFTER_IDLE",
        group: .jobs,
        value: "duration",
        meaning: "how long to have no job before stopping: 90s, 10m or 2h; 0 is once the queues are empty",
        standard: "it never does",
        shortFlag: "exit-after-idle"
    )
    package static let progressSeconds = Self(
        name: "QUALI_PROGRESS_SECONDS",
        group: .jobs,
        value: "seconds",
        meaning: "the first pause between shows of a waiting job's progress in the console; it grows to five times as "
            + "long; 0 reports results alone",
        standard: "60"
    )
    package static let statusAddress = Self(
        name: "QUALI_STATUS_ADDRESS",
        group: .jobs,
        value: "address",
        meaning: "where a status page, health checks and metrics are: a port of this host, or an address and a port",
        standard: "off"
    )
    package static let metricsLogSeconds = Self(
        name: "QUALI_EMF_SECONDS",
        group: .jobs,
        value: "seconds",
        meaning: "the time between two lines of metrics for CloudWatch in the log; 0 for none",
        standard: "0"
    )

    // MARK: Log

    package static let logLevel = Self(
        name: "LOG_LEVEL",
        group: .log,
        value: "level",
        meaning: "trace, debug, info, notice, warning, error or critical",
        standard: "info"
    )
    package static let logFormat = Self(
        name: "LOG_FORMAT",
        group: .log,
        value: "format",
        meaning: "text or json",
        standard: "text at a terminal and in systemd's journal, else json"
    )

    /// All settings, in the order in which they are shown.
    package static let all: [Setting] =
        [
            labURL, labUser, labPassword, labDomain, labCABundle, labProxy, labConnections, portalURL, secretNames,
            region, profile, accessKeyID, secretAccessKey, sessionToken, oldAccessKeyID, oldSecretAccessKey,
            endpoint, codePipelineEndpoint, s3Endpoint, stsEndpoint, awsCABundle, proxy, noProxy,
            actionVersion, startSandboxName, runCommandName, endSandboxName, labName,
        ] + PropertyDefaults.Property.allCases.map(property) + [
            componentMatch,
            maxJobs, pollSeconds, longestPollSeconds, statusPollSeconds, progressSeconds, stateDirectory, handoff,
            onAbandoned, endWithPipeline, endGraceMinutes, pipelinePollSeconds, drain, exitAfterIdle,
            statusAddress, metricsLogSeconds,
            logLevel, logFormat,
        ]
}
