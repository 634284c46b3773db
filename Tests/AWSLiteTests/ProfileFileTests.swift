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
            Region = eu-west-1 # after a value
            key=with#hash;inside
              indented line
            empty =
            equals = a=b
            [ profile   "my name" ]
            region\t=\tr
            [services s]
            s3 =
              endpoint_url = http://x
              other = y
            \t# an indented comment
            codepipeline =
              endpoint_url = http://z
            [default]
            more = 1
            """
        for text in [text, text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")] {
            let sections = try ProfileFile(text, name: "f").sections
            #expect(
                sections["default"] == [
                    "region": .text("eu-west-1"), "key": .text("with#hash;inside\nindented line"), "empty": .text(""),
                    "equals": .text("a=b"), "more": .text("1"),
                ]
            )
            #expect(sections["profile my name"] == ["region": .text("r")])
            #expect(
                sections["services s"] == [
                    "s3": .nested(["endpoint_url": "http://x", "other": "y"]),
                    "codepipeline": .nested(["endpoint_url": "http://z"]),
                ]
            )
        }
    }

    @Test(arguments: [
        ("region = r", 1), ("[default]\nsecret-word", 2), ("[default\nx = y", 1), ("[]\n", 1),
        ("[a]\n\n  secret-word", 3),
        ("[a]\n= secret-word", 2), ("[a]\nk =\n  secret-word", 3),
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
}
