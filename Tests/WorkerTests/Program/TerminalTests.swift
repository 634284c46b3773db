import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@Suite("Questions at the terminal", .timeLimit(.minutes(1)))
struct TerminalTests {
    private static let question = "CLOUDSHELL_PASSWORD: "

    /// Whether a terminal shows what is typed, and knows Ctrl-C.
    private func isAsBefore(_ output: String) -> Bool {
        let words = output.split { $0.isWhitespace }
        return words.contains("echo") && words.contains("isig") && !words.contains("-echo")
    }

    @Test("has colors, unless somebody has said no", arguments: [[:], ["NO_COLOR": "1"], ["TERM": "dumb"]])
    func colors(environment: [String: String]) async throws {
        let output = try await withTemporaryFolder { folder in
            try await ProgramRun(["check"], environment: environment, isAtTerminal: true, in: folder).end().output
        }
        #expect(output.contains("CLOUDSHELL_URL"), "\(output)")
        #expect(output.contains("\u{1B}[") == environment.isEmpty, "\(output)")
    }

    @Test("end at Ctrl-C, with the terminal as it was before", arguments: ["\u{3}", "secr\u{3}"])
    func interrupt(answer: String) async throws {
        let output = try await withTemporaryFolder { folder in
            let environment = Given.environment.merging(["CLOUDSHELL_PASSWORD": "PROMPT"]) { $1 }
            let run = try ProgramRun(["run"], environment: environment, isAtTerminal: true, in: folder)
            _ = try await run.output { $0.contains(Self.question) }
            try run.type(answer)
            return try await run.end().output
        }
        #expect(output.contains("status: 130"), "\(output)")
        #expect(output.contains("interrupted"))
        #expect(!output.contains("secr"))
        #expect(isAsBefore(output), "\(output)")
    }

    @Test("take a line that isn't shown, with its corrections")
    func answer() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            let environment = Given.workerEnvironment(cloud)
            try await withTemporaryFolder { folder in
                let run = try ProgramRun(
                    ["run"],
                    environment: environment.merging(["CLOUDSHELL_PASSWORD": "PROMPT"]) { $1 },
                    isAtTerminal: true,
                    in: folder
                )
                _ = try await run.output { $0.contains(Self.question) }
                try run.type("hiddex\u{7f}n-password\n")
                _ = try await cloud.journal.first("PollForJobs")
                // Now it is a signal again, which stops the worker.
                try run.type("\u{3}")
                let output = try await run.end().output
                #expect(output.contains("status: 0"), "\(output)")
                #expect(!output.contains("hidde"))
                #expect(isAsBefore(output), "\(output)")
            }
        }
    }

    @Test("leave a signal for the worker, which then stops with 0", arguments: [SIGTERM, SIGINT])
    func earlySignal(number: Int32) async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = Given.workerEnvironment(cloud).merging(["CLOUDSHELL_PASSWORD": "PROMPT"]) { $1 }
            try await withTemporaryFolder { folder in
                let run = try ProgramRun(["run"], environment: environment, isAtTerminal: true, in: folder)
                _ = try await run.output { $0.contains(Self.question) }
                try run.signalAtTerminal(number)
                try run.type("hidden-password\n")
                let output = try await run.end().output
                #expect(output.contains("status: 0"), "\(output)")
                #expect(output.contains("Stopping"))
            }
        }
    }
}
