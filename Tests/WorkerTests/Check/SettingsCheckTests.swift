import Foundation
import LocalCloud
import Testing

@testable import worker

@Suite("A check of the settings", .timeLimit(.minutes(1)))
struct SettingsCheckTests {
    @Test("tells each wrong setting, and exits with 64")
    func wrong() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(
                cloud,
                ["QUALI_MAX_JOBS": "many", "QUALI_STATUS_ADDRESS": "not an address"]
            )
            #expect(checkup.status == 64)
            checkup.expect("setting QUALI_MAX_JOBS", fix: "a whole number from 1 to 10000", evidence: "'many'")
            checkup.expect("setting QUALI_STATUS_ADDRESS", fix: "set QUALI_STATUS_ADDRESS: ")
            // What doesn't depend on them is tried.
            #expect(checkup["lab login"]?.status == "ok" && checkup["right AcknowledgeJob"]?.status == "ok")
        }
    }

    @Test("names the setting that was meant by an unknown one")
    func unknown() async throws {
        try await Checkup.withCloud { cloud in
            let changes = ["QUALI_POL_SECONDS": "3", "CLOUDSHELL_COLOUR": "red"]
            let checkup = try await Checkup.run(cloud, changes)
            #expect(checkup.status == 0)
            checkup.expect("setting QUALI_POL_SECONDS", "warning", fix: "rename it to QUALI_POLL_SECONDS")
            checkup.expect("setting CLOUDSHELL_COLOUR", "warning", fix: "remove it")
        }
    }

    @Test("refuses a secret's file that others can read")
    func openSecretFile() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let path = try folder.write("password", Checkup.labPassword, mode: 0o644)
                let changes = ["CLOUDSHELL_PASSWORD": "", "CLOUDSHELL_PASSWORD_FILE": path]
                let checkup = try await Checkup.run(cloud, changes)
                #expect(checkup.status == 64)
                checkup.expect(
                    "setting CLOUDSHELL_PASSWORD_FILE",
                    fix: "chmod o-r \(path)",
                    evidence: "(mode 0644)"
                )
                #expect(checkup["lab login"]?.evidence == "CLOUDSHELL_PASSWORD_FILE is missing or wrong")
                #expect(checkup["lab TCP"]?.status == "ok")
                try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
                let closed = try await Checkup.run(cloud, changes)
                #expect(closed.status == 0, "\(closed.shown)")
            }
        }
    }

    @Test("warns of a --config file with a secret that others can read")
    func openConfigurationFile() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let path = try folder.write("env", "CLOUDSHELL_PASSWORD=\(Checkup.labPassword)\n", mode: 0o644)
                let checkup = try await Checkup.run(
                    cloud,
                    ["CLOUDSHELL_PASSWORD": ""],
                    arguments: ["--config", path]
                )
                #expect(checkup.status == 0)
                checkup.expect(
                    "settings file",
                    "warning",
                    fix: "chmod o-r \(path)",
                    "CLOUDSHELL_PASSWORD_FILE",
                    evidence: "mode 0644"
                )
                #expect(checkup["settings"]?.evidence.contains("1 from \(path)") == true)
                let open = try folder.write("open", "CLOUDSHELL_DOMAIN=Global\n", mode: 0o644)
                #expect(try await Checkup.run(cloud, arguments: ["--config", open])["settings file"] == nil)
            }
        }
    }

    @Test("tells certificates that can't be read, and doesn't try the way that needs them")
    func certificates() async throws {
        try await Checkup.withCloud { cloud in
            let changes = ["CLOUDSHELL_CA_BUNDLE": "/no/such/ca.pem", "AWS_CA_BUNDLE": "/no/such/aws.pem"]
            let checkup = try await Checkup.run(cloud, changes)
            #expect(checkup.status == 64)
            for (name, path) in changes {
                checkup.expect("setting \(name)", fix: "a readable file with certificates", evidence: path)
            }
            #expect(checkup["lab TLS"]?.evidence == "CLOUDSHELL_CA_BUNDLE is missing or wrong")
            #expect(checkup["CodePipeline TLS"]?.evidence == "AWS_CA_BUNDLE is missing or wrong")
        }
    }

    @Test("tells a value that would be asked for where nobody is")
    func prompt() async throws {
        try await Checkup.withCloud { cloud in
            // setsid takes the terminal away, if the tests have one.
            let checkup = try await Checkup.run(
                cloud,
                ["CLOUDSHELL_PASSWORD": "PROMPT"],
                through: ["/usr/bin/setsid", "--wait"]
            )
            #expect(checkup.status == 64)
            checkup.expect("setting CLOUDSHELL_PASSWORD", fix: "its value", evidence: "is PROMPT")
            #expect(!cloud.journal.operations.contains("login"))
        }
    }

    @Test("finds the nearest name by letters inserted, left out, replaced and swapped")
    func distance() {
        for (one, other, distance) in [
            ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "ba", 1),
        ] {
            #expect(UnknownSetting.distance(one, other) == distance, "\(one) \(other)")
            #expect(UnknownSetting.distance(other, one) == distance, "\(other) \(one)")
        }
        let known = Setting.all.flatMap(\.allNames)
        #expect(UnknownSetting("QUALI_SATTE_DIR", among: known).nearest == "QUALI_STATE_DIR")
        #expect(UnknownSetting("CLOUDSHELL_PASSWD", among: known).nearest == "CLOUDSHELL_PASSWORD")
        #expect(UnknownSetting("QUALI_X", among: known).nearest == nil)
    }
}
