import Foundation
import TestSupport
import Testing

@testable import WorkerSettings
@testable import worker

/// The line of the page on the Python worker that makes `worker.env` of its scripts.
@Suite("The line that moves settings", .timeLimit(.minutes(1)))
struct MovedSettingsTests {
    private static func line() throws -> String {
        let page = Python.repository.appendingPathComponent("Docs/python.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        return String(try #require(lines.first { $0.hasPrefix("sed ") && $0.hasSuffix(" run_worker.sh > worker.env") }))
    }

    /// What the line on the page makes of a script.
    private func moved(_ script: String, name: String = "run_worker.sh") async throws -> EnvironmentFile {
        let line = try Self.line().replacing("run_worker.sh", with: name)
        return try await withTemporaryFolder { folder in
            try Data(script.utf8).write(to: folder.appending(path: name))
            try await Programs.run(["sh", "-c", "cd \"$1\" && \(line)", "sh", folder.path])
            return EnvironmentFile(try String(contentsOf: folder.appending(path: "worker.env"), encoding: .utf8))
        }
    }

    /// What Python would have found after a script of `export` lines.
    private func exported(_ script: String, _ names: [String]) async throws -> [String: String] {
        try await withTemporaryFolder { folder in
            try Data(script.utf8).write(to: folder.appending(path: "run_worker.sh"))
            var values: [String: String] = [:]
            for name in names {
                let command = "cd \"$1\" && . ./run_worker.sh && printf %s \"$\(name)\" > value"
                try await Programs.run(["bash", "-c", command, "bash", folder.path])
                values[name] = try String(contentsOf: folder.appending(path: "value"), encoding: .utf8)
            }
            return values
        }
    }

    private static let shell = """
        #!/bin/bash

        export AWS_KEY_NAME=PROMPT
        export AWS_KEY=PROMPT

        export CLOUDSHELL_URL=https://lab.example.com:3443
        export CLOUDSHELL_DOMAIN=Berlin Lab
        export CLOUDSHELL_USER=ci
        export CLOUDSHELL_PASSWORD=PROMPT

        export AWS_REGION=eu-central-1
        export JOB_WORKER_VERSION=7
        export RUN_COMMAND_ACTION_NAME=Our-Run

        pip install boto3==1.17
        pip install requests

        python quali_job_worker.py

        """

    @Test("takes the exports, or the sets, and nothing else", arguments: ["\n", "\r\n"])
    func both(lineEnd: String) async throws {
        let expected = [
            "AWS_KEY_NAME": "PROMPT", "AWS_KEY": "PROMPT", "CLOUDSHELL_URL": "https://lab.example.com:3443",
            "CLOUDSHELL_DOMAIN": "Berlin Lab", "CLOUDSHELL_USER": "ci", "CLOUDSHELL_PASSWORD": "PROMPT",
            "AWS_REGION": "eu-central-1", "JOB_WORKER_VERSION": "7", "RUN_COMMAND_ACTION_NAME": "Our-Run",
        ]
        let shell = try await moved(Self.shell.replacing("\n", with: lineEnd))
        #expect(shell.values == expected)
        let command = Self.shell.replacing("#!/bin/bash", with: "@echo off").replacing("export ", with: "set ")
        let batch = try await moved(command.replacing("\n", with: lineEnd), name: "run_worker.cmd")
        #expect(batch.values == expected)
        #expect(shell.malformedLines.isEmpty && batch.malformedLines.isEmpty)
    }

    @Test("leaves to the file what the shell made of quotes, backslashes and comments", arguments: ["\n", "\r\n"])
    func quotes(lineEnd: String) async throws {
        let script = ##"""
            export A="Berlin Lab"
            export B='it is "mine" \ $x'
            export C="a \"b\" \$c \\d 'e' \`true\`#f"  # a comment
            export D=eu-central-1 # Frankfurt
            export E=a\ b\#c\\d
            export "F=one two"
              export   G='x'"y z"w
            export H=a#b
            export I='a #b'
            export J=x # it's a #1
            export K="x # y" # "x # y"
            export L='a b=c'
            """##
        let names = "ABCDEFGHIJKL".map(String.init)
        let values = try await exported(script + "\n", names)
        #expect(
            values["C"] == #"a "b" $c \d 'e' `true`#f"# && values["D"] == "eu-central-1" && values["F"] == "one two"
        )
        let file = try await moved(script.replacing("\n", with: lineEnd) + lineEnd)
        #expect(file.values == values)
        #expect(file.malformedLines.isEmpty)
    }

    @Test("leaves to the file what the command prompt made of its lines")
    func batch() async throws {
        let script = [
            "@echo off", "REM set X=1", #"set "A=Berlin Lab""#, #"set B=a\b"c$d`e'f g#h"#, "SET C=100%%", "@set D=x y",
            "set E=", "set H=a^&b^^c", #"set "I=a^b&c""#, "set /p F=Password:", "set G",
            "python quali_job_worker.py --x=1", "set j=lower", #"set "K=x" rem"#, #"set L="a&b""#,
        ]
        let file = try await moved(script.joined(separator: "\r\n") + "\r\n", name: "run_worker.cmd")
        #expect(
            file.values == [
                "A": "Berlin Lab", "B": #"a\b"c$d`e'f g#h"#, "C": "100%", "D": "x y", "E": "", "H": "a&b^c",
                "I": "a^b&c", "J": "lower", "K": "x", "L": #""a&b""#,
            ]
        )
        #expect(file.malformedLines.isEmpty)
    }

    @Test(
        "leaves what it can't carry over for the file's reader to find",
        arguments: [
            ("run_worker.sh", "export A=1 B=2"), ("run_worker.sh", "export A='1' B=2"),
            ("run_worker.sh", "export A=1; export B=2"), ("run_worker.sh", "export A=1 && true"),
            ("run_worker.sh", "export A=$HOME/x"), ("run_worker.sh", "export A=\"${HOME}\""),
            ("run_worker.sh", "export A=`hostname`"), ("run_worker.sh", "export A"), ("run_worker.cmd", "set A=%B%"),
            ("run_worker.cmd", "set A=1 & set B=2"), ("run_worker.cmd", "set A=a>b"),
        ]
    )
    func strange(name: String, line: String) async throws {
        let file = try await moved("\(line)\r\n", name: name)
        #expect(file.values.isEmpty && file.malformedLines.map(\.number) == [1])
    }
}
