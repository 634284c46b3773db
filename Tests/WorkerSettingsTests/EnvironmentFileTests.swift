import Testing

@testable import WorkerSettings

@Suite("A file of NAME=value lines")
struct EnvironmentFileTests {
    @Test(
        "is read as systemd reads it",
        arguments: [
            ("A=1\nB=2", ["A": "1", "B": "2"]),
            ("\u{FEFF}A=1", ["A": "1"]),
            ("A=1\r\nB=two words \r\n", ["A": "1", "B": "two words"]),
            ("# no\n; no\n  # no\nA=1", ["A": "1"]),
            ("# a comment's backslash \\\nA=1", ["A": "1"]),
            ("A=#1;2", ["A": "#1;2"]),
            ("  A = 1  \n", ["A": "1"]),
            ("A='a \"b\" \\ c'", ["A": #"a "b" \ c"#]),
            (#"A="a 'b' \" \$ \n""#, ["A": #"a 'b' " $ \n"#]),
            ("A=' x '", ["A": " x "]),
            ("A=one\\\ntwo", ["A": "onetwo"]),
            ("A=\"one \\\n  two\"", ["A": "one   two"]),
            ("A='one\ntwo'", ["A": "one\ntwo"]),
            ("A=a\\ b\\#", ["A": "a b#"]),
            ("A='x'y\"z\"", ["A": "xyz"]),
            ("A=", ["A": ""]),
            ("A=b=c==", ["A": "b=c=="]),
            ("A=1\nA=2", ["A": "2"]),
            ("A=é ü", ["A": "é ü"]),
        ]
    )
    func reading(text: String, values: [String: String]) {
        let file = EnvironmentFile(text)
        #expect(file.values == values)
        #expect(file.malformedLines.isEmpty)
    }

    @Test(
        "has lines that can't be read, which are named",
        arguments: [
            ("A=1\nnonsense\nB=2", 2, "="), ("export A=1", 1, "export"), ("1A=2", 1, "name"), ("A-B=2", 1, "name"),
            ("A=1\n\nB='2\nC=3", 3, "quote"), ("A=\"1", 1, "quote"), ("=x", 1, "name"),
        ]
    )
    func malformed(text: String, line: Int, reason: String) {
        let file = EnvironmentFile(text)
        #expect(file.malformedLines.map(\.number) == [line])
        #expect(file.malformedLines.first?.reason.contains(reason) == true)
    }
}
