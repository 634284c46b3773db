import Foundation
import LocalCloud
import Testing

@Suite("Lab: commands and executions", .timeLimit(.minutes(1)))
struct LabCommandTests {
    private static func blueprint(_ commands: LabCommand...) -> LabBlueprint {
        LabBlueprint(
            name: "Web",
            components: [LabComponent(name: "switch", kind: .resource, model: "Switch", commands: commands)],
            commands: commands
        )
    }

    @Test("An execution goes from Pending over Running to its end, with its output as it is")
    func walk() async throws {
        var build = LabCommand(name: "build it", duration: .seconds(5), outcome: .completed("a\r\n<b>ü</b>\n"))
        build.pending = .seconds(2)
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(build)])
        let id = try await caller.ready()
        let reply = await caller.post("/sandboxes/\(id)/commands/build%20it/start").json
        let execution = try #require(reply["executionId"]?.string)
        #expect(reply["supports_cancellation"] == true && reply["id"] == nil)
        #expect(await caller.get("/executions/\(execution)").json["started"] == "")
        #expect(await caller.status(execution) == "Pending")
        caller.lab.advance(by: .seconds(2))
        let running = await caller.get("/executions/\(execution)")
        #expect(running.json["status"] == "Running" && running.json["_links"]?["stop"] != nil)
        #expect(running.text.contains("\"output\":null"))
        caller.lab.advance(by: .seconds(5))
        let done = await caller.get("/executions/\(execution)").json
        #expect(done["status"] == "Completed" && done["output"] == "a\r\n<b>ü</b>\n")
        #expect(done["started"] == "2017-07-14T02:41:02Z" && done["ended"] == "2017-07-14T02:41:07Z")
        #expect(done["_links"]?["stop"] == nil)
    }

    @Test("Every outcome has its status and output")
    func outcomes() async throws {
        let caller = try await LabCaller.make(blueprints: [
            Self.blueprint(
                LabCommand(name: "echo"),
                LabCommand(name: "fail", outcome: .failed("no")),
                LabCommand(name: "add", outcome: .answers { "\($0["a"] ?? "")+\($0["b"] ?? "")" }),
                LabCommand(name: "odd", outcome: .ends(status: "Error", output: "odd")),
                LabCommand(name: "silent", outcome: .completed(nil)),
                LabCommand(name: "never", outcome: .never)
            )
        ]) { $0.sandboxCommands = .allowed }
        let id = try await caller.ready()
        let params: JSON = ["params": [["name": "a", "value": "1"], ["name": "b", "value": "2"]]]
        var seen: [String] = []
        for name in ["echo", "fail", "add", "odd", "silent", "never"] {
            let execution = try await caller.run("/sandboxes/\(id)/commands/\(name)", params)
            caller.lab.advance(by: .seconds(1))
            let reply = await caller.get("/executions/\(execution)").json
            seen.append("\(reply["status"]?.string ?? "") \(reply["output"]?.string ?? "-")")
        }
        #expect(
            seen == ["Completed echo a=1 b=2", "Failed no", "Completed 1+2", "Error odd", "Completed -", "Running -"]
        )
        let errors = await caller.get("/sandboxes/\(id)/activity?error_only=true").json["events"]?.array
        #expect(errors?.count == 1 && errors?.first?["output"] == "no")
    }

    @Test("Mandatory parameters must be there; a sandbox that ends takes no commands")
    func refused() async throws {
        let deploy = LabCommand(name: "deploy", params: [.init("Version", isMandatory: true), .init("May")])
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(deploy)])
        let id = try await caller.ready()
        for body: JSON? in [nil, ["params": []], ["params": [["name": "Version", "value": ""]]]] {
            let reply = await caller.post("/sandboxes/\(id)/commands/deploy/start", body)
            #expect(reply.status == 400)
            #expect(reply.message == "No values were provided for the following mandatory inputs: {Version}")
        }
        let body: JSON = ["params": [["name": "Version", "value": "1"]]]
        #expect(await caller.post("/sandboxes/\(id)/commands/undeploy/start", body).status == 404)
        _ = await caller.post("/sandboxes/\(id)/stop")
        #expect(await caller.post("/sandboxes/\(id)/commands/deploy/start", body).status == 400)
        #expect(caller.lab.executions.isEmpty)
    }

    @Test("Executions are recorded with what was sent; printed output is in the console")
    func recorded() async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(LabCommand(name: "echo", tag: "power"))])
        let id = try await caller.ready()
        let component = try #require(caller.lab.sandbox(id: id)?.components.first?.id)
        let path = "/sandboxes/\(id)/components/\(component)/commands/echo"
        #expect(await caller.get(path).json["command_tag"] == "power")
        #expect(await caller.post("\(path)/start", ["command_tag": "remote_echo"]).status == 404)
        _ = try await caller.run(
            path,
            ["command_tag": "power", "params": [["name": "x y", "value": "1 2"]], "printOutput": true]
        )
        caller.lab.advance(by: .seconds(1))
        let execution = try #require(caller.lab.executions(of: "echo", on: "switch").first)
        #expect(execution.parameters == ["x y": "1 2"] && execution.printOutput == true && execution.user == "admin")
        #expect(execution.sandboxID == id && execution.status == .completed)
        #expect(caller.lab.sandbox(id: id)?.lines.last?.text == "echo x y=1 2")
        #expect(caller.lab.executions(of: "echo", on: "router").isEmpty)
    }

    @Test("A command's history shows its own executions, as many as the lab keeps", arguments: [nil, 1, 0])
    func history(depth: Int?) async throws {
        let caller = try await LabCaller.make(
            blueprints: [Self.blueprint(LabCommand(name: "echo"), LabCommand(name: "other"))]
        ) { $0.executionHistoryDepth = depth }
        let id = try await caller.ready()
        for name in ["echo", "other", "echo"] { _ = try await caller.run("/sandboxes/\(id)/commands/\(name)") }
        let ids = caller.lab.executions(of: "echo").map(\.id)
        let history = await caller.get("/sandboxes/\(id)/commands/echo").json["executions"]?.array
        #expect(history?.compactMap { $0["id"]?.string } == Array(ids.suffix(depth ?? 2)))
        let names = await caller.get("/sandboxes/\(id)/commands").json.array?.compactMap { $0["name"]?.string }
        #expect(names == ["Setup", "Teardown", "echo", "other"])
    }

    @Test("Setup and Teardown are among a sandbox's commands, unless the release hides them", arguments: [true, false])
    func orchestration(isListed: Bool) async throws {
        let caller = try await LabCaller.make { $0.listsOrchestration = isListed }
        let id = try await caller.ready()
        #expect(await caller.get("/sandboxes/\(id)/commands").json.array?.count == (isListed ? 2 : 0))
        #expect(await caller.get("/sandboxes/\(id)/commands/Setup").status == (isListed ? 200 : 404))
        guard isListed else { return }
        let execution = try await caller.run("/sandboxes/\(id)/commands/Setup")
        #expect(await caller.delete("/executions/\(execution)").status == 400)
        caller.lab.advance(by: .seconds(1))
        #expect(await caller.status(execution) == "Completed")
        #expect(await caller.state(id) == "Ready")
    }

    @Test("A connected command isn't started without its tag, unless the release takes it", arguments: [true, false])
    func connected(isWanted: Bool) async throws {
        let command = LabCommand(name: "cycle", tag: "power")
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(command)]) { $0.wantsCommandTags = isWanted }
        let id = try await caller.ready()
        let component = try #require(caller.lab.sandbox(id: id)?.components.first?.id)
        let path = "/sandboxes/\(id)/components/\(component)/commands/cycle"
        #expect(await caller.post("\(path)/start").status == (isWanted ? 400 : 200))
        _ = try await caller.run(path, ["command_tag": "power"])
    }

    @Test("Cancelling what is over changes nothing, and is a success or not", arguments: [true, false])
    func lateCancellation(refuses: Bool) async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(LabCommand(name: "go"))]) {
            $0.refusesLateCancellation = refuses
        }
        let id = try await caller.ready()
        let execution = try await caller.run("/sandboxes/\(id)/commands/go")
        caller.lab.advance(by: .seconds(1))
        let reply = await caller.delete("/executions/\(execution)")
        #expect(reply.status == (refuses ? 400 : 200) && (refuses || reply.json["result"] == "success"))
        #expect(await caller.status(execution) == "Completed")
    }

    @Test("A cancelled execution is Stopping for a while, then Cancelled, in the release's spelling")
    func cancellation() async throws {
        let caller = try await LabCaller.make(
            blueprints: [Self.blueprint(LabCommand(name: "never", outcome: .never))]
        ) {
            $0.cancellationTime = .seconds(3)
            $0.statusNames = [.cancelled: "canceled"]
        }
        let id = try await caller.ready()
        let execution = try await caller.run("/sandboxes/\(id)/commands/never")
        #expect(await caller.delete("/executions/\(execution)").json["result"] == "success")
        #expect(await caller.status(execution) == "Stopping")
        caller.lab.advance(by: .seconds(3))
        #expect(await caller.status(execution) == "canceled")
    }

    @Test("What can't be cancelled isn't, said or not", arguments: [true, false])
    func futileCancellation(refuses: Bool) async throws {
        let command = LabCommand(name: "go", isCancellable: false)
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(command)]) {
            $0.refusesFutileCancellation = refuses
        }
        let id = try await caller.ready()
        let execution = try await caller.run("/sandboxes/\(id)/commands/go")
        let reply = await caller.get("/executions/\(execution)").json
        #expect(reply["supports_cancellation"] == false && reply["_links"]?["stop"] == nil)
        #expect(await caller.delete("/executions/\(execution)").status == (refuses ? 400 : 200))
        caller.lab.advance(by: .seconds(1))
        #expect(await caller.status(execution) == "Completed")
    }

    @Test(
        "A second command of a sandbox waits, is refused or runs",
        arguments: [LabBehavior.Concurrency.queued, .refused, .allowed]
    )
    func concurrency(_ mode: LabBehavior.Concurrency) async throws {
        let command = LabCommand(name: "go", duration: .seconds(10))
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(command)]) { $0.sandboxCommands = mode }
        let id = try await caller.ready()
        let first = try await caller.run("/sandboxes/\(id)/commands/go")
        caller.lab.advance(by: .seconds(1))
        let second = await caller.post("/sandboxes/\(id)/commands/go/start")
        #expect(second.status == (mode == .refused ? 400 : 200))
        guard let other = second.json["executionId"]?.string else { return }
        caller.lab.advance(by: .seconds(8))
        #expect(await caller.status(first) == "Running")
        #expect(await caller.status(other) == (mode == .queued ? "Pending" : "Running"))
        caller.lab.advance(by: .seconds(5))
        #expect(await caller.status(other) == (mode == .queued ? "Running" : "Completed"))
        caller.lab.advance(by: .seconds(10))
        #expect(await caller.status(other) == "Completed")
    }

    @Test("A sandbox's end breaks off what runs, and keeps what was through before it")
    func sandboxEnds() async throws {
        let caller = try await LabCaller.make(
            blueprints: [Self.blueprint(LabCommand(name: "never", outcome: .never), LabCommand(name: "echo"))]
        ) { $0.sandboxCommands = .allowed }
        let id = try await caller.ready()
        let never = try await caller.run("/sandboxes/\(id)/commands/never")
        let echo = try await caller.run("/sandboxes/\(id)/commands/echo")
        // Two hours pass unseen: the command was through long before the sandbox's time was over.
        caller.lab.advance(by: .seconds(7_200))
        #expect(await caller.status(never) == "Stopped")
        #expect(await caller.status(echo) == "Completed")
    }

    @Test("A wait for an execution ends when it's as wanted")
    func waiting() async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint(LabCommand(name: "echo"))])
        let lab = caller.lab
        let id = try await caller.ready()
        async let done = lab.firstExecution { $0.status == .completed }
        let execution = try await caller.run("/sandboxes/\(id)/commands/echo")
        lab.advance(by: .seconds(1))
        #expect(try await done.id == execution)
    }

    @Test("Bodies of requests that need none are kept")
    func needlessBodies() async throws {
        let caller = try await LabCaller.make()
        let id = try await caller.ready()
        _ = await caller.post("/sandboxes/\(id)/stop", ["x": 1])
        #expect(caller.lab.needlessBodies.map(\.operation) == ["stopSandbox"])
    }
}
