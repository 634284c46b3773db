import Foundation
import LocalCloud
import QualiCore
import Testing

@Suite("The three actions over HTTP", .timeLimit(.minutes(5)))
struct ActionTests {
    @Test func `start, run by name, run by pattern, run on the sandbox, end`() async throws {
        try await Site.withRunning { site in
            var byPattern = Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package": "nginx"}"#])
            byPattern.namespace = "byPattern"
            byPattern.name = "RunByPattern"
            var onSandbox = Site.runAction("SANDBOX", "health-check", ["ArgumentsJSON": #"{"Depth": 3, "Deep": true}"#])
            onSandbox.namespace = "onSandbox"
            onSandbox.name = "RunOnSandbox"
            onSandbox.outputs = ["Report"]
            var byVariable = Site.runAction("SANDBOX", "health-check", ["SandboxId": "#{lab.SandboxId}"], inputs: [])
            byVariable.namespace = "byVariable"
            byVariable.name = "RunByVariable"
            let end = try await site.pipeline(
                Site.startAction(["InputsJSON": #"{"Release": 2}"#]),
                byPattern,
                onSandbox,
                byVariable,
                Site.endAction(["WaitForTeardown": "true"])
            )
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")

            let start = try #require(end.action("Start"))
            let sandbox = try #require(site.lab.sandboxes.first)
            #expect(site.lab.sandboxes.count == 1)
            #expect(start.externalExecutionID == sandbox.id)
            #expect(start.externalExecutionURL == "https://portal.example/RM/Diagram/Index/\(sandbox.id)")
            #expect(start.outputVariables["SandboxId"] == sandbox.id)
            #expect(start.outputVariables["SandboxName"] == sandbox.name)
            #expect(sandbox.name == SandboxTag(actionExecutionID: start.id).name(for: "Web lab - CodePipeline"))
            #expect(sandbox.inputs.contains { $0 == ("Release", "2") })

            let pattern = try #require(end.action("RunByPattern"))
            #expect(pattern.outputVariables["CommandOutput"]?.contains("nginx") == true)
            let executions = site.lab.executions
            #expect(executions.count == 3)
            #expect(executions.first?.parameters == ["Package": "nginx"])
            #expect(executions[1].parameters == ["Deep": "true", "Depth": "3"])
            #expect(pattern.outputVariables["ExecutionId"] == executions.first?.id)
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test func `a connected command is started with the tag that the lab lists`() async throws {
        try await Site.withRunning { site in
            var blueprint = try #require(site.lab.blueprints.first { $0.name == "Web lab" })
            let place = try #require(blueprint.components.firstIndex { $0.name == "core-switch" })
            blueprint.components[place].commands.append(LabCommand(name: "cycle", duration: .zero, tag: "power"))
            site.lab.add(blueprint)
            let end = try await site.pipeline(
                Site.startAction(),
                Site.runAction("core-switch", "cycle"),
                Site.endAction()
            )
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            let execution = try #require(site.lab.executions(of: "cycle", on: "core-switch").first)
            let body = try JSON(parsing: execution.body)
            // No ports mean all that are connected.
            #expect(body["command_tag"] == "power" && body["connected_ports_full_path"] == [])
        }
    }

    @Test func `a component is found by its model`() async throws {
        try await Site.withRunning { site in
            let install = Site.runAction(
                "model:Generic App Model",
                "install",
                ["ArgumentsJSON": #"{"Package": "nginx"}"#]
            )
            let end = try await site.pipeline(Site.startAction(), install, Site.endAction())
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            #expect(site.lab.executions(of: "install", on: "web-server").count == 1)
        }
    }

    @Test func `permitted users are permitted, and who has no access to the domain is refused with advice`()
        async throws
    {
        try await Site.withRunning { site in
            let owner = site.cloud.options.labAccount.username
            for (name, domains) in [("anna", ["Global"]), ("ben", ["Global", "Other"]), ("carl", ["Other"])] {
                site.lab.add(LabAccount(username: name, password: name, domains: domains))
            }
            let end = try await site.pipeline(
                Site.startAction(["OptionsJSON": #"{"PermittedUsers": ["anna", "ben"]}"#]),
                Site.endAction()
            )
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            #expect(site.lab.sandboxes.map(\.permittedUsers) == [[owner, "anna", "ben"]])
            let refused = try await site.pipeline(Site.startAction(["OptionsJSON": #"{"PermittedUsers": ["carl"]}"#]))
            let start = try #require(refused.action("Start"))
            #expect(start.errorCode == "ConfigurationError")
            #expect(
                start.errorMessage?.contains("each of 'PermittedUsers' needs access to the worker's domain") == true
            )
            #expect(site.lab.sandboxes.count == 1)
            _ = try await site.pipeline(Site.startAction(), Site.endAction())
            #expect(site.lab.sandboxes.last?.permittedUsers == [owner])
        }
    }

    @Test func `a failed command that may fail lets the pipeline go on to the end of its sandbox`() async throws {
        try await Site.withRunning { site in
            let run = Site.runAction("web-server.*", "fail", ["OnCommandFailure": "Continue"])
            let end = try await site.pipeline(Site.startAction(), run, Site.endAction())
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            #expect(end.action("Run")?.outputVariables["CommandStatus"] == "Failed")
            #expect(end.action("Run")?.outputVariables["CommandOutput"] == "disk full")
            #expect(end.action("Run")?.summary?.hasPrefix("The command failed, and the action goes on") == true)
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test func `the artifact has the details as they are once the sandbox is ready, and no password`() async throws {
        try await Site.withRunning { site in
            for (format, isJSON) in [("zip", false), ("json", true)] {
                let end = try await site.pipeline(Site.startAction(["ArtifactFormat": format]), Site.endAction())
                let start = try #require(end.action("Start"))
                let stored = try #require(site.cloud.artifact("Sandbox", of: start))
                let json = isJSON ? stored : try ArtifactArchive.read(stored) { $0 == "sandbox.json" }[0].content
                let text = String(decoding: json, as: UTF8.self)
                #expect(text.contains("Deployed"))
                #expect(text.contains("10.0.0.2"))
                #expect(text.contains("web-server_") || text.contains("web-server-"))
                #expect(!text.contains("s3cret-of-the-web"))
                let object = try JSONSerialization.jsonObject(with: json) as? [String: Any]
                #expect(object?["id"] as? String == start.externalExecutionID)
                #expect(object?["state"] as? String == "Ready")
            }
        }
    }

    @Test(arguments: ["Über lab | [v1.2]/α #1?", "a b", "100%"])
    func `a blueprint's name may hold any character`(name: String) async throws {
        try await Site.withRunning(blueprints: [Site.blueprint(name)]) { site in
            let end = try await site.pipeline(Site.startAction(["BlueprintName": name]), Site.endAction())
            #expect(end.status == "Succeeded")
        }
    }

    @Test func `a blueprint may be named by its id`() async throws {
        var blueprint = Site.blueprint()
        blueprint.id = "c6abccb6-71eb-423b-b754-477c11d6bc2a"
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(Site.startAction(["BlueprintName": blueprint.id]), Site.endAction())
            #expect(end.status == "Succeeded")
        }
    }

    @Test func `the command's output becomes summary, variable and artifact`() async throws {
        try await Site.withRunning { site in
            let run = Site.runAction(
                "web-server.*",
                "install",
                ["ArgumentsJSON": #"{"Package":"é"}"#],
                outputs: ["Out"]
            )
            let end = try await site.pipeline(Site.startAction(), run, Site.endAction())
            let action = try #require(end.action("Run"))
            #expect(action.summary?.contains("é") == true)
            let stored = try #require(site.cloud.artifact("Out", of: action))
            let files = try ArtifactArchive.read(stored) { _ in true }
            #expect(files.map(\.path) == ["output.txt", "execution.json"])
            #expect(String(decoding: files[0].content, as: UTF8.self) == action.outputVariables["CommandOutput"])
        }
    }

    @Test func `a failed command fails its action with its output`() async throws {
        try await Site.withRunning { site in
            let end = try await site.pipeline(Site.startAction(), Site.runAction("web-server.*", "fail"))
            let run = try #require(end.action("Run"))
            #expect(run.status == "Failed")
            #expect(run.errorCode == "JobFailed")
            #expect(run.errorMessage?.contains("ended as 'Failed'. Its output:\ndisk full") == true)
            #expect(run.externalExecutionID == site.lab.sandboxes.first?.id)
        }
    }

    @Test func `a command that takes too long is cancelled and fails its action`() async throws {
        try await Site.withRunning { site in
            let end = try await site.pipeline(
                Site.startAction(),
                Site.runAction("web-server.*", "hang", ["TimeoutInMinutes": "1"])
            )
            let run = try #require(end.action("Run"))
            #expect(run.status == "Failed")
            #expect(run.errorMessage?.contains("did not end within 1 minute, so it was cancelled") == true)
            let execution = try #require(site.lab.executions.first)
            #expect(execution.status == .cancelled)
        }
    }

    @Test func `a failed setup fails at once with the lab's words, and the sandbox is ended`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .fails(
            at: .connectivity,
            events: ["'Connect' on 'core-switch' failed"],
            after: .milliseconds(10)
        )
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(Site.startAction())
            let start = try #require(end.action("Start"))
            #expect(start.errorCode == "JobFailed")
            #expect(start.errorMessage?.contains("in its stage 'Connectivity'") == true)
            #expect(start.errorMessage?.contains("'Connect' on 'core-switch' failed") == true)
            #expect(start.errorMessage?.contains("being ended") == true)
            #expect(start.externalExecutionID == site.lab.sandboxes.first?.id)
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test func `a failed setup's sandbox is kept if that is wanted`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .fails(after: .milliseconds(10))
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(Site.startAction(["OnSetupFailure": "keep"]))
            let message = end.action("Start")?.errorMessage
            let words = "is kept ('OnSetupFailure' or propertyDefaults (OnSetupFailure) is 'Keep')"
            #expect(message?.contains(words) == true)
            #expect(site.lab.sandboxesNotStopped.count == 1)
        }
    }

    @Test func `a setup that takes too long fails, and the sandbox is ended`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .neverEnds
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(Site.startAction(["SetupTimeoutInMinutes": "1"]))
            #expect(end.action("Start")?.errorMessage?.contains("not ready within 1 minute") == true)
            #expect(end.action("Start")?.errorMessage?.contains("propertyDefaults (SetupTimeoutInMinutes)") == true)
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test func `resources that are taken are waited for, if that is wanted`() async throws {
        var blueprint = Site.blueprint()
        blueprint.conflicts = 2
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let refused = try await site.pipeline(Site.startAction())
            #expect(refused.action("Start")?.errorCode == "JobFailed")
            #expect(refused.action("Start")?.errorMessage?.contains("conflicting resources") == true)
            #expect(refused.action("Start")?.errorMessage?.contains("WaitForResourcesInMinutes") == true)
            let waited = try await site.pipeline(Site.startAction(["WaitForResourcesInMinutes": "30"]))
            #expect(waited.status == "Succeeded")
            #expect(site.lab.sandboxes.count == 1)
        }
    }

    @Test func `ending a sandbox twice is a success`() async throws {
        try await Site.withRunning { site in
            var again = Site.endAction(["WaitForTeardown": "true"])
            again.name = "Again"
            let end = try await site.pipeline(Site.startAction(), Site.endAction(), again)
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
        }
    }

    @Test func `ending a sandbox that the lab has forgotten is a success`() async throws {
        var options = LocalCloud.Options()
        options.lab.afterEnd = .notFound
        try await Site.withRunning(options) { site in
            var again = Site.endAction()
            again.name = "Again"
            let end = try await site.pipeline(Site.startAction(), Site.endAction(["WaitForTeardown": "yes"]), again)
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
        }
    }

    @Test func `teardown errors are reported, but earlier errors are not taken for them`() async throws {
        var blueprint = Site.blueprint()
        blueprint.teardown = .fails(
            events: ["'Teardown' Blueprint command failed: power still on"],
            after: .milliseconds(10)
        )
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(Site.startAction(), Site.endAction(["WaitForTeardown": "true"]))
            let action = try #require(end.action("End"))
            #expect(action.errorCode == "JobFailed")
            #expect(action.errorMessage?.contains("power still on") == true)
        }
        var broken = Site.blueprint()
        broken.setup = .fails(events: ["setup broke"], after: .milliseconds(10))
        try await Site.withRunning(blueprints: [broken]) { site in
            _ = try await site.pipeline(Site.startAction(["OnSetupFailure": "Keep"]))
            let id = try #require(site.lab.sandboxes.first?.id)
            let end = try await site.pipeline(Site.endAction(["WaitForTeardown": "true", "SandboxId": id], inputs: []))
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
        }
    }

    @Test func `a teardown that takes too long fails`() async throws {
        var blueprint = Site.blueprint()
        blueprint.teardown = .neverEnds
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(
                Site.startAction(),
                Site.endAction(["WaitForTeardown": "true", "TeardownTimeoutInMinutes": "1"])
            )
            #expect(end.action("End")?.errorMessage?.contains("did not end within 1 minute") == true)
            #expect(end.action("End")?.errorMessage?.contains("propertyDefaults (TeardownTimeoutInMinutes)") == true)
        }
    }

    @Test func `an artifact of the original worker, raw JSON, is read`() async throws {
        try await Site.withRunning { site in
            let end = try await site.pipeline(
                Site.startAction(["ArtifactFormat": "json"]),
                Site.runAction("SANDBOX", "health-check"),
                Site.endAction()
            )
            #expect(end.status == "Succeeded")
        }
    }

    @Test func `actions that run at once share one worker`() async throws {
        try await Site.withRunning { site in
            let executions = try (0..<20).map { _ in
                try site.begin([Site.startAction(), Site.runAction("SANDBOX", "health-check"), Site.endAction()])
            }
            for execution in executions {
                let end = try await site.cloud.codePipeline.end(of: execution)
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            }
            #expect(site.lab.sandboxes.count == 20)
            #expect(Set(site.lab.sandboxes.map(\.name)).count == 20)
        }
    }

    @Test func `a worker that runs refuses a second run, and stays at its lab`() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(Site.blueprint())
            let (worker, log) = try await Site.makeWorker(cloud)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await worker.run() }
                _ = try await cloud.journal.first("PollForJobs")
                await #expect(throws: WorkerIsRunning.self) { try await worker.run() }
                let end = try await Site(cloud: cloud, log: log).pipeline(Site.startAction(), Site.endAction())
                #expect(end.status == "Succeeded")
                tasks.cancelAll()
            }
            // Once it has ended, it may run again.
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await worker.run() }
                let end = try await Site(cloud: cloud, log: log).pipeline(Site.startAction())
                #expect(end.status == "Succeeded")
                tasks.cancelAll()
            }
        }
    }
}
