import Foundation
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// Archives as other programs write them, with `sandbox.json` among other files.
@Suite struct ForeignArchiveTests {
    /// What Python's standard library makes of `code`, which writes to `out` and has the document in `doc`.
    private func archive(_ code: String) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let prelude = """
            import io, sys, tarfile, zipfile
            out = io.BytesIO()
            doc = b'{"id":"s1"}'
            def add(tar, name, data, **kw):
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

    @Test(arguments: [
        // UTF-8, marked as such.
        "with zipfile.ZipFile(out, 'w') as z: z.writestr('日本/ü.txt', 'x'); z.writestr('sandbox.json', doc)",
        // No encoding at all.
        """
        with zipfile.ZipFile(out, 'w') as z: z.writestr('AAA.txt', 'x'); z.writestr('sandbox.json', doc)
        out = io.BytesIO(out.getvalue().replace(b'AAA.txt', b'\\xff\\xfeA.txt'))
        """,
        """
        with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT, encoding='latin-1') as t:
            add(t, 'über', b'x'); add(t, 'sandbox.json', doc)
        """,
        """
        with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as t:
            add(t, '日本', b'x'); add(t, 'sandbox.json', doc)
        """,
        """
        with tarfile.open(fileobj=out, mode='w:gz', format=tarfile.GNU_FORMAT) as t:
            add(t, 'ü' * 150, b'x'); add(t, 'sandbox.json', doc)
        """,
    ])
    func `names in any language beside the document are fine`(code: String) async throws {
        #expect(try await SandboxDocument.reference(in: archive(code), of: "Lab").id == "s1")
    }

    @Test(arguments: ["a:b.txt", "12:30", "logs/x:/y", "a..b", "..a", ":/x", "1:/x"])
    func `a colon or two dots within a name are no way out`(name: String) async throws {
        let data = try archive(
            "with zipfile.ZipFile(out, 'w') as z: z.writestr('\(name)', 'x'); z.writestr('sandbox.json', doc)"
        )
        #expect(try await SandboxDocument.reference(in: data, of: "Lab").id == "s1")
    }

    @Test func `a link to a place outside is passed over, for nothing is unpacked`() async throws {
        let data = try archive(
            """
            with tarfile.open(fileobj=out, mode='w') as t:
                add(t, 'link', b'', type=tarfile.SYMTYPE, linkname='../x'); add(t, 'sandbox.json', doc)
            """
        )
        #expect(try await SandboxDocument.reference(in: data, of: "Lab").id == "s1")
    }

    @Test func `a byte order mark before the JSON is skipped, packed or not`() async throws {
        let marked = Data([0xEF, 0xBB, 0xBF]) + Data(#"{"id": "s1"}"#.utf8)
        #expect(try await SandboxDocument.reference(in: marked, of: "Lab").id == "s1")
        let zip = try ArtifactArchive.zip([.init(path: "sandbox.json", content: marked)])
        #expect(try await SandboxDocument.reference(in: zip, of: "Lab").id == "s1")
    }
}
