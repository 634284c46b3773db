public import Foundation

/// Stand-ins of CodePipeline, S3, STS and a CloudShell lab on loopback addresses, that share one clock.
///
/// ```swift
/// try await LocalCloud.withRunning { cloud in
///     try cloud.codePipeline.register(.init(category: "Deploy", provider: "Greeter", version: "1"), required: ["Name"])
///     try cloud.create(VirtualPipeline("Hello", stages: [.init("One", [.init("Greet", .init(category: "Deploy", provider: "Greeter", version: "1"), ["Name": "you"])])]))
///     let execution = try cloud.codePipeline.start("Hello")
///     // A worker that reads cloud.environment polls, acknowledges and reports.
///     let end = try await cloud.codePipeline.end(of: execution)
///     print(end.status, end.action("Greet")?.summary ?? "")
/// }
/// ```
public final class LocalCloud: Sendable {
    /// What the stand-ins are like at the start.
    public struct Options: Sendable {
        /// The region of everything.
        public var region = "eu-west-1"
        /// The access key that callers sign with.
        package var accessKeyID = "AKIALOCALCLOUDEXAMPLE"
        /// Its secret.
        package var secretAccessKey = "local/cloud/secret/that/opens/nothing/else"
        /// The port of CodePipeline; 0 takes a free one.
        package var codePipelinePort = 0
        /// The port of S3; 0 takes a free one.
        package var s3Port = 0
        /// The port of STS; 0 takes a free one.
        package var stsPort = 0
        /// How CodePipeline behaves.
        package var codePipeline = CodePipelineBehavior()
        /// How S3 behaves.
        package var s3 = S3Behavior()
        /// The port of the lab; 0 takes a free one.
        package var labPort = 0
        /// How the lab behaves.
        public var lab = LabBehavior()
        /// What can be started in the lab.
        public var blueprints = LabBlueprint.demo
        /// The lab's user.
        public var labAccount = LabAccount(username: "admin", password: "admin")
        /// The bucket for artifacts; it's there from the start.
        public var artifactBucket = "codepipeline-eu-west-1-111122223333"
        /// Whether the artifact bucket's policy asks uploads for `aws:kms`.
        package var artifactBucketRequiresKMS = true
        /// The KMS key of the artifact store, which jobs then carry and uploads must name; `nil` for AWS's own.
        package var encryptionKeyID: String?
        /// How many requests the journal keeps.
        public var journalCapacity = 10_000
        /// The time.
        package var clock = LocalClock()
        /// The time that signatures are checked against: the real one, whatever ``clock`` says.
        package var signingTime: @Sendable () -> Date = { Date() }

        /// Creates the default options.
        public init() {}
    }

    /// What the stand-ins are like.
    public let options: Options
    /// CodePipeline.
    public let codePipeline: LocalCodePipeline
    /// S3.
    public let s3: LocalS3
    /// STS.
    package let sts: LocalSTS
    /// The lab.
    public let lab: LocalLab
    /// What goes wrong, in all services.
    public let faults: FaultPlan
    /// The requests to all services.
    public let journal: RequestJournal
    /// The address of CodePipeline.
    package let codePipelineURL: String
    /// The address of S3.
    package let s3URL: String
    /// The address of STS.
    package let stsURL: String
    /// The address of the lab.
    package let labURL: String

    private init(_ parts: Parts, codePipelineURL: String, s3URL: String, stsURL: String, labURL: String) {
        options = parts.options
        codePipeline = parts.codePipeline
        s3 = parts.s3
        sts = parts.sts
        lab = parts.lab
        faults = parts.faults
        journal = parts.journal
        self.codePipelineURL = codePipelineURL
        self.s3URL = s3URL
        self.stsURL = stsURL
        self.labURL = labURL
    }

    /// Runs the stand-ins for the length of a closure.
    ///
    /// - Parameters:
    ///   - options: What they're like.
    ///   - body: What to do while they run. When it ends, all connections are closed at once.
    /// - Returns: What the closure returns.
    /// - Throws: A `LocalServer.StartError` when a port can't be had, and whatever the closure throws.
    @discardableResult
    public static func withRunning<R>(
        _ options: Options = Options(),
        _ body: (LocalCloud) async throws -> R
    ) async throws -> R {
        let parts = Parts(options)
        return try await LocalServer.withRunning(
            parts.codePipeline,
            port: options.codePipelinePort,
            faults: parts.faults,
            journal: parts.journal
        ) { codePipeline in
            try await LocalServer.withRunning(
                parts.s3,
                port: options.s3Port,
                faults: parts.faults,
                journal: parts.journal
            ) { s3 in
                try await LocalServer.withRunning(
                    parts.sts,
                    port: options.stsPort,
                    faults: parts.faults,
                    journal: parts.journal
                ) { sts in
                    try await LocalServer.withRunning(
                        parts.lab,
                        port: options.labPort,
                        faults: parts.faults,
                        journal: parts.journal
                    ) { lab in
                        try await body(
                            LocalCloud(
                                parts,
                                codePipelineURL: codePipeline.url,
                                s3URL: s3.url,
                                stsURL: sts.url,
                                labURL: lab.url
                            )
                        )
                    }
                }
            }
        }
    }

