import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import QualiCore
import SandboxAPI
import TestSupport
import Testing
import WorkerTestSupport

@Suite("sandboxes", .timeLimit(.minutes(5)))
struct SandboxesTests {
    /// The JSON that the program prints.
    private struct Report: Decodable {
        struct Item: Decodable {
            let id: String
            let name: String
            let state: String
            let standing: String
            let unprovenBecause: String?
            let blueprint: String?
            let ageSeconds: Int?
            let url: String?
            let pipeline: String?
            let pipelineExecutionId: String?
            let pipelineExecutionStatus: String?
        }
        struct Ended: Decodable, Equatable {
            let id: String
            let ending: String
        }
        let sandboxes: [Item]
        struct Original: Decodable {
            let id: String
            let standing: String?
            let blueprint: String?
        }
        let originalSandboxes: [Original]
        let otherSandboxes: Int
        let missingRights: [String]
        let ended: [Ended]?
    }

    /// Stand-ins with a sandbox of each kind.
    private struct Scene {
        let cloud: LocalCloud
        let orphan: Sandbox
        let used: Sandbox
        let stranger: Sandbox
        let foreign: Sandbox
        let original: Sandbox

        private static let start = VirtualPipeline.ActionType(
            category: "Deploy",
            provider: "Quali-Start-Sandbox",
            version: "1"
        )

        static func run(_ body: (Scene) async throws -> Void) async throws {
            var options = LocalCloud.Options()
            options.labAccount = LabAccount(username: "ci", password: "canary-of-the-lab")
            var blueprint = LabBlueprint(name: "Web lab")
            blueprint.teardown = .succeeds(after: .seconds(3_600))
            options.blueprints = [blueprint]
            options.lab.staleReadsAfterStop = 0
            try await LocalCloud.withRunning(options) { cloud in
                try cloud.codePipeline.register(start)
                let client = try SandboxClient(
                    .init(url: cloud.labURL, username: "ci", password: Secret("canary-of-the-lab")),
                    httpClient: try CurlHTTPClient()
                )
                func sandbox(_ name: String) async throws -> Sandbox {
                    try await client.startSandbox(blueprint: "Web lab", .init(name: name, duration: .seconds(7_200)))
                }
                func sandbox(_ name: String, of execution: String) async throws -> Sandbox {
                    let action = try #require(cloud.codePipeline.execution(execution)?.action("Start"))
                    return try await sandbox(SandboxTag(actionExecutionID: action.id).name(for: name))
                }
                for name in ["Stopped", "Running"] {
                    try cloud.create(VirtualPipeline(name, stages: [.init("Lab", [.init("Start", start)])]))
                }
                let stopped = try cloud.codePipeline.start("Stopped")
                let scene = Scene(
                    cloud: cloud,
                    orphan: try await sandbox("Left behind", of: stopped),
                    used: try await sandbox("Nightly", of: try cloud.codePipeline.start("Running")),
                    stranger: try await sandbox(SandboxTag(actionExecutionID: "another").name(for: "Strange")),
                    foreign: try await sandbox("Somebody's lab \u{1b}[2J"),
                    original: try await sandbox("Web lab - CodePipeline")
                )
                try cloud.codePipeline.stop(stopped, abandon: true)
                await client.logout()
                try await body(scene)
            }
        }

        /// Has an execution succeed, and leave its sandbox.
        func succeed(_ execution: String) async throws -> String {
            let client = try SandboxClient(
                .init(url: cloud.labURL, username: "ci", password: Secret("canary-of-the-lab")),
                httpClient: try CurlHTTPClient()
            )
            let action = try #require(cloud.codePipeline.execution(execution)?.action("Start"))
            let name = SandboxTag(actionExecutionID: action.id).name(for: "Kept")
            let sandbox = try await client.startSandbox(
                blueprint: "Web lab",
                .init(name: name, duration: .seconds(7_200))
            )
            await client.logout()
            let type: JSON = [
                "category": "Deploy", "owner": "Custom", "provider": "Quali-Start-Sandbox", "version": "1",
            ]
            try cloud.codePipeline.call("PollForJobs", ["actionTypeId": type, "maxBatchSize": 100])
            let job = try #require(cloud.codePipeline.execution(execution)?.action("Start")?.jobs.last)
            try cloud.codePipeline.call("AcknowledgeJob", ["jobId": .string(job.id), "nonce": .string(job.nonce)])
            try cloud.codePipeline.call("PutJobSuccessResult", ["jobId": .string(job.id)])
            #expect(cloud.codePipeline.execution(execution)?.status == "Succeeded")
            return sandbox.id
        }

