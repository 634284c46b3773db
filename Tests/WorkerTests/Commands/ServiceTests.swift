import Foundation
import LocalCloud
import TestSupport
import Testing

/// In a process whose `/run` has the unit of a service, so that the tests' host needs none.
@Suite("The service of a host", .timeLimit(.minutes(2)), .enabled(if: getuid() == 0, "Only root has the rights"))
struct ServiceTests {
    /// Runs a command with a unit whose settings and password root alone can read.
    private static func run(
        _ arguments: [String],
        settings: String = "CLOUDSHELL_URL=https://lab.example.com\nCLOUDSHELL_USER=ci\nAWS_REGION=eu-west-1\n",
        environment: [String: String] = [:],
        in folder: URL
    ) async throws -> ProgramRun.Ending {
        let file = try folder.write("worker.env", settings)
        let password = try folder.write("password", "very secret\n")
        let unit = try folder.write(
            "unit",
            """
            [Service]
            User=nobody
            EnvironmentFile=-\(file)
            LoadCredential=cloudshell-password:\(password)
            Environment=CLOUDSHELL_PASSWORD_FILE=%d/cloudshell-password QUALI_STATE_DIR=\(folder.path)/state

            """
        )
        let place = "/run/systemd/system"
        let script =
            "mount -t tmpfs none /run && mkdir -p \(place) && cp \(unit) \(place)/quali-worker.service && exec \"$@\""
        let run = try ProgramRun(
            arguments,
            environment: environment,
            through: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"],
            in: folder
        )
        return try await run.end()
    }

    @Test func `has its settings read, those that root alone can read, too, and nothing of the shell's`() async throws {
        try await withTemporaryFolder { folder in
            let ending = try await Self.run(
                ["config", "--service", "--json"],
                environment: ["CLOUDSHELL_USER": "somebody", "AWS_REGION": "us-east-1", "AWS_PROFILE": "mine"],
                in: folder
            )
            #expect(ending.status == 0, "\(ending.errors)")
            #expect(ending.errors.contains("Reading what quali-worker.service reads, as its user nobody."))
            let list = try JSON(parsing: Data(ending.output.utf8))
            func row(_ name: String) -> JSON? { list["settings"]?.array?.first { $0["name"]?.string == name } }
            #expect(row("CLOUDSHELL_USER")?["value"]?.string == "ci")
            #expect(row("AWS_REGION")?["value"]?.string == "eu-west-1")
            #expect(row("AWS_PROFILE")?["value"]?.string == nil)
            #expect(row("CLOUDSHELL_PASSWORD")?["is_set"]?.bool == true)
            #expect(row("CLOUDSHELL_PASSWORD")?["origin"]?.string?.contains("quali-worker.service") == true)
            #expect(!ending.output.contains("very secret"))
        }
    }

    @Test func `has its journal read by its own user`() async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appendingPathComponent("state")
            try FileManager.default.createDirectory(at: state, withIntermediateDirectories: false)
            let rootAlone: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            try FileManager.default.setAttributes(rootAlone, ofItemAtPath: state.path)
            let ending = try await Self.run(["jobs", "--service"], in: folder)
            #expect(ending.status == 69)
            #expect(ending.errors.contains("Permission denied"), "\(ending.errors)")
        }
    }

    @Test func `takes no second file of settings, and has to be there`() async throws {
        try await withTemporaryFolder { folder in
            let both = try await Self.run(["check", "--service", "--config", "/x"], in: folder)
            #expect(both.status == 64)
            #expect(both.errors.contains("--service and --config are both given"))
            let other = try await Self.run(["config", "--service=lab-2"], in: folder)
            #expect(other.status == 64)
            #expect(other.errors.contains("there is no quali-worker@.service"))
        }
    }
}
