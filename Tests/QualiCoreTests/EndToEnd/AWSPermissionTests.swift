import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import AWSLite
@testable import JobEngine
@testable import QualiCore

@Suite("The table of rights", .timeLimit(.minutes(5)))
struct AWSPermissionTests {
    @Test("has every call that AWSLite can make, and no other")
    func complete() {
        let token = AWSPermission.all.filter { $0.source == .token }.map(\.operation)
        #expect(token == ["GetRoleCredentials", "CreateToken"])
        let others = AWSPermission.all.filter { $0.source != .token }.map(\.operation)
        #expect(Set(others) == Set(AWSOperationName.allCases.map(\.rawValue)))
        let calls = AWSPermission.all.map { "\($0.caller) \($0.action)" }
        #expect(Set(calls).count == calls.count)
        #expect(AWSPermission.all.allSatisfy { !$0.purpose.isEmpty && !$0.without.isEmpty })
    }

    @Test("has statements that are about one kind of thing and one caller each")
    func statements() {
        var kinds: [String: Set<String>] = [:]
        for permission in AWSPermission.all {
            guard case .statement(let id, let resource) = permission.source else { continue }
            kinds[id, default: []].insert("\(permission.caller) \(resource)")
            #expect(id.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) })
        }
        #expect(kinds.values.allSatisfy { $0.count == 1 }, "\(kinds)")
    }
}

@Suite("The policies", .timeLimit(.minutes(5)))
struct IAMPolicyTests {
    private static let account = "111122223333"

    private static func policy(_ caller: AWSPermission.Caller) -> IAMPolicy {
        IAMPolicy(for: caller, types: QualiActions().typeIDs, region: "eu-west-1", account: account)
    }

    /// The calls that were signed with the worker's own access key, by service and operation.
    private static func ownCalls(_ cloud: LocalCloud) -> Set<String> {
        let own = cloud.journal.entries {
            $0.request["Authorization"]?.contains("Credential=\(cloud.options.accessKeyID)/") == true
        }
        return Set(own.map { "\($0.service):\($0.operation)" })
    }

    @Test("allow a worker just what it does in a life of starts, failures, crashes and stopped pipelines")
    func worker() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rights-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = LocalCloud.Options()
        options.blueprints = [Site.blueprint()]
        options.codePipeline.redispatchInterval = .seconds(3_000)
        try await LocalCloud.withRunning(options) { cloud in
            let site = Site(cloud: cloud)
            _ = try await Site.makeWorker(cloud)
            cloud.journal.removeAll()
            let journal = try SQLiteJobJournal(folder: folder.path)
            let failing = try site.begin([Site.startAction(), Site.runAction("web-server.*", "fail")])
            try await Site.live(cloud, Life(until: .init(write: 3, isWritten: true)), journal, failing)
            try await Site.live(cloud, Life(until: nil), journal, failing)
            #expect(cloud.codePipeline.execution(failing)?.action("Run")?.status == "Failed")
            try await Site.serve(cloud) { site in
                let stopped = try site.begin([Site.startAction(), Site.runAction("SANDBOX", "soak")])
                _ = try await site.lab.firstExecution { $0.command.name == "soak" }
                try cloud.codePipeline.stop(stopped, abandon: true)
                _ = try await cloud.journal.first("ListActionExecutions")
                // This worker hasn't the journal of the one before, whose sandbox is still there.
                _ = try await cloud.journal.first("ListPipelines")
                // Whether the job's pipeline goes on is looked at when it has been held for a while.
                _ = try await cloud.journal.first("ListPipelineExecutions")
            }
            let policy = Self.policy(.worker)
            // Each worker of a site first looks whether its types are registered.
            let calls = Self.ownCalls(cloud).subtracting(["codepipeline:ListActionTypes"])
            #expect(calls == Set(policy.statements.flatMap(\.actions)))
            // Artifacts went by the jobs' credentials.
            let table = Dictionary(grouping: AWSPermission.all, by: \.operation)
            let objects = Set(cloud.journal.entries { $0.service == "s3" }.map(\.operation))
            #expect(objects.isSuperset(of: ["GetObject", "PutObject"]))
            #expect(objects.allSatisfy { table[$0]?.map(\.source) == [.jobCredentials] })
            // What was polled for is what the policy names.
            let allowed = policy.statements.first { $0.id == "PollForJobs" }?.resources ?? []
            let polled = try Set(
                cloud.journal.entries { $0.operation == "PollForJobs" }.map { entry in
                    struct Input: Decodable { var actionTypeId: CodePipeline.ActionTypeID }
                    let type = try JSONDecoder().decode(Input.self, from: entry.request.body).actionTypeId
                    return "arn:aws:codepipeline:eu-west-1:\(Self.account):actionType:\(type)"
                }
            )
            #expect(polled == Set(allowed.filter { $0.contains(":actionType:") }))
        }
    }

    @Test("allow a registrar just what installing, listing, looking for users and uninstalling takes")
    func registrar() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = try AWSEnvironment(cloud.environment)
            let registrar = ActionRegistrar(
                CodePipeline(
                    AWSClientConfiguration(
                        region: cloud.options.region,
                        credentials: environment.credentials,
                        httpClient: try CurlHTTPClient(),
                        endpoint: cloud.codePipelineURL
                    )
                )
            )
            _ = try await registrar.install(QualiActions().definitions())
            _ = try await registrar.list()
            try cloud.create(VirtualPipeline("P", stages: [.init("Lab", [Site.startAction()])]))
            #expect(try await registrar.users(of: Set(QualiActions().typeIDs)).pipelines == ["P"])
            for definition in QualiActions().definitions() { _ = try await registrar.uninstall(definition) }
            #expect(Self.ownCalls(cloud) == Set(Self.policy(.registrar).statements.flatMap(\.actions)))
        }
    }

    @Test("allow an operator just what listing and ending sandboxes takes")
    func sandboxes() async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Stopped")
            _ = try await stand.start(of: execution)
            try stand.cloud.codePipeline.stop(execution.id, abandon: true)
            let orphans = try await stand.inventory.take().sandboxes
            #expect(try await stand.inventory.end(orphans, force: false).values.map(\.self) == [.begun])
            // What `quali-worker plan` asks for.
            _ = try await stand.codePipeline.pipelineDefinition(name: execution.pipeline)
            #expect(Self.ownCalls(stand.cloud) == Set(Self.policy(.operator).statements.flatMap(\.actions)))
        }
    }

    @Test("name the partition, the region, the account, and every type in both spellings")
    func resources() throws {
        var names = QualiActions()
        names.version = "9"
        names.endSandbox = "Bye"
        for (region, partition) in [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")] {
            let policy = IAMPolicy(for: .worker, types: names.typeIDs, region: region, account: Self.account)
            let resources = Dictionary(policy.statements.map { ($0.id, $0.resources) }) { $0 + $1 }
            let place = "arn:\(partition):codepipeline:\(region):\(Self.account)"
            #expect(resources["WorkOnJobs"] == ["*"])
            #expect(resources["OptionalLookAtPipelines"] == ["\(place):*"])
            #expect(
                resources["PollForJobs"]
                    == ["actionType", "actiontype"].flatMap { kind in
                        ["Deploy/Bye", "Deploy/Quali-Start-Sandbox", "Test/Quali-Run-Command"].map {
                            "\(place):\(kind):Custom/\($0)/9"
                        }
                    }
            )
        }
    }
}
