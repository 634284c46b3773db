import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@testable import worker

/// What the program makes of the surroundings that it was started in.
@Suite("The process", .timeLimit(.minutes(2)))
struct ProcessTests {
    private static let compiler = ["clang", "gcc", "cc"].first { Programs.isInstalled($0) }

    @Test(.enabled(if: compiler != nil, "there is no C compiler"))
    func `has its arguments where a library was loaded before that changes the environment`() async throws {
        try await withTemporaryFolder { folder in
            let source = try folder.write(
                "early.c",
                """
                #include <stdlib.h>
                __attribute__((constructor)) static void early(void) { setenv("QUALI_EARLY", "1", 1); }
                """
            )
            let library = folder.appendingPathComponent("early.so").path
            try await Programs.run([try #require(Self.compiler), "-shared", "-fPIC", "-o", library, source])
            let environment = ["LD_PRELOAD": library, "QUALI_MAX_JOBS": "3"]
            let version = try await program("--version", environment: environment)
            #expect(version.output.hasPrefix("quali-worker "), "\(version)")
            let config = try await program("config", "--quali-max-jobs", "7", environment: environment)
            #expect(config.output.contains("a flag"), "\(config)")
        }
    }

    @Test func `has its arguments from the kernel where Swift finds none`() {
        #expect(CommandLine.arguments.count > 1)
        #expect(worker.Program.arguments([]) == Array(CommandLine.arguments.dropFirst()))
        #expect(worker.Program.arguments(["name", "", "b"]) == ["", "b"])
    }

    @Test func `has something open in the place of what was closed`() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try await withTemporaryFolder { folder in
                let run = try ProgramRun(
                    ["run"],
                    environment: Given.workerEnvironment(cloud),
                    through: ["/bin/sh", "-c", "exec \"$0\" \"$@\" 0<&- 1>&- 2>&-"],
                    in: folder
                )
                _ = try await cloud.journal.first("PollForJobs")
                for descriptor in 0...2 {
                    let path = "/proc/\(run.id)/fd/\(descriptor)"
                    // Nobody but root may look, and the process itself.
                    guard geteuid() == 0 else { continue }
                    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/dev/null")
                }
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
            }
        }
    }

    @Test func `raises what it may, and hides its memory`() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try await withTemporaryFolder { folder in
                let run = try ProgramRun(
                    ["run"],
                    environment: Given.workerEnvironment(cloud),
                    through: ["/bin/sh", "-c", "ulimit -Sn 64; ulimit -Hn 500; exec \"$0\" \"$@\""],
                    in: folder
                )
                _ = try await cloud.journal.first("PollForJobs")
                let limits = try String(contentsOfFile: "/proc/\(run.id)/limits", encoding: .utf8)
                let files = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
                #expect(files.split(separator: " ")[3...4] == ["500", "500"], "\(files)")
                // What can't be dumped is root's.
                let owner = try FileManager.default.attributesOfItem(atPath: "/proc/\(run.id)/mem")[.ownerAccountID]
                #expect(owner as? Int == 0)
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
            }
        }
    }
}
