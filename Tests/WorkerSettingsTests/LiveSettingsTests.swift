import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI
import TestSupport
import Testing
import WorkerTestSupport

@testable import WorkerSettings

@Suite("Settings whose files change", .timeLimit(.minutes(2)))
struct LiveSettingsTests {
    private final class Log: Sendable {
        private let lines = Locked<[String]>([])
        var text: String { lines.withLock { $0.joined() } }

        func logger(_ mask: SecretMask) -> Logger {
            Logger(label: "test") { _ in
                LineLogHandler(.json, redact: { mask($0) }, write: { line in self.lines.withLock { $0.append(line) } })
            }
        }
    }

    /// Reads settings again until they are as wanted; a look at the files is at most a second old.
    private func settings(
        _ live: LiveSettings,
        where condition: (WorkerSettings) async throws -> Bool
    ) async throws -> WorkerSettings {
        while true {
            let settings = await live.current()
            if try await condition(settings) { return settings }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func `are as the files say now, and masked`() async throws {
        try await withTemporaryFolder { folder in
            let password = try folder.write("password", "first-password\n")
            let key = try folder.write("key", "first-key")
            let proxy = try folder.write("proxy", "http://me:first-proxy@proxy:3128")
            let settings = try await Given.settings([
                "CLOUDSHELL_PASSWORD": "", "CLOUDSHELL_PASSWORD_FILE": password, "AWS_SECRET_ACCESS_KEY": "",
                "AWS_SECRET_ACCESS_KEY_FILE": key, "CLOUDSHELL_PROXY_FILE": proxy,
            ])
            let mask = SecretMask(settings.secrets)
            let log = Log()
            let live = LiveSettings(settings, logger: log.logger(mask), learn: { mask.learn($0) })
            #expect(await live.labCredentials().password == Secret("first-password"))
            _ = try folder.write("password", "second-password")
            _ = try folder.write("key", "second-key")
            _ = try folder.write("proxy", "http://me:second-proxy@proxy:3128")
            let new = try await self.settings(live) { $0.lab.password == Secret("second-password") }
            #expect(new.lab.proxy == .url(Secret("http://me:second-proxy@proxy:3128")))
            #expect(await live.labProxy() == new.lab.proxy)
            #expect(await live.labCredentials().password == Secret("second-password"))
            #expect(try await live.credentials().secretAccessKey == Secret("second-key"))
            #expect(mask("first-password second-password") == "<redacted> <redacted>")
            #expect(
                mask("first-key second-key first-proxy second-proxy") == "<redacted> <redacted> <redacted> <redacted>"
            )
            #expect(log.text.contains("Settings read anew, since a file has changed"))
        }
    }

    @Test func `are read anew from the files that a service's environment was made of`() async throws {
        try await withTemporaryFolder { folder in
            let file = try folder.write("worker.env", "LOG_LEVEL=debug\nQUALI_MAX_JOBS=5\n")
            let settings = try await Given.settings(["LOG_LEVEL": "warning"])
            let log = Log()
            let live = LiveSettings(settings, logger: log.logger(SecretMask([])), learn: { _ in })
            let logger = settings.log.logger { $0 }
            #expect(logger.logLevel == .warning)
            await live.reload([.init(path: file, isOptional: true), .init(path: "/absent", isOptional: true)])
            #expect(logger.logLevel == .debug)
            #expect(await live.current().jobs.maxJobs == 5)
            #expect(log.text.contains("QUALI_MAX_JOBS"))
            #expect(!log.text.contains("LOG_LEVEL"))
            _ = try folder.write("worker.env", "LOG_LEVEL=loud\n")
            await live.reload([.init(path: file, isOptional: true)])
            #expect(logger.logLevel == .debug)
            #expect(log.text.contains("loud"))
        }
    }

    @Test func `follow a file of settings, too, and a file that is put in another's place`() async throws {
        try await withTemporaryFolder { folder in
            let text =
                "CLOUDSHELL_USER=one\nCLOUDSHELL_PASSWORD=first\nAWS_ACCESS_KEY_ID=AKIA1\nAWS_SECRET_ACCESS_KEY=1\n"
            let file = try folder.write("env", text)
            let given = ["CLOUDSHELL_USER", "CLOUDSHELL_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            let settings = try await Given.settings(given.reduce(into: [:]) { $0[$1] = "" }, file: file)
            let live = LiveSettings(settings, logger: Log().logger(SecretMask([])), learn: { _ in })
            #expect(try await live.credentials().accessKeyID == "AKIA1")
            let new = try folder.write("new", text.replacing("1", with: "2").replacing("one", with: "two"))
            try #require(rename(new, file) == 0)
            _ = try await self.settings(live) { $0.lab.user == "two" }
            let credentials = try await live.credentials()
            #expect(credentials.accessKeyID == "AKIA2" && credentials.secretAccessKey == Secret("2"))
        }
    }

    @Test func `stay where a file can't be used, which is said once`() async throws {
        try await withTemporaryFolder { folder in
            let password = try folder.write("password", "good")
            let settings = try await Given.settings([
                "CLOUDSHELL_PASSWORD": "", "CLOUDSHELL_PASSWORD_FILE": password,
            ])
            let log = Log()
            let live = LiveSettings(settings, logger: log.logger(SecretMask([])), learn: { _ in })
            func isSaid(_ text: String) async throws {
                while !log.text.contains(text) {
                    #expect(await live.labCredentials().password == Secret("good"))
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            // As it is while somebody writes it.
            _ = try folder.write("password", "")
            try await isSaid("which is empty")
            _ = try folder.write("password", "open", mode: 0o644)
            try await isSaid("which others on this host can read")
            try #require(unlink(password) == 0)
            try await isSaid("which can't be read")
            #expect(log.text.split(separator: "\n").count == 3)
            _ = try folder.write("password", "better")
            _ = try await self.settings(live) { $0.lab.password == Secret("better") }
        }
    }
}
