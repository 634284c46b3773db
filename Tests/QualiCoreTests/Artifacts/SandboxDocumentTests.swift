import AWSLite
import Foundation
import SandboxAPI
import Testing

@testable import QualiCore

@Suite struct SandboxDocumentTests {
    private func id(_ text: String) async throws -> String {
        try await SandboxDocument.sandboxID(in: Data(text.utf8), of: "Lab")
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
        #expect(try await SandboxDocument.sandboxID(in: zip, of: "Lab") == "new")
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
        let artifacts = JobArtifacts(store: FakeArtifactStore())
        let property = try await id(#"{"id": "a-1"}"#)
        #expect(try await SandboxReference.resolve(property, artifacts) == "a-1")
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
            try await SandboxDocument.sandboxID(in: zip, of: "Lab")
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
            try await SandboxDocument.sandboxID(in: zip, of: "Lab")
        }
        #expect(failure.message.contains("holds no 'sandbox.json'"))
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
        #expect(try await SandboxDocument.sandboxID(in: data, of: "Lab") == "s-1")
        let json = format == .json ? data : try ArtifactArchive.read(data) { _ in true }[0].content
        let text = String(decoding: json, as: UTF8.self)
        #expect(!text.contains("hunter2"))
        for part in ["10.0.0.5", "root", "\"blueprint_name\" : \"B\"", "https://p/s-1", "\"components\""] {
            #expect(text.contains(part))
        }
    }
}