        /// Runs the program.
        func run(_ arguments: String..., changing changes: [String: String] = [:]) async throws -> ProgramRun.Ending {
            let environment = cloud.environment.merging(changes) { $1 }
            let ending = try await withTemporaryFolder {
                try await ProgramRun(["sandboxes"] + arguments, environment: environment, in: $0).end()
            }
            for secret in ["canary-of-the-lab", cloud.options.secretAccessKey] {
                #expect(!(ending.output + ending.errors).contains(secret))
            }
            #expect(cloud.lab.liveTokens.isEmpty)
            return ending
        }

        var unstopped: Set<String> { Set(cloud.lab.sandboxesNotStopped.map(\.id)) }
        var all: Set<String> { [orphan.id, used.id, stranger.id, foreign.id, original.id] }

        func deny(_ operation: String) {
            cloud.faults.inject(.status(400, code: "AccessDeniedException", message: "no"), on: operation, times: .max)
        }
    }

    private static func report(_ ending: ProgramRun.Ending) throws -> Report {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: Data(ending.output.utf8))
    }

    @Test func `are listed with orphans first, for people and for programs`() async throws {
        try await Scene.run { scene in
            let text = try await scene.run()
            #expect(text.status == 0, "\(text)")
            let places = [
                "Orphans, since the pipeline's execution is over: 1 sandbox", scene.orphan.name, "Stopped/Lab/Start",
                ", Stopped", "In use: 1 sandbox", scene.used.name, "Running/Lab/Start", ", InProgress",
                "Not proven to be ours: 1 sandbox", scene.stranger.name,
                "Started by the original worker, and never ended by this one: 1 sandbox", scene.original.id,
                "1 other sandbox without a worker's tag",
                "--end-orphans",
            ].map { text.output.range(of: $0)?.lowerBound }
            #expect(places.allSatisfy { $0 != nil }, "\(text.output)")
            #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
            #expect(text.output.contains("/RM/Diagram/Index/\(scene.orphan.id)"))
            #expect(!text.output.contains("Somebody's lab"))
            #expect(text.errors.isEmpty)

            let json = try await scene.run("--json")
            #expect(json.status == 0)
            let report = try Self.report(json)
            #expect(report.sandboxes.map(\.id) == [scene.orphan.id, scene.used.id, scene.stranger.id])
            #expect(report.sandboxes.map(\.standing) == ["orphan", "in_use", "unproven"])
            #expect(report.sandboxes.map(\.pipeline) == ["Stopped", "Running", nil])
            #expect(report.sandboxes.map(\.pipelineExecutionStatus) == ["Stopped", "InProgress", nil])
            #expect(report.sandboxes.map { $0.unprovenBecause == nil } == [true, true, false])
            #expect(report.sandboxes.allSatisfy { $0.blueprint == "Web lab" && $0.ageSeconds != nil && $0.url != nil })
            #expect(report.originalSandboxes.map(\.id) == [scene.original.id])
            #expect(report.originalSandboxes.allSatisfy { $0.standing == nil && $0.blueprint == "Web lab" })
            #expect(report.otherSandboxes == 2)
            #expect(report.missingRights.isEmpty)
            #expect(report.ended == nil)
            #expect(scene.unstopped == scene.all)
        }
    }

    @Test func `are printed as JSON with the fields that the page describes`() async throws {
        let page = try ["Docs/sandboxes.md", "Docs/json.md"].map { name in
            try String(contentsOf: Python.repository.appendingPathComponent(name), encoding: .utf8)
        }.joined()
        try await Scene.run { scene in
            let ending = try await scene.run("--json", "--end", scene.orphan.id)
            let object = try #require(try JSON(parsing: Data(ending.output.utf8)).object)
            #expect(object["schema_version"] == 1)
            for name in object.keys { #expect(page.contains("`\(name)`"), "\(name)") }
            let fields = Set((object["sandboxes"]?.array ?? []).flatMap { ($0.object ?? [:]).keys })
            #expect(fields.count == 17)
            for name in fields { #expect(page.contains("`.\(name)`"), "\(name)") }
        }
    }

    @Test func `are ended if they are orphans, again and again`() async throws {
        try await Scene.run { scene in
            let first = try await scene.run("--end", scene.orphan.id)
            #expect(first.status == 0, "\(first)")
            #expect(first.output == "ending          \(scene.orphan.name) (\(scene.orphan.id))\n")
            #expect(scene.unstopped == scene.all.subtracting([scene.orphan.id]))
            let second = try await scene.run("--json", "--end", scene.orphan.name)
            #expect(second.status == 0, "\(second)")
            #expect(try Self.report(second).ended == [.init(id: scene.orphan.id, ending: "already_ending")])
            scene.cloud.advance(by: .seconds(7_000))
            let third = try await scene.run("--end", scene.orphan.id)
            #expect(third.status == 0, "\(third)")
            #expect(third.output.hasPrefix("already ended   Left behind"), "\(third)")
        }
    }

    @Test func `are left alone, all of them, if one is another's or in use`() async throws {
        try await Scene.run { scene in
            let refused = [
                (scene.foreign.id, "isn't ours: its name doesn't end with a worker's tag"),
                (scene.original.name, "was started by the original worker"),
                (scene.stranger.name, "isn't proven to be ours"), ("nothing", "is neither the id nor the whole name"),
                (scene.used.id, "is in use: the execution"),
            ]
            for (other, reason) in refused {
                let ending = try await scene.run("--end", scene.orphan.id, other)
                #expect(ending.status == 64)
                #expect(ending.output.isEmpty)
                #expect(ending.errors.hasPrefix("quali-worker: Nothing was ended.\n'\(other)' \(reason)"), "\(ending)")
            }
            for other in [scene.foreign.id, scene.stranger.id, scene.original.id] {
                let ending = try await scene.run("--force", "--end", other)
                #expect(ending.status == 64)
            }
            #expect(scene.unstopped == scene.all)
            let forced = try await scene.run("--force", "--end", scene.used.id)
            #expect(forced.status == 0, "\(forced)")
            #expect(scene.unstopped == scene.all.subtracting([scene.used.id]))
        }
    }

    @Test func `are ended without a name if they are orphans and somebody agrees`() async throws {
        try await Scene.run { scene in
            func answer(_ text: String) async throws -> String {
                try await withTemporaryFolder { folder in
                    let run = try ProgramRun(
                        ["sandboxes", "--end-orphans"],
                        environment: scene.cloud.environment,
                        isAtTerminal: true,
                        in: folder
                    )
                    let question = try await run.output { $0.contains("End all of them? yes or no: ") }
                    #expect(question.contains(scene.orphan.id))
                    #expect(!question.contains(scene.used.id))
                    try run.type(text)
                    return try await run.end().output
                }
            }
            for text in ["no\n", "\n", "\u{3}"] {
                let output = try await answer(text)
                #expect(output.contains(text == "\u{3}" ? "status: 130" : "status: 64"), "\(output)")
                #expect(scene.unstopped == scene.all)
            }
            let agreed = try await answer("yes\n")
            #expect(agreed.contains("status: 0"), "\(agreed)")
            #expect(scene.unstopped == scene.all.subtracting([scene.orphan.id]))
        }
    }

    @Test func `are ended without a question only if that is wanted`() async throws {
        try await Scene.run { scene in
            // No terminal at all: the program's session has none.
            let environment = scene.cloud.environment
            let alone = try await withTemporaryFolder {
                try await ProgramRun(
                    ["sandboxes", "--end-orphans"],
                    environment: environment,
                    through: ["/usr/bin/setsid", "--wait"],
                    in: $0
                ).end()
            }
            #expect(alone.status == 64, "\(alone)")
            #expect(alone.errors.contains("Wanted: --yes"))
            #expect(scene.unstopped == scene.all)
            let agreed = try await scene.run("--end-orphans", "--yes")
            #expect(agreed.status == 0, "\(agreed)")
            #expect(scene.unstopped == scene.all.subtracting([scene.orphan.id]))
            let again = try await scene.run("--end-orphans", "--yes")
            #expect(again.status == 0)
            #expect(again.output == "There are no orphans.\n")
        }
    }

    @Test func `that a succeeded execution has left are ended only if that is wanted`() async throws {
        try await Scene.run { scene in
            let execution = try scene.cloud.codePipeline.start("Stopped")
            let left = try await scene.succeed(execution)
            let listed = try await scene.run()
            #expect(listed.output.contains(left))
            let others = try await scene.run("--end-orphans", "--yes")
            #expect(others.status == 0, "\(others)")
            #expect(scene.unstopped == scene.all.subtracting([scene.orphan.id]).union([left]))
            let none = try await scene.run("--end-orphans", "--yes")
            #expect(none.status == 0)
            #expect(none.output.hasPrefix("The only orphans are of succeeded executions"), "\(none)")
            let all = try await scene.run("--end-orphans", "--yes", "--include-succeeded")
            #expect(all.status == 0, "\(all)")
            #expect(scene.unstopped == scene.all.subtracting([scene.orphan.id]))
        }
    }

    @Test(arguments: ["ListPipelines", "ListActionExecutions", "GetPipelineExecution"])
    func `are unproven without a right, which is named`(operation: String) async throws {
        try await Scene.run { scene in
            scene.deny(operation)
            let text = try await scene.run()
            #expect(text.status == 69)
            #expect(text.output.contains("Not proven to be ours: 3 sandboxes"), "\(text)")
            #expect(text.errors.contains("The AWS credentials lack codepipeline:\(operation)."))
            #expect(text.errors.contains("quali-worker actions policy --for operator"))
            let ending = try await scene.run("--end", scene.orphan.id)
            #expect(ending.status == 69)
            #expect(ending.errors.contains("Nothing was ended."))
            let orphans = try await scene.run("--end-orphans", "--yes")
            #expect(orphans.status == 69)
            #expect(scene.unstopped == scene.all)
        }
    }

    @Test func `aren't told where the lab or AWS can't be asked`() async throws {
        try await Scene.run { scene in
            let down = try await scene.run(changing: ["CLOUDSHELL_URL": "http://127.0.0.1:9"])
            #expect(down.status == 69)
            #expect(down.output.isEmpty)
            #expect(down.errors.hasPrefix("quali-worker: The lab: "), "\(down)")
            let refused = try await scene.run(changing: ["CLOUDSHELL_PASSWORD": "wrong"])
            #expect(refused.status == 69)
            #expect(refused.errors.contains("Login failed"), "\(refused)")
            let cut = try await scene.run(changing: ["AWS_SECRET_ACCESS_KEY": "wrong"])
            #expect(cut.status == 69)
            #expect(cut.errors.contains("InvalidSignatureException"), "\(cut)")
        }
    }

    @Test func `may be none at all`() async throws {
        try await LocalCloud.withRunning { cloud in
            let text = try await program("sandboxes", environment: cloud.environment)
            #expect(text.status == 0, "\(text)")
            #expect(text.output == "No sandbox in the lab bears a worker's tag.\n")
            #expect(
                try Self.report(try await program("sandboxes", "--json", environment: cloud.environment)).sandboxes
                    .isEmpty
            )
            #expect(cloud.journal.entries { $0.service == "codepipeline" }.isEmpty)
        }
    }

    @Test(arguments: [["--force"], ["--yes"], ["--end", "a", "--end-orphans"], ["--end"], ["--include-succeeded"]])
    func `take no options that make no sense together`(arguments: [String]) async throws {
        let ending = try await withTemporaryFolder {
            try await ProgramRun(["sandboxes"] + arguments, environment: Given.environment, in: $0).end()
        }
        #expect(ending.status == 64)
    }
}
