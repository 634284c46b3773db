import AWSLite
import Foundation
import LocalCloud
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("The inventory of sandboxes", .timeLimit(.minutes(5)))
struct SandboxInventoryTests {
    /// A sandbox whose tag is none of this account's.
    private static let strangersName = SandboxTag(actionExecutionID: UUID().uuidString).name(for: "Strange")

    @Test func `tells orphans from sandboxes in use, from those that end, and from those of others`() async throws {
        try await SandboxStand.run { stand in
            let running = try stand.begin("Running")
            let stopped = try stand.begin("Stopped")
            let over = try stand.begin("Over")
            let used = try await stand.start(of: running)
            let orphan = try await stand.start("Left behind", of: stopped)
            let ending = try await stand.start(of: over)
            let stranger = try await stand.start(Self.strangersName)
            let foreign = try await stand.start("Somebody's lab")
            let original = try await stand.start("Web lab - CodePipeline")
            try stand.cloud.codePipeline.stop(stopped.id, abandon: true)
            try stand.succeed(over, ["SandboxId": ending.id.uppercased()])
            try await stand.client.stopSandbox(id: ending.id)

            let listing = try await stand.inventory.take()
            #expect(listing.sandboxes.map(\.id) == [orphan.id, used.id, ending.id, stranger.id])
            #expect(listing.sandboxes.map(\.standing) == [.orphan, .inUse, .ending, .unproven])
            #expect(Set(listing.foreign.map(\.id)) == [foreign.id, original.id])
            #expect(listing.startedByOriginal.map(\.id) == [original.id])
            #expect(listing.missingRights.isEmpty)
            guard case .proven(let origin, let status) = listing.sandboxes[0].verdict else {
                Issue.record("\(listing)")
                return
            }
            #expect(status == .stopped)
            #expect(origin.actionStatus == .abandoned)
            #expect(origin.actionExecutionID == stopped.action("Start")?.id)
            #expect(
                origin.place
                    == JobPlace(pipeline: "Stopped", stage: "Lab", action: "Start", pipelineExecutionID: stopped.id)
            )
            #expect(listing.sandboxes[0].blueprint == "Web lab")
            #expect(listing.sandboxes[0].startedAt == orphan.startTime)
            #expect(listing.sandboxes[3].verdict == .unproven(.unexplained))
            #expect(stand.calls == ["ListPipelines": 1, "ListActionExecutions": 3, "GetPipelineExecution": 3])
        }
    }

    @Test func `calls an orphan what a failed or finished execution has left`() async throws {
        try await SandboxStand.run { stand in
            let failed = try stand.begin("Failed")
            let finished = try stand.begin("Finished")
            _ = try await stand.start(of: failed)
            let sandbox = try await stand.start(of: finished)
            try stand.fail(failed)
            try stand.succeed(finished, ["SandboxId": sandbox.id])
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.orphan, .orphan])
        }
    }

    @Test func `doesn't ask AWS where no sandbox has a tag`() async throws {
        try await SandboxStand.run { stand in
            _ = try stand.begin("Running")
            #expect(try await stand.inventory.take().sandboxes.isEmpty)
            _ = try await stand.start("Somebody's lab")
            let listing = try await stand.inventory.take()
            #expect(listing.sandboxes.isEmpty)
            #expect(listing.foreign.count == 1)
            #expect(stand.calls.isEmpty)
        }
    }

    @Test func `looks at no more pipelines once every tag is explained`() async throws {
        try await SandboxStand.run { stand in
            let first = try stand.begin("A")
            for number in 1...20 { try stand.create("B\(number)") }
            _ = try await stand.start(of: first)
            stand.cloud.faults.inject(.hang, on: "ListActionExecutions", times: .max) {
                String(decoding: $0.body, as: UTF8.self).contains("\"B")
            }
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.inUse])
            #expect(stand.calls["ListActionExecutions", default: 0] <= TagSearch.width)
        }
    }

    @Test func `reads no executions that are older than every sandbox`() async throws {
        try await SandboxStand.run { stand in
            for _ in 0..<60 { _ = try stand.begin("Old") }
            stand.cloud.advance(by: .seconds(10 * 86_400))
            _ = try await stand.start(Self.strangersName)
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.unproven])
            // There are 120 runs of actions, of which a page has 100.
            #expect(stand.calls["ListActionExecutions"] == 1)
        }
    }

    @Test func `reads all pages while a tag may still be explained`() async throws {
        try await SandboxStand.run { stand in
            let first = try stand.begin("Busy")
            for _ in 0..<60 { _ = try stand.begin("Busy") }
            _ = try await stand.start(of: first)
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.inUse])
            #expect(stand.calls["ListActionExecutions"] == 2)
        }
    }

    @Test(arguments: ["ListPipelines", "ListActionExecutions", "GetPipelineExecution"])
    func `proves nothing without a right, and says which`(operation: String) async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Stopped")
            let sandbox = try await stand.start(of: execution)
            try stand.cloud.codePipeline.stop(execution.id, abandon: true)
            stand.deny(operation)
            let listing = try await stand.inventory.take()
            #expect(listing.sandboxes.map(\.standing) == [.unproven])
            #expect(listing.sandboxes.map(\.verdict) == [.unproven(.rightsMissing(["codepipeline:\(operation)"]))])
            #expect(listing.missingRights == ["codepipeline:\(operation)"])
            await #expect(throws: SandboxInventory.Refusal.self) {
                try await stand.inventory.choose([sandbox.id], from: listing, force: true)
            }
        }
    }

    @Test func `proves what it can where it may look at some pipelines alone`() async throws {
        try await SandboxStand.run { stand in
            let open = try stand.begin("Open")
            let closed = try stand.begin("Closed")
            _ = try await stand.start(of: open)
            _ = try await stand.start(of: closed)
            stand.deny("ListActionExecutions") { String(decoding: $0.body, as: UTF8.self).contains("Closed") }
            let listing = try await stand.inventory.take()
            #expect(listing.sandboxes.map(\.standing) == [.inUse, .unproven])
        }
    }

    @Test func `survives throttling, and fails where AWS doesn't answer`() async throws {
        try await SandboxStand.run { stand in
            _ = try await stand.start(of: try stand.begin("Running"))
            stand.cloud.faults.inject(.status(400, code: "ThrottlingException"), service: "codepipeline", times: 2)
            #expect(try await stand.inventory.take().sandboxes.map(\.standing) == [.inUse])
            stand.cloud.faults.inject(.status(500), on: "ListActionExecutions", times: .max)
            await #expect(throws: AWSError.self) { try await stand.inventory.take() }
        }
    }

    @Test func `takes no copy of a sandbox for ours`() async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Nightly")
            let sandbox = try await stand.start(of: execution)
            let copy = try await stand.start(of: execution)
            #expect(
                try await stand.inventory.take().sandboxes.map(\.verdict) == [.unproven(.twins), .unproven(.twins)]
            )
            try stand.succeed(execution, ["SandboxId": sandbox.id])
            let listing = try await stand.inventory.take()
            #expect(listing.sandboxes.map(\.id) == [sandbox.id, copy.id])
            #expect(listing.sandboxes[1].verdict == .unproven(.otherSandbox(sandbox.id)))
        }
    }

    @Test func `ends orphans by id and by name, and takes it well when somebody else does`() async throws {
        try await SandboxStand.run { stand in
            let executions = try (1...3).map { try stand.begin("P\($0)") }
            var sandboxes: [Sandbox] = []
            for execution in executions {
                sandboxes.append(try await stand.start("Lab \(execution.pipeline)", of: execution))
                try stand.cloud.codePipeline.stop(execution.id, abandon: true)
            }
            let listing = try await stand.inventory.take()
            let names = [sandboxes[0].id.uppercased(), sandboxes[1].name, sandboxes[0].name, sandboxes[2].id]
            let choice = try await stand.inventory.choose(names, from: listing, force: false)
            #expect(choice.sandboxes.map(\.id) == sandboxes.map(\.id))
            try await stand.client.stopSandbox(id: sandboxes[2].id)
            let endings = try await stand.inventory.end(choice.sandboxes, force: false)
            #expect(choice.sandboxes.map { endings[$0] } == [.begun, .begun, .alreadyEnding])
            #expect(stand.unstopped.isEmpty)
            let ending = try await stand.inventory.take()
            #expect(ending.sandboxes.map(\.standing) == [.ending, .ending, .ending])
            let again = try await stand.inventory.choose([sandboxes[0].id], from: ending, force: false)
            #expect(try await stand.inventory.end(again.sandboxes, force: false).values.map(\.self) == [.alreadyEnding])
            stand.cloud.advance(by: .seconds(7_200))
            let ended = try await stand.inventory.take()
            #expect(ended.sandboxes.isEmpty)
            let last = try await stand.inventory.choose([sandboxes[0].name], from: ended, force: false)
            #expect(last.ended.map(\.id) == [sandboxes[0].id])
        }
    }

    @Test func `ends a sandbox that the lab doesn't end at once`() async throws {
        try await SandboxStand.run {
            $0.lab.failingStops = 1
        } _: { stand in
            let execution = try stand.begin("Stopped")
            _ = try await stand.start(of: execution)
            try stand.cloud.codePipeline.stop(execution.id, abandon: true)
            let orphans = try await stand.inventory.take().sandboxes
            #expect(try await stand.inventory.end(orphans, force: false).values.map(\.self) == [.begun])
            #expect(stand.unstopped.isEmpty)
        }
    }

    @Test func `leaves alone an orphan whose execution goes on again`() async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Failed")
            let sandbox = try await stand.start(of: execution)
            try stand.fail(execution)
            let orphans = try await stand.inventory.take().sandboxes
            #expect(orphans.map(\.standing) == [.orphan])
            try stand.cloud.codePipeline.call(
                "RetryStageExecution",
                [
                    "pipelineName": "Failed", "stageName": "Lab", "pipelineExecutionId": .string(execution.id),
                    "retryMode": "FAILED_ACTIONS",
                ]
            )
            let endings = try await stand.inventory.end(orphans, force: false)
            #expect(endings.values.map(\.self) == [.kept("Its pipeline's execution is InProgress by now.")])
            #expect(stand.unstopped == [sandbox.id])
        }
    }

    @Test func `ends one in use only by force`() async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Running")
            let sandbox = try await stand.start(of: execution)
            let listing = try await stand.inventory.take()
            let refusal = await #expect(throws: SandboxInventory.Refusal.self) {
                try await stand.inventory.choose([sandbox.id], from: listing, force: false)
            }
            let reason = try #require(refusal?.reasons.first)
            #expect(reason.contains("in use: the execution \(execution.id) of the pipeline 'Running' is InProgress"))
            #expect(try await stand.inventory.end(listing.sandboxes, force: false).values.allSatisfy { $0 != .begun })
            #expect(stand.unstopped == [sandbox.id])
            let choice = try await stand.inventory.choose([sandbox.id], from: listing, force: true)
            #expect(try await stand.inventory.end(choice.sandboxes, force: true).values.map(\.self) == [.begun])
        }
    }

    @Test func `never ends what isn't ours, and nothing at all where one of several isn't`() async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Stopped")
            let orphan = try await stand.start(of: execution)
            try stand.cloud.codePipeline.stop(execution.id, abandon: true)
            let tag = stand.tag(execution).description
            let names = [
                "Somebody's lab", "Lab \(tag) ", "\(tag) Lab", tag.uppercased(), String(tag.dropLast()),
                "Lab [q0123456789a]", Self.strangersName, "Lab [q0123456789ab]",
            ]
            var others: [Sandbox] = []
            for name in names { others.append(try await stand.start(name)) }
            let listing = try await stand.inventory.take()
            for other in others.map(\.id) + others.map(\.name) + ["nothing", ""] {
                let refusal = await #expect(throws: SandboxInventory.Refusal.self, "\(other)") {
                    try await stand.inventory.choose([orphan.id, other], from: listing, force: true)
                }
                #expect(refusal?.reasons.count == 1)
            }
            // Not even where the choice is somebody else's.
            _ = try await stand.inventory.end(listing.sandboxes.filter { $0.standing == .unproven }, force: true)
            #expect(stand.unstopped == Set(others.map(\.id) + [orphan.id]))
        }
    }

    @Test func `asks for an id where a name is that of several`() async throws {
        try await SandboxStand.run { stand in
            _ = try await stand.start("Twin")
            _ = try await stand.start("Twin")
            let listing = try await stand.inventory.take()
            let refusal = await #expect(throws: SandboxInventory.Refusal.self) {
                try await stand.inventory.choose(["Twin"], from: listing, force: false)
            }
            #expect(refusal?.reasons == ["'Twin' is the name of 2 sandboxes: give its id."])
        }
    }
}
