import Foundation
import TestSupport
import Testing

@testable import AWSLite

@Suite struct ProfileFileTests {
    @Test(arguments: ["/dev/null", "/no/such/file"])
    func `A file that isn't there is no file`(path: String) throws {
        #expect(try ProfileFile.read(path) == nil)
    }

    @Test func `Comments, blanks, case, continuations and nested settings`() throws {
        let text = """
            \u{FEFF}# a comment
            ; another

            [default]   # after a header
            Region = eu-west-1 # part of the value
            key=with#hash;inside
              indented line
            empty =
            equals = a=b
            [profile   "my name" ]
            region\t=\tr
            [services s]
            s3 =
              endpoint_url = http://x
              other = y
            \t# an indented comment
            codepipeline =
              endpoint_url = http://z
            [DEFAULT]
            more: 1
            """
        for text in [text, text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")] {
            let sections = try ProfileFile(text, name: "f").sections
            #expect(
                sections["default"] == [
                    "region": .text("eu-west-1 # part of the value"), "key": .text("with#hash;inside\nindented line"),
                    "empty": .text(""),
                    "equals": .text("a=b"), "more": .text("1"),
                ]
            )
            #expect(sections["profile default"] == sections["default"])
            #expect(sections["profile my name"] == ["region": .text("r"), "more": .text("1")])
            #expect(
                sections["services s"] == [
                    "s3": .nested(["endpoint_url": "http://x", "other": "y"]),
                    "codepipeline": .nested(["endpoint_url": "http://z"]), "more": .text("1"),
                ]
            )
        }
    }

    @Test(arguments: [
        ("region = r", 1), ("[default]\nsecret-word", 2), ("[default\nx = y", 1), ("[]\n", 1),
        ("[a]\n\n  secret-word", 3), ("[a]\n= secret-word", 2), ("[a]\nk = secret-word\nK: x", 3),
        ("[a]\n[a]", 2),
    ])
    func `A malformed line is named by its number, not by its text`(_ text: String, _ line: Int) {
        let error = #expect(throws: AWSConfigurationError.self) { try ProfileFile(text, name: "some/file") }
        #expect(error?.message.hasPrefix("some/file, line \(line): ") == true)
        #expect(error?.message.contains("secret-word") == false)
    }

    @Test func `An empty file has no sections`() throws {
        #expect(try ProfileFile("", name: "f").sections.isEmpty)
        #expect(try ProfileFile.read("/nonexistent/file") == nil)
    }

    @Test func `A nested line that is no setting is an error without its text`() {
        let error = #expect(throws: AWSConfigurationError.self) {
            try ProfileFile("[a]\nk =\n  secret-word", name: "some/file")
        }
        #expect(error?.message.contains("some/file") == true)
        #expect(error?.message.contains("secret-word") == false)
    }

    private static let pieces = [
        "[default]", "[profile a]", "[profile \"b c\"]", "[profile 'd]", "[profile]", "[ profile e]", "[sso-session s]",
        "[services t]", "[DEFAULT]", "[other]", "[x]y]", "[", "]", "[]", "region = eu-west-1", "Key=a=b", "key : c ; d",
        "key = v # w", "# comment", "; comment", "  # indented", "  more", "\tdeeper = 1", "      deepest = 2", "s3 =",
        "  s3 =", "empty =", "=none", " ", "", "word", "é = ü", "a\\b = c", "  endpoint_url = http://x",
        "profilex y = z",
        "key2\u{A0}= \u{A0}v\u{A0}", "k3=\u{1}", "long = \(String(repeating: "x", count: 300))",
    ]

    /// A file of such pieces, some of them cut or joined.
    private static func file(_ random: inout SeededGenerator) -> String {
        var text = Bool.random(using: &random) ? "[default]\n" : ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            var piece = pieces.randomElement(using: &random) ?? ""
            // Names that differ, lest most files have something twice.
            if Int.random(in: 0..<4, using: &random) != 0 {
                piece = piece.replacingOccurrences(of: "=", with: "\(Int.random(in: 0..<99, using: &random))=")
            }
            text += piece + (["\n", "\n", "\n", "\r\n", "\r", "\n\n"].randomElement(using: &random) ?? "")
        }
        return text
    }

    private struct Result: Decodable {
        enum Value: Decodable, Equatable {
            case text(String)
            case nested([String: String])

            init(_ value: ProfileFile.Value) {
                switch value {
                case .text(let text): self = .text(text)
                case .nested(let settings): self = .nested(settings)
                }
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else {
                    self = .nested(try container.decode([String: String].self))
                }
            }
        }
        var sections: [String: [String: Value]]?
    }

    @Test(Oracle.condition, .eachBotocore) func `Random files are read as botocore reads them`() async throws {
        var random = SeededGenerator(usual: 20_261_124)
        let files = (0..<1_000).map { _ in Self.file(&random) }
        let expected = try await Oracle.run("profiles.py", files, as: Result.self)
        #expect(expected.filter { $0.sections != nil }.count > 200)
        for (file, expected) in zip(files, expected) {
            let sections = try? ProfileFile(file, name: "f").sections
            let comparable = sections?.mapValues { $0.mapValues(Result.Value.init) }
            #expect(comparable == expected.sections, "\(file.debugDescription)")
        }
    }

    private struct Pair: Encodable {
        var configuration: String
        var credentials: String
    }

    @Test(Oracle.condition, .eachBotocore) func `Two files make the profile that botocore makes of them`() async throws
    {
        var random = SeededGenerator(usual: 20_261_125)
        let settings = [
            ["region = r1", "region = r2", "region ="], ["role_arn = a", "role_arn ="], ["key = k", "KEY ="],
            ["s3 =\n  addressing_style = path", "s3 =\n  addressing_style =", "s3 =\n  other = x", "s3 ="],
        ]
        func file(_ headers: [String]) -> String {
            headers.filter { _ in Bool.random(using: &random) }.map { header in
                let lines = settings.filter { _ in Bool.random(using: &random) }
                    .compactMap { $0.randomElement(using: &random) }
                return (["[\(header)]"] + lines).map { "\($0)\n" }.joined()
            }.joined()
        }
        let pairs = (0..<400).map { _ in
            Pair(
                configuration: file(["default", "profile default", "other"]),
                credentials: file(["default", "other"])
            )
        }
        let expected = try await Oracle.run("scoped_profiles.py", pairs, as: [String: Result.Value]?.self)
        try #require(expected.count == pairs.count)
        #expect(expected.count { $0?.isEmpty == false } > 200)
        try await withTemporaryFolder { folder in
            let paths = ["config", "credentials"].map { folder.appendingPathComponent($0) }
            for (pair, expected) in zip(pairs, expected) {
                try Data(pair.configuration.utf8).write(to: paths[0])
                try Data(pair.credentials.utf8).write(to: paths[1])
                let location = AWSProfileFiles.Location(configuration: paths[0].path, credentials: paths[1].path)
                let files = try? AWSProfileFiles(location)
                let profile = try files?.selectedProfile()
                let ours = files.map { _ in profile?.settings.mapValues(Result.Value.init) ?? [:] }
                #expect(ours == expected, "\(pair)")
                guard case .text(let region)? = expected?["region"] else { continue }
                #expect(profile?.text("region") == (region.isEmpty ? nil : region), "\(pair)")
            }
        }
    }

    /// `FUZZ_ITERATIONS` raises the number of files.
    @Test(.timeLimit(.minutes(30))) func `Altered files are read or refused, never more`() {
        var random = SeededGenerator(usual: 1)
        let rounds = ProcessInfo.processInfo.environment["FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 2_000
        var read = 0
        for _ in 0..<rounds {
            var bytes = Array(Self.file(&random).utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(index..<min(index + 5, bytes.count))
                default: bytes.insert(contentsOf: bytes.shuffled(using: &random).prefix(20), at: index)
                }
            }
            do {
                _ = try ProfileFile(String(decoding: bytes, as: UTF8.self), name: "f")
                read += 1
            } catch {
                #expect(error is AWSConfigurationError)
            }
        }
        #expect(read > rounds / 20)
    }
}
