public import AWSLite
public import HTTPTransport
public import QualiCore
public import SandboxAPI

/// Tries everything that a worker needs, and says what is wrong and how to put it right.
///
/// It changes nothing: it polls no queue, so no job is handed out, and a worker may run meanwhile.
///
/// ```swift
/// let check = WorkerCheck(
///     aws: .init(region: "eu-west-1", credentials: environment.credentials, client: try CurlHTTPClient()),
///     lab: .init(lab, client: try CurlHTTPClient()),
///     stateFolder: "/var/lib/my-service/jobs"
/// )
/// print(try await check.run().text())
/// ```
public struct WorkerCheck: Sendable {
    /// The longest time for one call, or for one connection.
    static let timeout: Duration = .seconds(10)

    /// How AWS is reached, and the action types that are expected there.
    public struct AWS: Sendable {
        /// The pipelines' region.
        package var region: String
        /// Where credentials come from.
        package var credentials: any AWSCredentialProvider
        /// How AWS is reached; `nil` where there is no client, so that credentials alone are tried.
        package var client: CurlHTTPClient?
        /// CodePipeline's endpoint; `nil` for the region's.
        public var codePipelineEndpoint: String?
        /// STS's endpoint; `nil` for the region's.
        public var stsEndpoint: String?
        /// Whether FIPS endpoints are used.
        public var usesFIPS = false
        /// Whether endpoints that also have IPv6 addresses are used.
        public var usesDualStack = false
        /// AWS's time, as its clients learn it.
        package var clock = AWSClock()
        /// Takes the warnings of AWS's clients.
        package var warn: @Sendable (String) -> Void = { _ in }
        /// The names and the version of the action types.
        package var actions: QualiActions
        /// Where the console's links should lead; `nil` for nowhere.
        package var portal: PortalLinks?
        /// Why nothing but the credentials can be tried; `nil` where all can.
        package var obstacle: String?
        /// Why the credentials can't be tried; `nil` where they can.
        package var credentialsObstacle: String?

        /// Says how AWS is reached.
        public init(
            region: String,
            credentials: any AWSCredentialProvider,
            client: CurlHTTPClient?,
            actions: QualiActions = QualiActions(),
            portal: PortalLinks? = nil
        ) {
            self.region = region
            self.credentials = credentials
            self.client = client
            self.actions = actions
            self.portal = portal
        }
    }

    /// How the lab is reached.
    public struct Lab: Sendable {
        /// The lab, and who logs in there.
        package var lab: SandboxClient.Configuration
        /// How it is reached; `nil` where there is no client, so that nothing is tried.
        package var client: CurlHTTPClient?
        /// Why nothing can be tried; `nil` where it can.
        package var obstacle: String?
        /// Why the login can't be tried; `nil` where it can.
        package var loginObstacle: String?

        /// Says how a lab is reached.
        public init(_ lab: SandboxClient.Configuration, client: CurlHTTPClient?) {
            self.lab = lab
            self.client = client
        }
    }

    private let aws: AWS
    private let lab: Lab
    private let stateFolder: String?
    private let names: ParameterNames
    private let secrets: [Secret]

    /// Creates a check.
    ///
    /// - Parameters:
    ///   - aws: How AWS is reached.
    ///   - lab: How the lab is reached.
    ///   - stateFolder: The folder of the journal; `nil` where the worker has none.
    public init(aws: AWS, lab: Lab, stateFolder: String?) {
        self.init(aws: aws, lab: lab, stateFolder: stateFolder, names: ParameterNames())
    }

    /// Creates a check whose lines have names of one's own for parameters.
    ///
    /// - Parameters:
    ///   - aws: How AWS is reached.
    ///   - lab: How the lab is reached.
    ///   - stateFolder: The folder of the journal; `nil` where the worker has none.
    ///   - names: What the parameters are called.
    ///   - secrets: What must not be shown, besides the AWS credentials; `nil` for the lab's password.
    package init(
        aws: AWS,
        lab: Lab,
        stateFolder: String?,
        names: ParameterNames,
        secrets: [Secret]? = nil
    ) {
        self.aws = aws
        self.lab = lab
        self.stateFolder = stateFolder
        self.names = names
        self.secrets = secrets ?? [lab.lab.password]
    }

    /// Tries everything: what doesn't depend on each other side by side, and the results have one order.
    ///
    /// - Throws: `CancellationError`.
    public func run() async throws -> CheckReport { try await run(after: []) }

    /// Tries everything.
    ///
    /// `earlier` are results that come before all others, and are masked as they are. `stateFolderObstacle` is why the
    /// state folder can't be tried; `nil` where it can.
    ///
    /// - Throws: `CancellationError`.
    package func run(after earlier: [CheckResult], stateFolderObstacle: String? = nil) async throws -> CheckReport {
        async let state = checkStateFolder(stateFolderObstacle)
        async let aws = AWSCheck(aws, names).run()
        async let lab = checkLab()
        let (results, found) = try await aws
        let all = try await earlier + state + results + lab
        // What is open anyway needs no mask: a lab's user and password may be the same word.
        let open = Set([self.lab.lab.username, self.lab.lab.domain])
        let mask = SecretRedactor((secrets + found).filter { !$0.reveal().isEmpty && !open.contains($0.reveal()) })
        return CheckReport(results: all.map { $0.masked { mask($0) } })
    }

    private func checkStateFolder(_ obstacle: String?) async -> [CheckResult] {
        if let obstacle { return [.notTried(StateFolderCheck.name, obstacle)] }
        guard let stateFolder else { return [] }
        return await StateFolderCheck.run(stateFolder, names)
    }

    private func checkLab() async throws -> [CheckResult] {
        let title = "lab"
        let clock = "lab clock"
        func untried(_ reason: String) -> [CheckResult] {
            LinkCheck.notTried(title, reason) + [.notTried(clock, reason)] + LabCheck.notTried(reason)
        }
        if let obstacle = lab.obstacle { return untried(obstacle) }
        guard !lab.lab.url.isEmpty, let client = lab.client,
            let check = try? LabCheck(lab.lab, names, SecondTry(base: client), timeout: Self.timeout)
        else { return untried("there is no client") }
        let link = Link(
            title: title,
            address: lab.lab.url,
            client: client,
            addressName: names.labURL,
            trustName: names.labCertificates,
            proxyName: names.labProxy,
            withoutProxy: names.labWithoutProxy,
            mayBePlain: false
        )
        let way = try await LinkCheck.run(link)
        guard way.stands else {
            let reason = "there is no way to the lab"
            return way.results + [.notTried(clock, reason)] + LabCheck.notTried(reason)
        }
        async let time = ClockCheck(link: link, isSigned: false, timeout: Self.timeout).run()
        let login =
            if let reason = lab.loginObstacle {
                LabCheck.notTried(reason)
            } else {
                try await check.run()
            }
        return way.results + [try await time] + login
    }
}
