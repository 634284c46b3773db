import Foundation
import HTTPTransport
import LocalCloud
import QualiCore
import TestSupport
import Testing

@Suite("A lab that refuses the worker's login", .timeLimit(.minutes(5)))
struct RefusedLoginTests {
    /// A lab that locks a user out after three failed logins.
    private static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.lab.failedLoginsToLock = 3
        return options
    }

    private static func rightPassword(_ site: Site) -> String { site.cloud.options.labAccount.password }

    @Test func `no job is taken until the password is mended`() async throws {
        let password = LabPassword("hunter2-wrong")
        try await Site.withRunning(Self.options, password: password) { site in
            let execution = try site.begin([Site.startAction(), Site.endAction()])
            _ = try await site.cloud.journal.finished("login", times: 1)
            // A look each few seconds, which would be time enough for many polls.
            await password.looked(times: 10)
            #expect(site.cloud.journal.finished("PollForJobs") == 0)
            #expect(site.cloud.journal.finished("login") == 1)
            let lines = site.log.withLock { $0.filter { $0.hasPrefix("warning Logging into the lab fails") } }
            #expect(lines.count == 1)
            #expect(lines.first?.contains("nextTry") == true)
            #expect(!lines.joined().contains("hunter2"))

            password.value = Self.rightPassword(site)
            let end = try await site.cloud.codePipeline.end(of: execution)
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            #expect(site.cloud.journal.finished("login") == 2)
            #expect(site.log.withLock { $0.contains { $0.hasPrefix("notice Logging into the lab recovered") } })
        }
    }

    @Test func `jobs that are held wait, and many of them log in once`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .seconds(3_600))
        let password = LabPassword("")
        var options = Self.options
        options.blueprints = [blueprint]
        try await LocalCloud.withRunning(options) { cloud in
            password.value = cloud.options.labAccount.password
            try await Site.serve(cloud, password: password) { site in
                let executions = try (1...8).map { _ in
                    try site.begin([
                        Site.startAction(["SetupTimeoutInMinutes": "6000", "DurationInMinutes": "6000"])
                    ])
                }
                _ = try await cloud.lab.first { $0.count { $0.state == .setup } == 8 ? true : nil }
                let account = cloud.options.labAccount
                cloud.lab.add(LabAccount(username: account.username, password: "new"))
                cloud.lab.forgetTokens()
                _ = try await cloud.journal.finished("login", times: 2)
                // Each job's calls look, too.
                await password.looked(times: 50)
                #expect(cloud.journal.finished("login") == 2)
                cloud.advance(by: .seconds(3_600))
                password.value = "new"
                for execution in executions {
                    let end = try await cloud.codePipeline.end(of: execution)
                    #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
                }
                #expect(cloud.journal.finished("login") == 3)
                #expect(cloud.lab.sandboxes.count == 8)
            }
        }
    }

    @Test func `a lab that can't be reached refuses nobody, so jobs are taken and wait for it`() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            cloud.lab.add(Site.blueprint())
            cloud.faults.inject(.resetBeforeProcessing, on: "login", times: 20)
            try await Site.serve(cloud) { site in
                let end = try await site.pipeline(Site.startAction(), Site.endAction())
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            }
        }
    }
}
