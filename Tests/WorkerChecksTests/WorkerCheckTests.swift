import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import QualiCore
import SandboxAPI
import TestSupport
import Testing
import WorkerChecks

@Suite("The checks of a worker in a service", .timeLimit(.minutes(1)))
struct WorkerCheckTests {
    /// Stand-ins with secrets that are nobody else's words.
    private static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "ci", password: "canary-of-the-lab")
        options.secretAccessKey = "canary/of/the/access/key"
        return options
    }

    /// What a worker at the stand-ins needs, with changes.
    private func check(
        _ cloud: LocalCloud,
        stateFolder: String? = nil,
        names: ParameterNames = ParameterNames(),
        _ change: (inout WorkerCheck.AWS, inout WorkerCheck.Lab) -> Void = { _, _ in }
    ) async throws -> CheckReport {
        let environment = try AWSEnvironment(cloud.environment)
        let client = try CurlHTTPClient()
        var aws = WorkerCheck.AWS(
            region: cloud.options.region,
            credentials: environment.credentials,
            client: client
        )
        aws.codePipelineEndpoint = cloud.codePipelineURL
        aws.stsEndpoint = try environment.endpoint(of: .sts)
        let account = cloud.options.labAccount
        var lab = WorkerCheck.Lab(
            .init(url: cloud.labURL, username: account.username, password: Secret(account.password)),
            client: client
        )
        change(&aws, &lab)
        return try await WorkerCheck(aws: aws, lab: lab, stateFolder: stateFolder, names: names).run()
    }

    private func withCloud(_ body: (LocalCloud) async throws -> Void) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            let environment = try AWSEnvironment(cloud.environment)
            let codePipeline = CodePipeline(try environment.configuration(of: .codePipeline))
            _ = try await ActionRegistrar(codePipeline).install(QualiActions().definitions())
            try await body(cloud)
        }
    }

    @Test func `find all well at the stand-ins, and look for no state folder where there is none`() async throws {
        try await withCloud { cloud in
            let report = try await check(cloud)
            #expect(report.isWell, "\(report.text())")
            #expect(report.results.contains { $0.name == "lab login" && $0.status == .ok })
            #expect(report.results.contains { $0.name == "right AcknowledgeJob" && $0.status == .ok })
            #expect(!report.results.contains { $0.name.hasPrefix("state") })
            #expect(!cloud.journal.operations.contains("PollForJobs"))
            try await withTemporaryFolder { folder in
                let path = folder.appendingPathComponent("state").path
                let report = try await check(cloud, stateFolder: path)
                #expect(report.results.contains { $0.name == "state folder" && $0.evidence.contains("can be made in") })
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test func `speak of parameters, never of a program's settings, and show no secret`() async throws {
        try await withCloud { cloud in
            let reports = [
                try await check(cloud) { aws, lab in
                    aws.actions.version = "9"
                    lab.lab.domain = "Elsewhere"
                },
                try await check(cloud, stateFolder: "/proc/version") { aws, lab in
                    aws.actions.labName = "paris"
                    aws.stsEndpoint = nil
                    lab.lab.url = "https://127.0.0.1:9"
                },
                try await check(cloud) { aws, lab in
                    aws.codePipelineEndpoint = "https://127.0.0.1:9"
                    lab.lab.password = Secret("another-canary")
                },
            ]
            for report in reports {
                #expect(!report.isWell)
                let text = report.text()
                let names = text.matches(of: #/QUALI_\w+|CLOUDSHELL_\w+|JOB_WORKER_\w+|quali-worker (?!check)\w+/#)
                #expect(names.isEmpty, "\(names.map { String($0.0) })")
                #expect(!text.contains("canary"))
            }
            func fix(_ name: String, _ report: CheckReport) -> String {
                report.results.first { $0.name == name }?.fix ?? ""
            }
            #expect(fix("action Quali-Start-Sandbox", reports[0]).hasPrefix("set actions.version=1, or register"))
            #expect(fix("lab login", reports[0]).hasPrefix("check lab.username, lab.password and lab.domain:"))
            #expect(fix("state folder", reports[1]) == "set stateFolder to a folder, not a file")
            #expect(fix("action Quali-Run-Command", reports[1]).hasPrefix("unset actions.labName, or register"))
            #expect(fix("lab TCP", reports[1]).hasPrefix("check lab.url"))
            #expect(fix("CodePipeline TCP", reports[2]).hasPrefix("check aws.codePipelineEndpoint"))
        }
    }

    @Test func `call parameters as they are told to`() async throws {
        try await withCloud { cloud in
            var names = ParameterNames()
            names.labURL = "LAB_ADDRESS"
            let report = try await check(cloud, names: names) { _, lab in lab.lab.url = "https://127.0.0.1:9" }
            #expect(report.results.contains { $0.name == "lab TCP" && $0.fix?.hasPrefix("check LAB_ADDRESS") == true })
        }
    }
}
