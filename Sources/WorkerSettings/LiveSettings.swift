package import AWSLite
import Foundation
package import HTTPTransport
package import Logging
package import SandboxAPI

/// The settings with what their files say now: a password, a key or a proxy's address that is replaced in its file while
/// the worker runs is used from then on, and masked.
package final class LiveSettings: Sendable {
    /// The pause between looks at the files.
    private static let pause: Duration = .seconds(1)
    /// How long a file system may take for a look.
    private static let patience: Duration = .seconds(5)

    private struct State {
        var settings: WorkerSettings
        var nextLook = ContinuousClock.now
        var isLooking = false
        var problem: String?
    }

    private let state: Locked<State>
    private let logger: Logger
    private let learn: @Sendable (Secret) -> Void

    /// Begins with settings as they were read.
    ///
    /// - Parameters:
    ///   - settings: The settings.
    ///   - logger: Where changes are told.
    ///   - learn: Is told each secret before it is used.
    package init(_ settings: WorkerSettings, logger: Logger, learn: @escaping @Sendable (Secret) -> Void) {
        state = Locked(State(settings: settings))
        self.logger = logger
        self.learn = learn
    }

    /// The settings as they are now; what can't be used is told, and leaves them as they were.
    package func current() async -> WorkerSettings {
        let before: WorkerSettings? = state.withLock { state in
            guard state.settings.sources.hasFiles, !state.isLooking, state.nextLook <= .now else { return nil }
            state.isLooking = true
            return state.settings
        }
        if let before {
            // A file system may hang, so not on Swift's pool. A look that is late still counts when it ends.
            _ = await OwnThread.value(within: Self.patience) { self.look(before) }
        }
        return state.withLock { $0.settings }
    }

    /// Reads all files anew, and tells what has changed that counts after a restart alone.
    ///
    /// - Parameter files: Those of which a service manager has made the environment.
    package func reload(_ files: [ServiceUnit.File]) async {
        let before = state.withLock { state in
            state.isLooking = true
            return state.settings
        }
        _ = await OwnThread.value(within: Self.patience) { self.look(before, isWanted: true, files) }
    }

    private func look(_ before: WorkerSettings, isWanted: Bool = false, _ files: [ServiceUnit.File] = []) {
        var settings: WorkerSettings?
        var problem: String?
        if isWanted || before.sources.haveChanged {
            var reader = SettingReader(before.sources.readAnew(files))
            let read = WorkerSettings(&reader)
            problem = reader.problems.first.map { "\($0.name) \($0.message)" }
            if problem == nil { settings = read }
        }
        // The log's loggers are there already.
        if let level = settings?.log.threshold.level { before.log.threshold.level = level }
        settings?.log.threshold = before.log.threshold
        for secret in settings?.secrets ?? [] { learn(secret) }
        let isNews = state.withLock { state in
            defer { state.problem = problem }
            if let settings { state.settings = settings }
            (state.isLooking, state.nextLook) = (false, .now + Self.pause)
            return problem != nil && (isWanted || problem != state.problem)
        }
        if let settings {
            settings.aws.warnings.connect(to: before.aws.warnings.warn)
            logger.notice(isWanted ? "Settings read anew" : "Settings read anew, since a file has changed")
            let changed = Setting.all.filter { setting in
                !setting.isLive && before.sources.value(of: setting.name) != settings.sources.value(of: setting.name)
            }
            if !changed.isEmpty {
                let names = changed.map(\.name).joined(separator: ", ")
                logger.warning("Some changes count after a restart", metadata: ["settings": "\(names)"])
            }
        }
        if isNews, let problem {
            logger.warning(
                "A file of the settings can't be used; what it said before still counts",
                metadata: ["detail": "\(problem)"]
            )
        }
    }
}

extension LiveSettings {
    /// The lab's user and password.
    package func labCredentials() async -> SandboxCredentials {
        let settings = await current()
        // Again with each login, lest a mask that keeps the latest forget them.
        for secret in settings.secrets { learn(secret) }
        return SandboxCredentials(username: settings.lab.user, password: settings.lab.password)
    }

    /// How the lab is reached.
    package func labProxy() async -> CurlHTTPClient.Proxy {
        await current().lab.proxy
    }
}

extension LiveSettings: AWSCredentialProvider {
    /// The credentials of the source that the settings name.
    package func credentials() async throws -> AWSCredentials {
        let credentials = try await current().aws.credentials.credentials()
        for secret in [credentials.secretAccessKey, credentials.sessionToken].compactMap({ $0 }) { learn(secret) }
        return credentials
    }
}

extension Setting {
    /// Whether a change counts while the worker runs.
    fileprivate var isLive: Bool {
        let live: [Setting] = [
            .logLevel, .labUser, .labPassword, .labProxy, .accessKeyID, .secretAccessKey, .sessionToken,
            .oldAccessKeyID, .oldSecretAccessKey, .profile,
        ]
        return live.contains(self)
    }
}
