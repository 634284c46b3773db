import Foundation
import TestSupport
import Testing

@Suite("The demo of one's own pipeline", .timeLimit(.minutes(5)))
struct DemoDefinitionTests {
    private static let example = Python.repository.appendingPathComponent("Examples/pipelines/pipeline.template.yaml")

    @Test("runs the example to its end, and leaves nothing behind")
    func example() async throws {
        let ending = try await program("demo", "--pipeline", Self.example.path, "--pace", "0.2")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("Succeeded in"))
        #expect(ending.output.contains("Nothing: 1 of 1 sandboxes were ended."))
        #expect(ending.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("lets an action fail, and the worker end the sandbox")
    func failure() async throws {
        let ending = try await program("demo", "--pipeline", Self.example.path, "--pace", "0.2", "--fail", "Lab/Test")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("It was told to fail."))
        #expect(ending.output.contains("Nothing: 1 of 1 sandboxes were ended."))
        let unknown = try await program("demo", "--pipeline", Self.example.path, "--fail", "Lab/None")
        #expect(unknown.status == 64)
    }

    @Test("says which sandbox stays")
    func leak() async throws {
        let text = try String(contentsOf: Self.example, encoding: .utf8)
        let begin = try #require(text.range(of: "            - Name: End\n"))
        let end = try #require(text.range(of: "\nOutputs:"))
        try await withTemporaryFolder { folder in
            let path = try folder.write("p.yaml", String(text[..<begin.lowerBound] + text[end.lowerBound...]))
            let ending = try await program("demo", "--pipeline", path, "--pace", "0.2")
            #expect(ending.status == 1, "\(ending)")
            #expect(ending.output.contains("stays until its reservation is over"))
            #expect(try await program(["plan", path], environment: [:]).output.contains("[leak-success]"))
        }
    }
}
