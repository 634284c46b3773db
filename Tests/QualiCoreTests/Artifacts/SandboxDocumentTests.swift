import AWSLite
import Foundation
import SandboxAPI
import Testing

@testable import QualiCore

@Suite struct SandboxDocumentTests {
    private func id(_ text: String) throws -> String {
        try SandboxDocument.sandboxID(in: Data(text.utf8), of: "Lab")
    }

    @Test func `an id is found in raw JSON, as the original worker stored it`() throws {
        #expect(try id(#" {"name": "x", "id": "994bd534"}"#) == "994bd534")
        #expect(try id("\n\t{\"id\": \" a \"}") == "a")
    }

    @Test func `an id is found in an archive with other files, nearest to its root`() throws {
        let zip = try ArtifactArchive.zip([
            .init(path: "README", content: Data("x".utf8)),
            .init(path: "old/sandbox.json", content: Data(#"{"id":"old"}"#.utf8)),
            .init(path: "sandbox.json", content: Data(#"{"id":"new"}"#.utf8)),
        ])
        #expect(try SandboxDocument.sandboxID(in: zip, of: "Lab") == "new")
    }

    @Test(arguments: [
        ("{}", "no 'id'"), (#"{"id": 5}"#, "can't be read"), (#"{"id": null}"#, "can't be read"),
        (#"{"id": " "}"#, "empty 'id'"), ("{", "can't be read"), ("hello", "no ZIP or tar"), ("", "no ZIP or tar"),
    ])
    func `what is wrong with an artifact is said`(text: String, what: String) throws {
        let failure = try #require(throws: JobFailure.self) { try id(text) }
        #expect(failure.type == .configurationError)
        #expect(failure.message.contains("'Lab'"))
        #expect(failure.message.contains(what))
    }

    @Test func `an archive without the document is refused`() throws {
        let zip = try ArtifactArchive.zip([.init(path: "other.json", content: Data(#"{"id":"x"}"#.utf8))])
        let failure = try #require(throws: JobFailure.self) { try SandboxDocument.sandboxID(in: zip, of: "Lab") }
        #expect(failure.message.contains("holds no 'sandbox.json'"))
    }

    @Test(arguments: [SandboxDocument.Format.zip, .json])
    func `what is written can be read again and holds no password`(format: SandboxDocument.Format) throws {
        var component = Component(id: "c", name: "web")
        component.attributes = [
            .init(type: .password, name: "Password", value: "hunter2"), .init(name: "User", value: "root"),
        ]
        component.address = "10.0.0.5"
        var sandbox = Sandbox(id: "s-1", name: "Lab", state: .ready)
        sandbox.components = [component]
        let content = SandboxDocument.Content(sandbox: sandbox, blueprintName: "B", url: "https://p/s-1")
        let (data, _) = try SandboxDocument.encode(content, as: format)
        #expect(try SandboxDocument.sandboxID(in: data, of: "Lab") == "s-1")
        let json = format == .json ? data : try ArtifactArchive.read(data) { _ in true }[0].content
        let text = String(decoding: json, as: UTF8.self)
        #expect(!text.contains("hunter2"))
        for part in ["10.0.0.5", "root", "\"blueprint_name\" : \"B\"", "https://p/s-1", "\"components\""] {
            #expect(text.contains(part))
        }
    }
}
