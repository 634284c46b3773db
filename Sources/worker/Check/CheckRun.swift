import AWSLite
import Foundation
import HTTPTransport
import QualiCore

/// All checks: those that don't depend on each other run side by side, and their results have one order.
struct CheckRun: Sendable {
    /// The longest time for one call, or for one connection.
    static let timeout: Duration = .seconds(10)

    private let sources: SettingSources
    private let settings: WorkerSettings
    private let settingsCheck: SettingsCheck

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
        async let state = stateFolder()
        async let aws = AWSCheck(settings, sources, settingsCheck).run()
        async let lab = lab()
        let (results, secrets) = try await aws
        let all = try await settingsCheck.results + state + results + lab
        // What is open anyway needs no mask: a lab's user and password may be the same word.
        let open = Set([settings.lab.user, settings.lab.domain])
        let mask = SecretRedactor((settings.secrets + secrets).filter { !open.contains($0.reveal()) })
        return CheckReport(results: all.map { $0.masked { mask($0) } })
    }

    private func stateFolder() async -> [CheckResult] {
        let problem = settingsCheck.problems.contains { $0.name == Setting.stateDirectory.name }
        guard !problem else { return [.notTried("state folder", "QUALI_STATE_DIR is wrong")] }
        return await StateFolderCheck.run(settings.jobs.stateDirectory)
    }

    private func lab() async throws -> [CheckResult] {
        let title = "lab"
        let clock = "lab clock"
        func untried(_ reason: String) -> [CheckResult] {
            LinkCheck.notTried(title, reason) + [.notTried(clock, reason)] + LabCheck.notTried(reason)
        }
        let isAddressed = !settings.lab.url.isEmpty
        let obstacle = settingsCheck.obstacle(in: .lab, except: [.labUser, .labPassword, .labDomain, .portalURL])
        if let obstacle { return untried(obstacle) }
        guard isAddressed, let client = try? settings.lab.httpClient(),
            let check = try? LabCheck(settings.lab, SecondTry(base: client), timeout: Self.timeout)
        else { return untried("there is no client") }
        let link = Link(
            title: title,
            address: settings.lab.url,
            client: client,
            addressSetting: Setting.labURL.name,
            trustSetting: .labCABundle,
            proxySetting: .labProxy,
            mayBePlain: false
        )
        let way = try await LinkCheck.run(link)
        guard way.stands else {
            let reason = "there is no way to the lab"
            return way.results + [.notTried(clock, reason)] + LabCheck.notTried(reason)
        }
        async let time = ClockCheck(link: link, isSigned: false, timeout: Self.timeout).run()
        let login =
            if let reason = settingsCheck.obstacle(in: .lab, except: [.portalURL]) {
                LabCheck.notTried(reason)
            } else {
                try await check.run()
            }
        return way.results + [try await time] + login
    }
}