    /// Makes stand-ins without sockets, for a caller that brings requests to `answer(_:at:)` itself.
    ///
    /// Their addresses are names that nobody resolves.
    ///
    /// `options` is what they're like.
    package static func withoutSockets(_ options: Options = Options()) -> LocalCloud {
        LocalCloud(
            Parts(options),
            codePipelineURL: "http://codepipeline.test",
            s3URL: "http://s3.test",
            stsURL: "http://sts.test",
            labURL: "http://lab.test"
        )
    }

    /// Answers a request as the server of a stand-in does, without faults and journal.
    package func answer(_ request: LocalRequest, at service: any LocalService) async -> LocalReply {
        var reply = await service.reply(to: request)
        if reply["Date"] == nil { reply.headers.append(("Date", HTTPDate.string(from: Date()))) }
        return reply
    }

    /// The settings that point AWS tools and a worker at the stand-ins.
    public var environment: [String: String] {
        [
            "AWS_REGION": options.region,
            "AWS_DEFAULT_REGION": options.region,
            "AWS_ACCESS_KEY_ID": options.accessKeyID,
            "AWS_SECRET_ACCESS_KEY": options.secretAccessKey,
            "AWS_ENDPOINT_URL_CODEPIPELINE": codePipelineURL,
            "AWS_ENDPOINT_URL_S3": s3URL,
            "AWS_ENDPOINT_URL_STS": stsURL,
            "CLOUDSHELL_URL": labURL,
            "CLOUDSHELL_USER": options.labAccount.username,
            "CLOUDSHELL_PASSWORD": options.labAccount.password,
            "CLOUDSHELL_DOMAIN": options.labAccount.domains.first ?? "Global",
        ]
    }

    /// The environment as lines for a shell, sorted by name.
    package var exportLines: String {
        environment.sorted { $0.key < $1.key }.map { name, value in
            "export \(name)='\(value.replacingOccurrences(of: "'", with: "'\\''"))'\n"
        }.joined()
    }

    /// The names of the AWS operations that the stand-ins have, by service.
    package static var implementedOperations: [String: [String]] {
        ["codepipeline": Operations.inputs.keys.sorted(), "s3": LocalS3.operations, "sts": LocalSTS.operations]
    }

    /// Moves the time of all services forward, and lets what was due happen.
    public func advance(by duration: Duration) {
        options.clock.advance(by: duration)
        codePipeline.settle()
        lab.settle()
    }

    /// Makes a pipeline whose artifacts are in the artifact bucket.
    ///
    /// - Throws: A ``LocalServiceError`` where CodePipeline would refuse it.
    public func create(_ pipeline: VirtualPipeline) throws {
        try codePipeline.call(
            "CreatePipeline",
            ["pipeline": pipeline.declaration(bucket: options.artifactBucket, encryptionKeyID: options.encryptionKeyID)]
        )
    }

    /// The bytes of an artifact that an action made, or `nil` where it has put none.
    public func artifact(_ name: String, of action: ActionReport) -> Data? {
        guard let place = action.outputArtifacts[name] else { return nil }
        return s3.object(bucket: place.bucket, key: place.key)?.body
    }

    private struct Parts {
        let options: Options
        let codePipeline: LocalCodePipeline
        let s3: LocalS3
        let sts: LocalSTS
        let lab: LocalLab
        let faults = FaultPlan()
        let journal: RequestJournal

        init(_ options: Options) {
            self.options = options
            journal = RequestJournal(capacity: options.journalCapacity)
            let registry = CredentialRegistry()
            registry.add(.init(secretAccessKey: options.secretAccessKey), for: options.accessKeyID)
            s3 = LocalS3(
                behavior: options.s3,
                region: options.region,
                clock: options.clock,
                registry: registry,
                signingTime: options.signingTime
            )
            sts = LocalSTS(
                region: options.region,
                clock: options.clock,
                registry: registry,
                signingTime: options.signingTime
            )
            lab = LocalLab(
                behavior: options.lab,
                accounts: [options.labAccount],
                blueprints: options.blueprints,
                clock: options.clock
            )
            codePipeline = LocalCodePipeline(
                behavior: options.codePipeline,
                region: options.region,
                clock: options.clock,
                registry: registry,
                objects: s3,
                signingTime: options.signingTime
            )
            s3.makeBucket(
                options.artifactBucket,
                policy: BucketPolicy(requiresKMS: options.artifactBucketRequiresKMS, keyID: options.encryptionKeyID)
            )
        }
    }
}
