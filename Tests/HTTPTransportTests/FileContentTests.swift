import Foundation
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1)))
struct FileContentTests {
    private func withPath(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "content-\(UUID().uuidString)").path
        defer { unlink(path) }
        try body(path)
    }

    @Test func `is the file's, with its mode`() throws {
        try withPath { path in
            try Data("hello".utf8).write(to: URL(filePath: path))
            try #require(chmod(path, 0o646) == 0)
            let content = try FileAccess.content(of: path)
            #expect(String(decoding: content.bytes, as: UTF8.self) == "hello")
            #expect(content.modeText == "0646" && content.isOpenToOthers && content.isWritableByOthers)
            #expect(try content.identity == FileAccess.identity(path))
        }
    }

    @Test func `has a limit`() throws {
        try withPath { path in
            try Data(count: 100).write(to: URL(filePath: path))
            #expect(try FileAccess.content(of: path, limit: 100).bytes.count == 100)
            #expect(throws: FileAccess.Failure.self) { try FileAccess.content(of: path, limit: 99) }
            #expect(throws: FileAccess.Failure.self) { try FileAccess.content(of: "/dev/zero", mayBePipe: true) }
        }
    }

    @Test func `is no pipe's, where nobody is to be waited for`() throws {
        try withPath { path in
            try #require(mkfifo(path, 0o666) == 0)
            let error = #expect(throws: FileAccess.Failure.self) { try FileAccess.content(of: path) }
            #expect(error?.description.contains("is no regular file") == true)
            // A pipe with a writer that has written and gone; its mode concerns nobody.
            let both = open(path, O_RDWR)
            #expect(write(both, "x", 1) == 1)
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            defer { close(reader) }
            close(both)
        }
    }
}
