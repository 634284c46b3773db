import Foundation
import LocalCloud
import TestSupport
import Testing

@testable import worker

/// The file with which action types are registered where this program isn't.
@Suite("Packaging/actions", .timeLimit(.minutes(2)))
struct ReadyActionsTests {
    private static let name = "quali-action-types.template.json"
    private static let folder = Python.repository.appendingPathComponent("Packaging/actions")

    /// What `actions export` writes with some arguments, by the files' names.
    private static func exported(_ arguments: [String]) async throws -> [String: Data] {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("exported")
            let ending = try await program(["actions", "export", path.path] + arguments)
            try #require(ending.status == 0, "\(ending)")
            let names = try FileManager.default.contentsOfDirectory(atPath: path.path)
            return try Dictionary(
                uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: path.appendingPathComponent($0))) }
            )
        }
    }

    @Test func `is what actions export writes`() async throws {
        let file = try Data(contentsOf: Self.folder.appendingPathComponent(Self.name))
        let isSame = file == (try await Self.exported(["--format", "cloudformation"]))[Self.name]
        #expect(
            isSame,
            """
            Definitions have changed: remove Packaging/actions/\(Self.name) and write it anew with \
            'quali-worker actions export Packaging/actions --format cloudformation'.
            """
        )
    }

    @Test(Python.condition, arguments: [nil, "https://lab.example.com/x"])
    func `makes with its parameters the types that actions install would register`(portal: String?) async throws {
        let definitions = try await Self.exported(
            ["--version", "10"] + (portal.map { ["--portal-url", $0] } ?? [])
        ).values.map { try JSON(parsing: $0) }
        var values: [String: JSON] = ["Version": "10"]
        values["PortalUrl"] = portal.map { .string($0) }
        let file = Self.folder.appendingPathComponent(Self.name).path
        let template = try await Python.json("template.py", [file, JSON.object(values).text])
        let made = template["Resources"]?.object?.values.compactMap { $0["Properties"] } ?? []
        #expect(made.count == 3)
        for definition in definitions { #expect(made.contains(definition.capitalized), "\(definition.text)") }
    }

    @Test(Python.condition) func `is registered and removed by the lines of its page`() async throws {
        try await LocalCloud.withRunning { cloud in
            let install = try await program("actions", "install", "--version", "10", environment: cloud.environment)
            #expect(install.status == 0, "\(install)")
            let environment = cloud.environment
            let results =
                try await Python.json(
                    "register.py",
                    [
                        Self.folder.appendingPathComponent("README.md").path,
                        try #require(environment["AWS_ENDPOINT_URL_CODEPIPELINE"] ?? environment["AWS_ENDPOINT_URL"]),
                        try #require(environment["AWS_ACCESS_KEY_ID"]),
                        try #require(environment["AWS_SECRET_ACCESS_KEY"]),
                    ]
                ).array ?? []
            #expect(results.count == 5)
            for result in results { #expect(result["error"] == "", "\(result["line"]?.string ?? ""): \(result.text)") }
            let parameters: JSON = ["Version": "10", "PortalUrl": "https://cloudshell.example.com"]
            #expect(results.first?["stacks"] == ["quali-action-types": parameters])
            #expect(results.last?["stacks"] == [:])
            let list = try await program("actions", "list", environment: environment)
            #expect(list.output == "There are no custom action types.\n")
        }
    }
}
