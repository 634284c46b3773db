import AWSLite
import Foundation
import LocalCloud
import QualiCore
import TestSupport
import Testing

@testable import worker

@Suite("The commands about action types", .timeLimit(.minutes(1)))
struct ActionsTests {
    @Test("install once, list, and uninstall")
    func installListUninstall() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            let none = try await program("actions", "list", environment: environment)
            #expect(none.output == "There are no custom action types.\n")

            let first = try await program(
                "actions",
                "install",
                "--portal-url",
                "https://portal.example.com",
                environment: environment
            )
            #expect(first.status == 0, "\(first)")
            #expect(
                first.output == """
                    created    Quali-Start-Sandbox, version 1 (Deploy)
                    created    Quali-Run-Command, version 1 (Test)
                    created    Quali-End-Sandbox, version 1 (Deploy)

                    """
            )
            let again = try await program(
                "actions",
                "install",
                environment: environment.merging(["CLOUDSHELL_URL": "https://portal.example.com:3443"]) { $1 }
            )
            #expect(again.status == 0)
            #expect(again.output.split(separator: "\n").allSatisfy { $0.hasPrefix("unchanged ") })

            let list = try await program("actions", "list", environment: environment)
            #expect(
                list.output == """
                    NAME                 VERSION  CATEGORY  IN   OUT  POLLED FOR
                    Quali-End-Sandbox    1        Deploy    0-1  0    yes
                    Quali-Run-Command    1        Test      0-1  0-1  yes
                    Quali-Start-Sandbox  1        Deploy    0    0-1  yes

                    """
            )
            let json = try JSON(
                parsing: Data(try await program("actions", "list", "--json", environment: environment).output.utf8)
            )
            #expect(json["schema_version"] == 1 && json["action_types"]?.array?.count == 3)
            #expect(
                json["action_types"]?.array?.first == [
                    "action_type": "Quali-End-Sandbox", "version": "1", "category": "Deploy", "min_inputs": 0,
                    "max_inputs": 1, "min_outputs": 0, "max_outputs": 0, "polled_for": true,
                ]
            )
            let removed = try await program("actions", "uninstall", "--yes", environment: environment)
            #expect(removed.status == 0)
            #expect(removed.output.split(separator: "\n").allSatisfy { $0.hasPrefix("deleted ") })
            let absent = try await program("actions", "uninstall", "--yes", environment: environment)
            #expect(absent.output.split(separator: "\n").allSatisfy { $0.hasPrefix("absent ") })
        }
    }

    /// Whether something was registered or deleted.
    private static func hasChanges(_ cloud: LocalCloud) -> Bool {
        !cloud.journal.entries { ["CreateCustomActionType", "DeleteCustomActionType"].contains($0.operation) }.isEmpty
    }

    @Test("say with --dry-run what would be done, and change nothing")
    func dryRun() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            let create = try await program("actions", "install", "--dry-run", environment: environment)
            #expect(create.status == 0, "\(create)")
            #expect(
                create.output.hasPrefix(
                    """
                    Nothing is changed. Without --dry-run:
                    create     Quali-Start-Sandbox, version 1 (Deploy)
                    create     Quali-Run-Command, version 1 (Test)
                    create     Quali-End-Sandbox, version 1 (Deploy)

                    """
                )
            )
            let absent = try await program("actions", "uninstall", "--dry-run", environment: environment)
            #expect(absent.output.contains("absent     Quali-Run-Command") && !absent.output.contains("ipeline"))
            #expect(!Self.hasChanges(cloud))

            _ = try await program("actions", "install", environment: environment)
            try DemoPipeline(names: QualiActions()).create(in: cloud)
            cloud.journal.removeAll()
            let unchanged = try await program("actions", "install", "--dry-run", environment: environment)
            #expect(unchanged.output.contains("unchanged  Quali-Run-Command"))
            let portal = ["--portal-url", "https://portal.example.com"]
            let differs = try await program(["actions", "install", "--dry-run"] + portal, environment: environment)
            #expect(differs.status == 65, "\(differs)")
            #expect(differs.output.contains("differs    Quali-Run-Command"))
            #expect(differs.errors.contains("none would be registered"))
            let delete = try await program("actions", "uninstall", "--dry-run", environment: environment)
            #expect(delete.status == 0, "\(delete)")
            #expect(delete.output.contains("\ndelete     Quali-Run-Command, version 1 (Test)\n"))
            #expect(delete.output.hasSuffix("\nPipelines that use them, and fail without them: Demo.\n"))
            #expect(!Self.hasChanges(cloud))
        }
    }

    @Test("ask before they delete, and name the pipelines that use the types")
    func question() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            _ = try await program("actions", "install", environment: environment)
            try DemoPipeline(names: QualiActions()).create(in: cloud)
            cloud.journal.removeAll()
            let unasked = try await program("actions", "uninstall", environment: environment)
            #expect(unasked.status == 64)
            #expect(
                unasked.errors == """
                    quali-worker: actions uninstall asks before it deletes anything, and its input is no terminal to ask \
                    at. Wanted: --yes.

                    """
            )
            func answer(_ text: String) async throws -> String {
                try await withTemporaryFolder { folder in
                    let run = try ProgramRun(
                        ["actions", "uninstall"],
                        environment: environment,
                        isAtTerminal: true,
                        in: folder
                    )
                    let question = try await run.output { $0.contains("Delete them? yes or no: ") }
                    #expect(question.contains("Pipelines that use them, and fail without them: Demo."), "\(question)")
                    try run.type(text)
                    return try await run.end().output
                }
            }
            #expect(try await answer("no\n").contains("Nothing was deleted."))
            #expect(!Self.hasChanges(cloud))
            #expect(try await answer("yes\n").contains("deleted    Quali-End-Sandbox"))
            #expect(cloud.journal.entries { $0.operation == "DeleteCustomActionType" }.count == 3)
        }
    }

    @Test("delete without knowing who uses the types, and say so once", arguments: ["ListPipelines", "GetPipeline"])
    func unknownUsers(operation: String) async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            for name in ["One", "Two"] {
                let actions = DemoPipeline(names: QualiActions()).steps.map(\.action)
                try cloud.create(VirtualPipeline(name, stages: [.init("Lab", actions)]))
            }
            let denial = Fault.status(400, code: "AccessDeniedException", message: "no")
            cloud.faults.inject(denial, on: operation, times: .max)
            let removed = try await program("actions", "uninstall", "--yes", environment: cloud.environment)
            #expect(removed.status == 0, "\(removed)")
            #expect(removed.output.split(separator: "\n").allSatisfy { $0.hasPrefix("deleted ") })
            let text = removed.errors.split { $0.isWhitespace }.joined(separator: " ")
            #expect(
                text == "It isn't known which pipelines use them: the AWS credentials lack codepipeline:\(operation)."
            )
        }
    }

    @Test("refuse another definition under the same version, with the difference and the way out")
    func differing() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            _ = try await program("actions", "install", environment: environment)
            let other = try await program(
                "actions",
                "install",
                "--portal-url",
                "https://portal.example.com",
                environment: environment
            )
            #expect(other.status == 65)
            #expect(other.output.contains("differs    Quali-Start-Sandbox"))
            #expect(other.output.contains("https://portal.example.com/RM/Diagram/Index/{ExternalExecutionId}"))
            #expect(other.errors.contains("--version"))
            let higher = try await program(
                "actions",
                "install",
                "--version",
                "2",
                "--portal-url",
                "https://portal.example.com",
                environment: environment.merging(["END_SANDBOX_ACTION_NAME": "Bye"]) { $1 }
            )
            #expect(higher.status == 0)
            #expect(higher.output.contains("created    Bye, version 2"))
        }
    }

    @Test("register none of a set where one differs")
    func allOrNone() async throws {
        try await LocalCloud.withRunning { cloud in
            let run = VirtualPipeline.ActionType(category: "Test", provider: "Quali-Run-Command", version: "1")
            try cloud.codePipeline.register(run, required: ["Other"])
            let refused = try await program("actions", "install", environment: cloud.environment)
            #expect(refused.status == 65)
            #expect(refused.output.contains("withheld   Quali-Start-Sandbox"))
            #expect(refused.output.contains("differs    Quali-Run-Command"))
            #expect(refused.errors.contains("none was registered"))
            let list = try await program("actions", "list", environment: cloud.environment)
            #expect(list.output.split(separator: "\n").count == 2, "\(list.output)")
        }
    }

    @Test("name what is registered when a later one is refused")
    func refusedHalfway() async throws {
        var options = LocalCloud.Options()
        options.codePipeline.actionTypeLimit = 2
        try await LocalCloud.withRunning(options) { cloud in
            let refused = try await program("actions", "install", environment: cloud.environment)
            #expect(refused.status == 69)
            #expect(refused.errors.contains("Quali-End-Sandbox, version 1 (Deploy) can't be registered"))
            #expect(refused.errors.contains("LimitExceededException"))
            #expect(
                refused.errors.contains(
                    "still there: Quali-Start-Sandbox, version 1 (Deploy); Quali-Run-Command, version 1 (Test)."
                )
            )
        }
    }

    @Test("advise a higher version where a deleted type may have this one")
    func deletedVersion() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            _ = try await program("actions", "install", environment: environment)
            _ = try await program("actions", "uninstall", "--yes", environment: environment)
            let linked = ["actions", "install", "--portal-url", "https://portal.example.com"]
            let refused = try await withTemporaryFolder {
                try await ProgramRun(linked, environment: environment, in: $0).end()
            }
            #expect(refused.status == 65, "\(refused)")
            #expect(refused.errors.contains("Quali-Start-Sandbox, version 1 (Deploy) can't be registered"))
            #expect(refused.errors.contains("ValidationException"))
            #expect(refused.errors.contains("choose a higher one"))
        }
    }

    @Test("export files that install again after an edit")
    func exportAndInstallFrom() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("new/definitions").path
            let export = try await program("actions", "export", path, "--version", "3")
            #expect(export.status == 0, "\(export)")
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            #expect(names == ["end-sandbox.json", "run-command.json", "start-sandbox.json"])
            let file = URL(fileURLWithPath: path).appendingPathComponent("start-sandbox.json")
            var names3 = QualiActions()
            names3.version = "3"
            let read = try JSONDecoder().decode(CodePipeline.CustomActionType.self, from: Data(contentsOf: file))
            #expect(read == names3.definitions()[0])

            let same = try await program("actions", "export", path, "--version", "3")
            #expect(same.output.split(separator: "\n").allSatisfy { $0.hasPrefix("unchanged ") })
            let text = try String(contentsOf: file, encoding: .utf8).replacing("Name or id", with: "Our name or id")
            try Data(text.utf8).write(to: file)
            let lossy = try await program("actions", "export", path, "--version", "3")
            #expect(lossy.status == 73)
            #expect(try String(contentsOf: file, encoding: .utf8) == text)

            try await LocalCloud.withRunning { cloud in
                let install = try await program("actions", "install", "--from", path, environment: cloud.environment)
                #expect(install.status == 0, "\(install)")
                #expect(install.output.split(separator: "\n").count == 3)
                let built = try await program("actions", "install", "--version", "3", environment: cloud.environment)
                #expect(built.status == 65)
                #expect(built.output.contains("'Our"))
            }
        }
    }

    @Test("install a folder's files under the version, names and portal of the command line")
    func overriding() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("definitions").path
            #expect(try await program("actions", "export", path, "--version", "3").status == 0)
            // A file is told by its name, and where that is another one by the name that it defines.
            try FileManager.default.moveItem(atPath: "\(path)/run-command.json", toPath: "\(path)/other.json")
            try await LocalCloud.withRunning { cloud in
                func install(_ arguments: String..., more: [String: String] = [:]) async throws -> ProgramRun.Ending {
                    let environment = cloud.environment.merging(more) { $1 }
                    let all = ["actions", "install", "--from", path] + arguments
                    return try await withTemporaryFolder {
                        try await ProgramRun(all, environment: environment, in: $0).end()
                    }
                }
                let names = ["--start-sandbox-action-name", "Up", "--run-command-action-name", "Do"]
                let over = try await install(
                    "--version",
                    "4",
                    "--portal-url",
                    "https://portal.example.com",
                    names[0],
                    names[1],
                    names[2],
                    names[3]
                )
                #expect(over.status == 0, "\(over)")
                #expect(over.output.contains("created    Up, version 4 (Deploy)"))
                #expect(over.output.contains("created    Do, version 4 (Test)"))
                #expect(over.output.contains("created    Quali-End-Sandbox, version 4 (Deploy)"))
                let types = try cloud.codePipeline.call("ListActionTypes", ["actionOwnerFilter": "Custom"])
                let links = (types?["actionTypes"]?.array ?? []).map { $0["settings"]?["entityUrlTemplate"]?.string }
                #expect(links == Array(repeating: "https://portal.example.com/", count: 3))
                // The environment is the workers': it overrides no file.
                let plain = try await install(more: ["JOB_WORKER_VERSION": "9", "END_SANDBOX_ACTION_NAME": "Bye"])
                #expect(plain.output.contains("created    Quali-End-Sandbox, version 3 (Deploy)"), "\(plain)")
                let wrong = try await install("--version", "no such version")
                #expect(wrong.status == 64 && wrong.errors.contains("JOB_WORKER_VERSION is 'no such version'"))
                let lab = try await install("--quali-lab-name", "berlin")
                #expect(lab.status == 64 && lab.errors.contains("leave --quali-lab-name out"))
                try FileManager.default.removeItem(atPath: "\(path)/end-sandbox.json")
                let absent = try await install("--end-sandbox-action-name", "Bye")
                #expect(absent.status == 64)
                #expect(absent.errors.contains("Wanted: a file end-sandbox.json"), "\(absent)")
            }
        }
    }

    @Test("name the file and the member that is wrong")
    func malformedFiles() async throws {
        try await withTemporaryFolder { folder in
            let settings = ["AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"]
            let empty = try await program("actions", "install", "--from", folder.path, environment: settings)
            #expect(empty.status == 65)
            _ = try folder.write("a.json", "{")
            _ = try folder.write("b.json", #"{"category": "Test", "provider": "x", "version": "1"}"#)
            _ = try folder.write(
                "c.json",
                """
                {"category": "Test", "provider": "x", "version": "1", "inputArtifactDetails":
                {"minimumCount": 0, "maximumCount": "one"}, "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 0}}
                """
            )
            let ending = try await program("actions", "install", "--from", folder.path, environment: settings)
            #expect(ending.status == 65)
            #expect(ending.errors.contains("a.json: "))
            #expect(ending.errors.contains("b.json: inputArtifactDetails is missing"))
            #expect(ending.errors.contains("c.json: inputArtifactDetails.maximumCount has the wrong type"))
        }
    }
}
