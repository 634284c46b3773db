import Foundation
import Testing

/// `CONTRIBUTING.md` says where things are, and what a script is part of.
@Suite("The page for contributors")
struct ContributingTests {
    private static func page() throws -> String {
        try String(contentsOf: Python.repository.appendingPathComponent("CONTRIBUTING.md"), encoding: .utf8)
    }

    private static func folders(in path: String) throws -> [String] {
        let url = Python.repository.appendingPathComponent(path)
        return try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: [.isDirectoryKey])
            .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }.map(\.lastPathComponent)
    }

    @Test func `has each target in its table of folders, and no folder that isn't there`() throws {
        let rows = try Self.page().matches(of: #/(?m)^\| (`[^|]+`) \|/#).map { String($0.1) }
        var named: Set<String> = []
        for row in rows {
            var parent = ""
            for match in row.matches(of: #/`([^`]+)`/#) {
                var path = String(match.1)
                // `Sources/CLibcurl`, `COpenSSL` and `Examples/pipelines`, `ecs` have their first folder once.
                if path.contains("/") || parent.isEmpty {
                    parent = path.split(separator: "/").dropLast().joined(separator: "/")
                } else if !parent.isEmpty {
                    path = "\(parent)/\(path)"
                }
                guard !path.hasPrefix("scripts/") else { continue }
                named.insert(path)
                let isThere = FileManager.default.fileExists(
                    atPath: Python.repository.appendingPathComponent(path).path
                )
                #expect(isThere, "there is no \(path)")
            }
        }
        for target in try Self.folders(in: "Sources") {
            let isNamed = named.contains { $0 == "Sources/\(target)" || $0.hasPrefix("Sources/\(target)/") }
            #expect(isNamed, "Sources/\(target) isn't in the table")
        }
        for target in ["JobEngine", "QualiCore"] {
            for room in try Self.folders(in: "Sources/\(target)") {
                #expect(named.contains("Sources/\(target)/\(room)"), "Sources/\(target)/\(room) isn't in the table")
            }
        }
        let targets = Set(try Self.folders(in: "Sources").map { $0.lowercased() })
        for folder in try Self.folders(in: "Tests") {
            let tested = folder.hasSuffix("Tests") ? folder.dropLast("Tests".count).lowercased() : ""
            #expect(targets.contains(tested) || named.contains("Tests/\(folder)"), "what is Tests/\(folder)?")
        }
    }

    @Test func `no test starts a program but by 'spawn', which lets no other one inherit its end`() throws {
        let tests = Python.repository.appendingPathComponent("Tests")
        let files = try #require(FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" && !file.path.contains("/Soak/") {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: #/(\w+) = Process\(\)/#) {
                #expect(!text.contains("\(match.1).run()"), "\(file.lastPathComponent)")
                count += 1
            }
        }
        #expect(count > 10)
    }

    @Test func `says of each script in its table whether it is part of the whole test`() throws {
        let whole = try String(
            contentsOf: Python.repository.appendingPathComponent("scripts/test"),
            encoding: .utf8
        )
        let rows = try Self.page().matches(of: #/(?m)^\| `scripts\/([a-z-]+)[^`]*` \| (.*) \|$/#)
        #expect(rows.count > 7)
        for row in rows {
            // The simulator is built and run by the tests themselves.
            let isPart = whole.contains("scripts/\(row.1)") || row.2.contains("the tests run a few hundred")
            let saysNot = row.2.lowercased().contains("not part of")
            #expect(isPart != saysNot, "scripts/\(row.1)")
        }
    }
}
