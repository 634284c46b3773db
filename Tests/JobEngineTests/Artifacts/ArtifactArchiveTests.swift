import Foundation
import TestSupport
import Testing

@testable import JobEngine

@Suite struct ArtifactArchiveTests {
    private func read(
        _ data: Data,
        limits: ArtifactArchive.Limits = .init()
    ) throws(ArtifactArchive.Failure) -> [ArtifactArchive.Entry] {
        try ArtifactArchive.read(data, limits: limits) { _ in true }
    }

    /// An archive that another program has made: Python's standard library, with entries as code.
    private func archive(_ code: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let prelude = """
            import io, sys, tarfile, zipfile
            out = io.BytesIO()
            def add(tar, name, data=b'x', **kw):
                info = tarfile.TarInfo(name); info.size = len(data)
                for key, value in kw.items(): setattr(info, key, value)
                tar.addfile(info, io.BytesIO(data))

            """
        process.arguments = ["python3", "-c", prelude + code + "\nsys.stdout.buffer.write(out.getvalue())"]
        let output = Pipe()
        process.standardOutput = output
        try process.spawn()
        let data = try #require(try output.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        return data
    }

    @Test func `what was packed is unpacked`() throws {
        let entries = [
            ArtifactArchive.Entry(path: "sandbox.json", content: Data(#"{"id":"é"}"#.utf8)),
            ArtifactArchive.Entry(path: "empty", content: Data()),
            ArtifactArchive.Entry(
                path: "über/ordner.bin",
                content: Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7919) })
            ),
        ]
        #expect(try read(ArtifactArchive.zip(entries)) == entries)
        #expect(try ArtifactArchive.zip(entries) == ArtifactArchive.zip(entries))
    }

    @Test func `a packed archive is one that others can read`() throws {
        let zip = try ArtifactArchive.zip([.init(path: "sandbox.json", content: Data("{}".utf8))])
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).zip")
        try zip.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let listing = try archive(
            """
            with zipfile.ZipFile('\(file.path)') as z:
                assert z.testzip() is None
                out.write((z.namelist()[0] + ' ' + z.read('sandbox.json').decode()).encode())
            """
        )
        #expect(String(decoding: listing, as: UTF8.self) == "sandbox.json {}")
    }

    @Test(arguments: [
        "with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:\n    z.writestr('a.txt', 'x')",
        "with zipfile.ZipFile(out, 'w', zipfile.ZIP_STORED) as z:\n    z.writestr('a.txt', 'x')",
        "with tarfile.open(fileobj=out, mode='w') as t: add(t, 'a.txt')",
        "with tarfile.open(fileobj=out, mode='w:gz') as t: add(t, 'a.txt')",
        "with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as t: add(t, 'a.txt')",
    ])
    func `archives of other programs are read`(code: String) throws {
        #expect(try read(archive(code)) == [.init(path: "a.txt", content: Data("x".utf8))])
    }

    @Test(arguments: [
        "../a", "a/../../b", "/etc/passwd", "a/..", #"..\a"#, #"C:\a"#, #"\\host\share"#,
    ])
    func `names that point outside are refused`(name: String) throws {
        let data = try archive("with tarfile.open(fileobj=out, mode='w') as t: add(t, r'''\(name)''')")
        let failure = #expect(throws: ArtifactArchive.Failure.self) { try read(data) }
        #expect(failure?.description.contains("points outside") == true)
    }

    @Test func `links are not followed and are no files`() throws {
        let data = try archive(
            """
            with tarfile.open(fileobj=out, mode='w') as t:
                add(t, 'sandbox.json', b'', type=tarfile.SYMTYPE, linkname='/etc/passwd')
                add(t, 'hard', b'', type=tarfile.LNKTYPE, linkname='sandbox.json')
            """
        )
        #expect(try read(data).isEmpty)
    }

    @Test func `an archive bomb is refused before it is unpacked`() throws {
        let data = try archive(
            """
            with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
                z.writestr('zeros', b'0' * (64 << 20))
            """
        )
        #expect(data.count < 1 << 20)
        var limits = ArtifactArchive.Limits()
        limits.totalSize = 8 << 20
        let failure = #expect(throws: ArtifactArchive.Failure.self) { try read(data, limits: limits) }
        #expect(failure?.description.contains("more than 8 MiB") == true)
        limits = .init()
        #expect(throws: ArtifactArchive.Failure.self) { try read(data, limits: limits) }
    }

    @Test func `too many entries are refused`() throws {
        let data = try archive(
            "with tarfile.open(fileobj=out, mode='w:gz') as t:\n    for n in range(11): add(t, str(n))"
        )
        var limits = ArtifactArchive.Limits()
        limits.entries = 10
        let failure = #expect(throws: ArtifactArchive.Failure.self) { try read(data, limits: limits) }
        #expect(failure?.description.contains("more than 10 entries") == true)
    }

    @Test func `damage is told, wherever it is`() throws {
        let zip = try ArtifactArchive.zip([
            .init(path: "a", content: Data((0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
        ])
        for length in stride(from: 0, to: zip.count - 60, by: 97) {
            #expect(throws: ArtifactArchive.Failure.self) { try read(zip.prefix(length)) }
        }
        var altered = zip
        altered[altered.startIndex + 300] ^= 0xFF
        #expect(throws: ArtifactArchive.Failure.self) { try read(altered) }
        for text in ["", "hello", "<html>", "PK"] {
            #expect(throws: ArtifactArchive.Failure.self) { try read(Data(text.utf8)) }
        }
    }

    @Test func `random bytes never crash the reader`() throws {
        var generator = SeededGenerator()
        let zip = try ArtifactArchive.zip([.init(path: "sandbox.json", content: Data(repeating: 65, count: 500))])
        for _ in 0..<300 {
            var data = zip
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                data[Int.random(in: 0..<data.count, using: &generator)] = UInt8.random(
                    in: .min ... .max,
                    using: &generator
                )
            }
            _ = try? read(data)
        }
    }
}
