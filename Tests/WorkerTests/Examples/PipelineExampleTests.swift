import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Logging
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore
@testable import worker

@Suite("Examples/pipelines", .timeLimit(.minutes(3)))
struct PipelineExampleTests {
    private static let folder = Python.repository.appendingPathComponent("Examples/pipelines")
    private static let template = folder.appendingPathComponent("pipeline.template.yaml").path

    private static func input() throws -> JSON {
        try JSON(parsing: Data(contentsOf: folder.appendingPathComponent("pipeline.json")))
    }

    /// What the template makes, in place of its own names for the JSON file's.
    private static func pipeline() async throws -> JSON {
        let values: JSON = [
            "SourceBucket": "lab-tests-source-111122223333", "ArtifactBucket": "lab-tests-artifacts-111122223333",
            "Tests": "lab-tests",
        ]
        let template = try await Python.json("template.py", [template, values.text])
        return try #require(template["Resources"]?["Pipeline"]?["Properties"])
    }

    @Test("pass cfn-lint", Python.condition)
    func lint() async throws {
        let (status, output) = try await Python.run("lint.py", [Self.template])
        #expect(status == 0, "\(output)")
    }

    @Test("are what CreatePipeline takes, and the same pipeline in both forms", Python.condition)
    func shape() async throws {
        let input = try Self.input()
        try await withTemporaryFolder { folder in
            let cases: JSON = [["operation": "CreatePipeline", "input": input]]
            let results = folder.appendingPathComponent("results.json")
            let path = try folder.write("cases.json", cases.text)
            let validate = "../../AWSLiteTests/Oracle/validate.py"
            let (status, output) = try await Python.run(validate, [path, results.path])
            #expect(status == 0, "\(output)")
            #expect(try JSON(parsing: Data(contentsOf: results)) == [""])
        }
        let pipeline = try await Self.pipeline()
        let same = try #require(input.capitalized["Pipeline"])
        #expect(pipeline["Stages"] == same["Stages"])
        #expect(pipeline["ArtifactStore"] == same["ArtifactStore"])
        #expect(pipeline["PipelineType"] == same["PipelineType"])
        func defaults(_ pipeline: JSON) -> [JSON?] {
            pipeline["Variables"]?.array?.flatMap { [$0["Name"], $0["DefaultValue"]] } ?? []
        }
        #expect(defaults(pipeline) == defaults(same))
    }

