import AWSLite
import HTTPTransport
import QualiCore
import WorkerChecks
import WorkerSettings

/// All checks of a worker as its settings describe it, and of the settings.
struct CheckRun: Sendable {
    private let sources: SettingSources
    private let settings: WorkerSettings
    private let settingsCheck: SettingsCheck

    private static let keySettings: [Setting] = [
        .accessKeyID, .secretAccessKey, .sessionToken, .oldAccessKeyID, .oldSecretAccessKey,
    ]

    /// Reads the settings.
    init(_ sources: SettingSources) {
        self.sources = sources
        var reader = SettingReader(sources)
        settings = WorkerSettings(&reader)
        for setting in sources.prompts { reader.noteUnasked(setting) }
        settingsCheck = SettingsCheck(sources, reader.problems)
    }

    /// Whether no setting is missing or wrong.
    var hasGoodSettings: Bool { settingsCheck.problems.isEmpty }

    /// Tries everything.
    ///
    /// - Throws: `CancellationError`.
    func report() async throws -> CheckReport {
        let check = WorkerCheck(
            aws: aws,
            lab: lab,
            stateFolder: settings.jobs.stateDirectory,
            names: .settings(sources),
            secrets: settings.secrets
        )
        let name = Setting.stateDirectory.name
        let isWrong = settingsCheck.problems.contains { $0.name == name }
        return try await check.run(
            after: settingsCheck.results,
            stateFolderObstacle: isWrong ? "\(name) is wrong" : nil
        )
    }

    private var aws: WorkerCheck.AWS {
        let lab = settings.lab.url
        var aws = WorkerCheck.AWS(
            region: settings.aws.region,
            credentials: settings.aws.credentials,
            client: try? settings.aws.httpClient(),
            actions: settings.actions.names,
            portal: settings.actions.portal ?? (lab.isEmpty ? nil : PortalLinks(besideAPI: lab))
        )
        aws.codePipelineEndpoint = settings.aws.codePipelineEndpoint
        aws.stsEndpoint = settings.aws.stsEndpoint
        aws.usesFIPS = settings.aws.usesFIPS
        aws.usesDualStack = settings.aws.usesDualStack
        aws.clock = settings.aws.clock
        aws.warn = settings.aws.warnings.warn
        let others = Setting.all.filter { !Self.keySettings.contains($0) }
        aws.obstacle = settingsCheck.obstacle(in: .aws, except: Self.keySettings + [.s3Endpoint])
        aws.credentialsObstacle = settingsCheck.obstacle(in: .aws, except: others)
        return aws
    }

    private var lab: WorkerCheck.Lab {
        var lab = WorkerCheck.Lab(settings.lab.client, client: try? settings.lab.httpClient())
        lab.obstacle = settingsCheck.obstacle(in: .lab, except: [.labUser, .labPassword, .labDomain, .portalURL])
        lab.loginObstacle = settingsCheck.obstacle(in: .lab, except: [.portalURL])
        return lab
    }
}

extension ParameterNames {
    /// The names of the settings, and the commands of the program.
    fileprivate static func settings(_ sources: SettingSources) -> Self {
        var names = settings
        for name in [Setting.oldAccessKeyID.name, Setting.accessKeyID.name] {
            if let place = sources.origin(of: name) { names.environment = "\(name) (\(place))" }
        }
        names.registration = { "quali-worker actions install --version \($0)" }
        names.workerPolicy = "quali-worker actions policy"
        names.registrarPolicy = "quali-worker actions policy --for registrar"
        return names
    }
}
