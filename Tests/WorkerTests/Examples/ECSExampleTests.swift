import Foundation
import LocalCloud
import Testing
import WorkerSettings

@testable import worker

@Suite("Examples/ecs", .timeLimit(.minutes(2)))
struct ECSExampleTests {
    private static let file = Python.repository.appendingPathComponent("Examples/ecs/worker.template.yaml").path

    private static func resources() async throws -> JSON {
        let values: JSON = [
            "AWS::Partition": "aws-us-gov", "AWS::Region": "us-gov-east-1", "AWS::AccountId": "111122223333",
            "ActionVersion": "5",
        ]
        return try #require(try await Python.json("template.py", [file, values.text])["Resources"])
    }

    @Test("passes cfn-lint", Python.condition)
    func lint() async throws {
        let (status, output) = try await Python.run("lint.py", [Self.file])
        #expect(status == 0, "\(output)")
    }

    @Test("gives the worker the policy that 'actions policy' prints, and nothing else", Python.condition)
    func policy() async throws {
        let role = try await Self.resources()["WorkerRole"]?["Properties"]
        let printed = try await program(
            "actions",
            "policy",
            "--account",
            "111122223333",
            "--aws-region",
            "us-gov-east-1",
            "--version",
            "5"
        )
        let policy = try JSON(parsing: Data(printed.output.utf8))
        #expect(role?["Policies"]?.array?.count == 1)
        #expect(role?["Policies"]?[0]?["PolicyDocument"] == policy)
        #expect(role?["ManagedPolicyArns"] == nil)
    }

    @Test("runs the worker confined, with settings that there are", Python.condition)
    func confinement() async throws {
        let resources = try await Self.resources()
        let task = try #require(resources["Task"]?["Properties"])
        let container = try #require(task["ContainerDefinitions"]?[0])
        #expect(container["ReadonlyRootFilesystem"]?.bool == true)
        #expect(container["User"]?.string.map { $0.hasPrefix("0") } == false)
        #expect(container["LinuxParameters"]?["Capabilities"]?["Drop"] == ["ALL"])
        #expect(container["PortMappings"] == nil)
        #expect(resources["SecurityGroup"]?["Properties"]?["SecurityGroupIngress"] == nil)
        let pairs = ["Environment", "Secrets"].flatMap { container[$0]?.array ?? [] }.compactMap { $0["Name"]?.string }
        #expect(Set(pairs).isSubset(of: Setting.all.map(\.name)), "\(pairs)")
        #expect(pairs.contains("CLOUDSHELL_PASSWORD"))
        #expect(container["Environment"]?.array?.contains { $0["Name"]?.string == "CLOUDSHELL_PASSWORD" } == false)
        // A log that nobody takes never stops the worker.
        #expect(container["LogConfiguration"]?["Options"]?["mode"] == "non-blocking")
        // The folder of the journal is the one that can be written.
        let folder = container["Environment"]?.array?.first { $0["Name"]?.string == "QUALI_STATE_DIR" }?["Value"]
        #expect(container["MountPoints"]?[0]?["ContainerPath"] == folder)
    }
}