    @Test("have a build that tells a failed test as a result, so that the sandbox is ended", Python.condition)
    func buildspec() async throws {
        let (status, script) = try await Python.run("buildspec.py", [Self.template, "Tests"])
        try #require(status == 0, "\(script)")
        for (code, result) in [(0, "passed"), (3, "failed")] {
            try await withTemporaryFolder { folder in
                _ = try folder.write("test.sh", "grep -q id \"$1\" && exit \(code)")
                _ = try folder.write("sandbox.json", #"{"id": "x"}"#)
                let run = Process()
                let output = Pipe()
                run.executableURL = URL(fileURLWithPath: "/bin/sh")
                run.arguments = ["-ec", script]
                run.currentDirectoryURL = folder
                run.environment = ["CODEBUILD_SRC_DIR_Sandbox": folder.path, "PATH": "/usr/bin:/bin"]
                run.standardOutput = output
                let ended = AsyncStream<Int32>.makeStream()
                run.terminationHandler = { ended.continuation.yield($0.terminationStatus) }
                try run.spawn()
                var statuses = ended.stream.makeAsyncIterator()
                #expect(await statuses.next() == 0)
                let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                #expect(text.hasSuffix("TEST_RESULT=\(result)\n"), "\(text)")
            }
        }
    }

    @Test("run at the stand-ins, with one in CodeBuild's place that gets the sandbox's details")
    func run() async throws {
        var options = LocalCloud.Options()
        options.blueprints = [
            LabBlueprint(
                name: "Web lab",
                components: [
                    LabComponent(
                        name: "web-server",
                        kind: .application,
                        model: "Generic App Model",
                        commands: [
                            LabCommand(name: "install", params: [.init("Package", isMandatory: true)], duration: .zero)
                        ]
                    )
                ],
                setup: .succeeds(after: .milliseconds(20)),
                teardown: .succeeds(after: .milliseconds(20))
            )
        ]
        try await LocalCloud.withRunning(options) { cloud in
            let environment = cloud.environment.merging([
                "QUALI_POLL_SECONDS": "0.1", "QUALI_STATUS_POLL_SECONDS": "0.1",
            ]) { $1 }
            let install = try await program("actions", "install", environment: environment)
            #expect(install.status == 0, "\(install)")
            try cloud.codePipeline.register(
                .init(category: "Build", provider: "CodeBuild", version: "1"),
                required: ["ProjectName", "PrimarySource"],
                optional: ["EnvironmentVariables"]
            )
            try cloud.codePipeline.call("CreatePipeline", Self.adapted(try Self.input(), to: cloud))
            try await withTemporaryFolder { folder in
                let worker = try ProgramRun(["run"], environment: environment, in: folder)
                let builds = try Self.codeBuild(cloud)
                try await withThrowingTaskGroup { tasks in
                    tasks.addTask { try await builds.run() }
                    let id = try cloud.codePipeline.start("lab-tests")
                    let execution = try await cloud.codePipeline.end(of: id)
                    let failures = execution.actions.compactMap(\.errorMessage)
                    #expect(execution.status == "Succeeded", "\(failures)")
                    #expect(execution.action("Test")?.outputVariables == ["TEST_RESULT": "passed"])
                    #expect(execution.action("Run")?.outputVariables["CommandStatus"] == "Completed")
                    tasks.cancelAll()
                }
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
            #expect(cloud.lab.executions.map(\.command.name) == ["install"])
            #expect(cloud.lab.sandboxes.count == 1)
            #expect(cloud.lab.sandboxes.allSatisfy { $0.state == .teardown || $0.state == .ended })
        }
    }

    /// The pipeline for the stand-ins, which have no CodeBuild.
    private static func adapted(_ input: JSON, to cloud: LocalCloud) throws -> JSON {
        var pipeline = try #require(input["pipeline"])
        pipeline["artifactStore"] = ["type": "S3", "location": .string(cloud.options.artifactBucket)]
        let stages = try #require(pipeline["stages"]?.array).map { stage in
            var stage = stage
            stage["actions"] = .array(
                (stage["actions"]?.array ?? []).map { action in
                    guard action["actionTypeId"]?["provider"]?.string == "CodeBuild" else { return action }
                    var action = action
                    action["actionTypeId"]?["owner"] = "Custom"
                    return action
                }
            )
            return stage
        }
        pipeline["stages"] = .array(stages)
        return ["pipeline": pipeline]
    }

    /// A worker that stands in for CodeBuild.
    private static func codeBuild(_ cloud: LocalCloud) throws -> JobWorker {
        let environment = try AWSEnvironment(cloud.environment)
        func aws(_ endpoint: String) throws -> AWSClientConfiguration {
            AWSClientConfiguration(
                region: cloud.options.region,
                credentials: environment.credentials,
                httpClient: try CurlHTTPClient(),
                endpoint: endpoint
            )
        }
        var configuration = JobWorker.Configuration()
        configuration.pollInterval = .milliseconds(100)
        return JobWorker(
            queue: CodePipeline(try aws(cloud.codePipelineURL)),
            actions: [.init(.init(category: .build, provider: "CodeBuild", version: "1"), handler: Build())],
            artifactStore: S3ArtifactStore(try aws(cloud.s3URL)),
            configuration: configuration,
            logger: Logger(label: "build") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}

/// Checks what CodeBuild would get: the source, the artifact, and the variables.
private struct Build: ActionHandler {
    struct Configuration: ActionConfiguration {
        let variables: [String: String]

        init(_ properties: ActionProperties) throws {
            struct Variable: Decodable {
                let name: String
                let value: String
            }
            let text = try properties.string("EnvironmentVariables")
            let list = try JSONDecoder().decode([Variable].self, from: Data(text.utf8))
            variables = Dictionary(list.map { ($0.name, $0.value) }) { first, _ in first }
        }
    }

    func run(_ configuration: Configuration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
        #expect(context.artifacts.inputs.map(\.name) == ["SourceOutput", "Sandbox"])
        let archive = try await context.artifacts.read(try #require(context.artifacts.inputs.last))
        let entry = try #require(ArtifactArchive.read(archive) { $0 == "sandbox.json" }.first)
        let sandbox = try JSON(parsing: entry.content)
        #expect(sandbox["id"]?.string == configuration.variables["SANDBOX_ID"])
        #expect(sandbox["name"]?.string == configuration.variables["SANDBOX_NAME"])
        #expect(sandbox["url"]?.string == configuration.variables["SANDBOX_URL"])
        #expect(sandbox["components"]?.array?.count == 1)
        return JobResult(summary: "Tested", outputVariables: ["TEST_RESULT": "passed"])
    }
}
