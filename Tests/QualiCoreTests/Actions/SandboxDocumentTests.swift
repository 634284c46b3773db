import AWSLite
import Foundation
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite struct SandboxDocumentTests {
    private func id(_ text: String) async throws -> String {
        try await SandboxDocument.reference(in: Data(text.utf8), of: "Lab").id
    }

    @Test func `an id is found in raw JSON, as the original worker stored it`() async throws {
        #expect(try await id(#" {"name": "x", "id": "994bd534"}"#) == "994bd534")
        #expect(try await id("\n\t{\"id\": \" a \"}") == "a")
    }

    @Test func `an id is found in an archive with other files, nearest to its root`() async throws {
        let zip = try ArtifactArchive.zip([
            .init(path: "README", content: Data("x".utf8)),
            .init(path: "old/sandbox.json", content: Data(#"{"id":"old"}"#.utf8)),
            .init(path: "sandbox.json", content: Data(#"{"id":"new"}"#.utf8)),
        ])
        #expect(try await SandboxDocument.reference(in: zip, of: "Lab").id == "new")
    }

    @Test(arguments: ["new", "old"])
    func `an archive with two of them is no guess`(second: String) async throws {
        let zip = try ArtifactArchive.zip([
            .init(path: "a/sandbox.json", content: Data(#"{"id":"new"}"#.utf8)),
            .init(path: "b/sandbox.json", content: Data("{\"id\":\"\(second)\"}".utf8)),
        ])
        if second == "new" {
            #expect(try await SandboxDocument.reference(in: zip, of: "Lab").id == "new")
        } else {
            let failure = try await #require(throws: JobFailure.self) {
                try await SandboxDocument.reference(in: zip, of: "Lab").id
            }
            #expect(
                failure.message.contains("The input artifact 'Lab' holds several 'sandbox.json' that differ. It should")
            )
        }
    }

    @Test(arguments: [
        ("{}", "no 'id'"), (#"{"id": 5}"#, "can't be read"), (#"{"id": null}"#, "can't be read"),
        (#"{"id": " "}"#, "empty 'id'"), ("{", "can't be read"), ("hello", "no ZIP or tar"), ("", "no ZIP or tar"),
    ])
    func `what is wrong with an artifact is said`(text: String, what: String) async throws {
        let failure = try await #require(throws: JobFailure.self) { try await id(text) }
        #expect(failure.type == .configurationError)
        #expect(failure.message.contains("'Lab'"))
        #expect(failure.message.contains(what))
    }

    @Test(arguments: [
        "../users", "a/b", "a?x=1", "a#b", "a%2Fb", ".", "..", "a b", "a\\u0000b", "\\u00e4", "a\\u0301", "a\\r\\nb",
        "\\\"",
        String(repeating: "a", count: 65),
    ])
    func `an id that is none is refused before it is sent`(text: String) async throws {
        let failure = try await #require(throws: JobFailure.self) { try await id(#"{"id": "\#(text)"}"#) }
        #expect(failure.type == .configurationError)
        #expect(failure.message.contains("which is no sandbox's: letters, digits and hyphens"))
        let artifacts = JobArtifacts(store: InMemoryArtifactStore())
        let property = try await id(#"{"id": "a-1"}"#)
        #expect(try await SandboxReference.resolve(property, artifacts).id == "a-1")
        let wrong = try await #require(throws: JobFailure.self) {
            try await SandboxReference.resolve(
                try JSONDecoder().decode(String.self, from: Data("\"\(text)\"".utf8)),
                artifacts
            )
        }
        #expect(wrong.type == .configurationError && wrong.message.contains("The property 'SandboxId' is '"))
    }

    @Test func `an archive of more than is read is refused, however it is spread`() async throws {
        let part = Data(count: 9 << 20)
        let zip = try ArtifactArchive.zip([
            .init(path: "a/sandbox.json", content: part), .init(path: "b/sandbox.json", content: part),
        ])
        let failure = try await #require(throws: JobFailure.self) {
            try await SandboxDocument.reference(in: zip, of: "Lab").id
        }
        #expect(failure.message.contains("with more than 16 MiB"))
    }

    @Test func `a document of many tiny values is refused before it is decoded`() async throws {
        let json = #"{"id": "x", "list": ["# + String(repeating: "0,", count: 600_000) + "0]}"
        let failure = try await #require(throws: JobFailure.self) { try await id(json) }
        #expect(failure.message.contains("more than 500000 values"))
    }

    @Test func `an archive without the document is refused`() async throws {
        let zip = try ArtifactArchive.zip([.init(path: "other.json", content: Data(#"{"id":"x"}"#.utf8))])
        let failure = try await #require(throws: JobFailure.self) {
            try await SandboxDocument.reference(in: zip, of: "Lab").id
        }
        #expect(failure.message.contains("holds no 'sandbox.json'"))
    }

    /// What a lab answers to a start, and what the original worker stores of it.
    private static let reply = #"""
        {"name": "Nightly", "id": "5d0c2a7e-11aa-4c00-9f00-0000000000aa", "blueprint id": "77aa", "description": "",
         "start_time": "2021-08-02T09:22:00Z", "end_time": null, "state": "BeforeSetup", "setup_stage": "None",
         "type": "Sandbox", "params": [{"name": "Release", "value": "2"}, {"name": "Root Password", "value": "CANARY-1"}],
         "components": [{"id": "c1", "name": "web", "type": "Application", "description": null,
           "_links": {"self": {"href": "/sandboxes/5d0c/components/c1?token=CANARY-2", "method": "GET"}}}],
         "permitted_users": ["admin"],
         "_links": {"self": {"href": "/sandboxes/5d0c", "method": "GET", "name": "details", "templated": true},
           "output": {"href": "https://ci:CANARY-3@lab:3443/api/v2/sandboxes/5d0c/output"}, "odd": [], "note": "CANARY"}}
        """#

    @Test func `the artifact of the original worker is read, whatever the lab told it`() async throws {
        #expect(try await id(Self.reply) == "5d0c2a7e-11aa-4c00-9f00-0000000000aa")
    }

    @Test func `JSON has what the original worker's artifact has, in the lab's own spelling, but no secret`()
        async throws
    {
        let sandbox = try JSONDecoder().decode(Sandbox.self, from: Data(Self.reply.utf8))
        let content = SandboxDocument.Content(sandbox: sandbox, blueprintName: "B", url: "https://p/s-1")
        let (data, contentType) = try await SandboxDocument.encode(content, as: .json)
        #expect(contentType == "application/json")
        let text = String(decoding: data, as: UTF8.self)
        #expect(!text.contains("CANARY"), "\(text)")
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["id"] as? String == "5d0c2a7e-11aa-4c00-9f00-0000000000aa")
        #expect(object["description"] as? String == "")
        #expect(object["params"] as? [[String: String]] == [["name": "Release", "value": "2"]])
        #expect(object["parameters"] == nil)
        let links = try #require(object["_links"] as? [String: [String: Any]])
        #expect(Set(links.keys) == ["self", "output"])
        #expect(links["self"]?["href"] as? String == "/sandboxes/5d0c")
        #expect(links["self"]?["method"] as? String == "GET" && links["self"]?["templated"] as? Bool == true)
        #expect(links["output"]?["href"] as? String == "https://lab:3443/api/v2/sandboxes/5d0c/output")
        let component = try #require((object["components"] as? [[String: Any]])?.first)
        #expect(component["description"] as? String == "")
        let selves = component["_links"] as? [String: [String: String]]
        #expect(selves == ["self": ["href": "/sandboxes/5d0c/components/c1", "method": "GET"]])
    }

    @Test(arguments: [SandboxDocument.Format.zip, .json])
    func `what is written can be read again and holds no password`(format: SandboxDocument.Format) async throws {
        var component = Component(id: "c", name: "web")
        component.attributes = [
            .init(type: .password, name: "Password", value: "hunter2"), .init(name: "User", value: "root"),
        ]
        component.address = "10.0.0.5"
        var sandbox = Sandbox(id: "s-1", name: "Lab", state: .ready)
        sandbox.components = [component]
        let content = SandboxDocument.Content(sandbox: sandbox, blueprintName: "B", url: "https://p/s-1")
        let (data, _) = try await SandboxDocument.encode(content, as: format)
        #expect(try await SandboxDocument.reference(in: data, of: "Lab").id == "s-1")
        let json = format == .json ? data : try ArtifactArchive.read(data) { _ in true }[0].content
        let text = String(decoding: json, as: UTF8.self)
        #expect(!text.contains("hunter2"))
        for part in ["10.0.0.5", "root", "\"blueprint_name\" : \"B\"", "https://p/s-1", "\"components\""] {
            #expect(text.contains(part))
        }
    }

    @Test(
        "the execution that has started it is read where the document names one",
        arguments: [
            (#""6f3c-1""#, "6f3c-1"), ("null", nil), ("5", nil), ("[]", nil), (#""../x""#, nil),
        ] as [(String, String?)]
    )
    func execution(value: String, read: String?) async throws {
        let data = Data(#"{"id": "s-1", "pipeline_execution_id": \#(value)}"#.utf8)
        let expected = SandboxReference(id: "s-1", executionID: read)
        #expect(try await SandboxDocument.reference(in: data, of: "Lab") == expected)
    }

    @Test func `the execution that has started it is written, and told from a job's own`() async throws {
        let content = SandboxDocument.Content(
            sandbox: Sandbox(id: "s-1", name: "Lab", state: .ready),
            blueprintName: "Web",
            url: "http://portal",
            executionID: "e-1"
        )
        let (data, _) = try await SandboxDocument.encode(content, as: .json)
        let sandbox = try await SandboxDocument.reference(in: data, of: "Lab")
        #expect(sandbox == SandboxReference(id: "s-1", executionID: "e-1"))
        func job(_ execution: String) -> JobInfo {
            let place = JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: execution)
            return JobInfo(id: "1", actionExecutionID: "run-1", place: place)
        }
        #expect(sandbox.executionID(otherThan: job("E-1")) == nil)
        #expect(sandbox.executionID(otherThan: job("e-2")) == "e-1")
        #expect(SandboxReference(id: "s-1").executionID(otherThan: job("e-2")) == nil)
    }
}
