import Foundation
import TestSupport
import Testing

@testable import WorkerSettings

@Suite("The unit of a service")
struct ServiceUnitTests {
    /// The unit that files make, by their paths below a folder that stands for `/`.
    private static func unit(_ files: [String: String], instance: String? = nil) async throws -> ServiceUnit {
        try await withTemporaryFolder { root in
            for (path, text) in files {
                let folder = root.appendingPathComponent(path).deletingLastPathComponent()
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                _ = try root.write(path, text)
            }
            return try ServiceUnit(instance: instance, root: root.path)
        }
    }

    private static let place = "usr/lib/systemd/system/quali-worker.service"

    @Test func `that is packaged gives settings, the password and the state folder`() async throws {
        let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let file = root.appendingPathComponent("Packaging/systemd/quali-worker.service")
        let text = try String(contentsOf: file, encoding: .utf8)
        let unit = try await Self.unit([Self.place: text])
        #expect(unit.name == "quali-worker.service")
        #expect(unit.user == "quali-worker")
        #expect(unit.environmentFiles == [.init(path: "/etc/quali-worker/worker.env", isOptional: true)])
        #expect(unit.environment["CLOUDSHELL_PASSWORD_FILE"] == "/etc/quali-worker/cloudshell-password")
        #expect(unit.environment["STATE_DIRECTORY"] == "/var/lib/quali-worker")
        #expect(unit.filesForRoot == ["/etc/quali-worker/worker.env", "/etc/quali-worker/cloudshell-password"])
    }

    @Test(arguments: [
        ("0::/system.slice/quali-worker.service\n", "quali-worker.service"),
        ("3:cpu:/\n0::/system.slice/system-quali.slice/quali-worker@lab-2.service\n", "quali-worker@lab-2.service"),
        ("0::/user.slice/session-2.scope\n", nil), ("0::/system.slice/a-service-with-a-worker.service\n", nil),
    ])
    func `is that of the process if systemd has started it`(cgroup: String, name: String?) async throws {
        try await withTemporaryFolder { root in
            let folder = root.appendingPathComponent("usr/lib/systemd/system")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for file in ["quali-worker.service", "quali-worker@.service"] {
                try Data("[Service]\nEnvironmentFile=/a\n".utf8).write(to: folder.appendingPathComponent(file))
            }
            let unit = ServiceUnit.ofProcess(["INVOCATION_ID": "1"], cgroup: cgroup, root: root.path)
            #expect(unit?.name == name)
            #expect(ServiceUnit.ofProcess([:], cgroup: cgroup, root: root.path) == nil)
        }
    }

    @Test func `counts with its drop-ins, of those with one name the strongest, in the order of their names`()
        async throws
    {
        let unit = try await Self.unit([
            Self.place: "[Service]\nUser=a\nEnvironment=A=1 B=1\nEnvironmentFile=/old\n",
            "etc/systemd/system/quali-worker.service.d/20-b.conf": "[Service]\nEnvironment=\nEnvironment=B=2\n",
            "usr/lib/systemd/system/quali-worker.service.d/10-a.conf": "[Service]\nEnvironment=B=0 C=0\n",
            "usr/lib/systemd/system/quali-worker.service.d/20-b.conf": "[Service]\nEnvironment=B=3\nUser=nobody\n",
            "etc/systemd/system/quali-worker.service.d/30-c.conf": """
            [Unit]
            Environment=X=no
            [Service]
            # Environment=X=no
            EnvironmentFile=
            EnvironmentFile=/new
            LoadCredential=key:/etc/key
            Environment=KEY_FILE=%d/key

            """,
            "etc/systemd/system/quali-worker.service.d/40-d.txt": "[Service]\nUser=no\n",
        ])
        #expect(unit.environment == ["B": "2", "KEY_FILE": "/etc/key"])
        #expect(unit.environmentFiles == [.init(path: "/new", isOptional: false)])
        #expect(unit.user == "a")
    }

    @Test func `of the administrator stands for the packaged one`() async throws {
        let unit = try await Self.unit([
            Self.place: "[Service]\nUser=a\n", "etc/systemd/system/quali-worker.service": "[Service]\nUser=b\n",
        ])
        #expect(unit.user == "b")
    }

    @Test func `keeps its state folders where a drop-in begins anew with variables, and goes on behind comments`()
        async throws
    {
        let unit = try await Self.unit([
            Self.place: "[Service]\nStateDirectory=a\n# not this: \\\nEnvironment=A=1 \\\n  ; nor this\n  B=2\n",
            "etc/systemd/system/quali-worker.service.d/x.conf": "[Service]\nEnvironment=\nStateDirectory=b\n",
            "etc/systemd/system/quali-worker.service.d/y.conf": "[Service]\nEnvironment=C=3\n",
        ])
        #expect(unit.environment == ["STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "C": "3"])
        let plain = try await Self.unit([Self.place: "[Service]\n# no \\\nEnvironment=A=1 \\\n  ; no\n  B=2\n"])
        #expect(plain.environment == ["A": "1", "B": "2"])
    }

    @Test func `of an instance counts before the template, wherever that is`() async throws {
        let files = [
            "etc/systemd/system/quali-worker@.service": "[Service]\nUser=a\n",
            "usr/lib/systemd/system/quali-worker@lab-2.service": "[Service]\nUser=b\n",
        ]
        #expect(try await Self.unit(files, instance: "lab-2").user == "b")
        #expect(try await Self.unit(files, instance: "lab-3").user == "a")
    }

    @Test func `of an instance has its name in files and folders`() async throws {
        let unit = try await Self.unit(
            [
                "usr/lib/systemd/system/quali-worker@.service": """
                [Service]
                User=quali-worker
                EnvironmentFile=/etc/quali-worker/%i.env
                LoadCredential=cloudshell-password:/etc/quali-worker/%i.password
                Environment=CLOUDSHELL_PASSWORD_FILE=%d/cloudshell-password
                StateDirectory=quali-worker/%i

                """,
                "etc/systemd/system/quali-worker@lab-2.service.d/x.conf": "[Service]\nEnvironment=X=%n",
                "etc/systemd/system/quali-worker@lab-3.service.d/x.conf": "[Service]\nEnvironment=Y=no",
            ],
            instance: "lab-2"
        )
        #expect(unit.environmentFiles == [.init(path: "/etc/quali-worker/lab-2.env", isOptional: false)])
        #expect(
            unit.environment == [
                "CLOUDSHELL_PASSWORD_FILE": "/etc/quali-worker/lab-2.password",
                "STATE_DIRECTORY": "/var/lib/quali-worker/lab-2", "X": "quali-worker@lab-2.service",
            ]
        )
    }

    @Test(arguments: [
        (#"A=1 "B=two words" 'C=x y'"#, ["A": "1", "B": "two words", "C": "x y"]),
        (#"A=a\"b B=%%d C=%z"#, ["A": "a\"b", "B": "%d", "C": "%z"]),
        (#"A="x y"z"#, ["A": "x yz"]), ("A", [:]), ("A=", ["A": ""]), ("A=1 \\\n  B=2", ["A": "1", "B": "2"]),
    ])
    func `has variables in words, which may be quoted`(text: String, values: [String: String]) async throws {
        let unit = try await Self.unit([Self.place: "[Service]\nEnvironment=\(text)\n"])
        #expect(unit.environment == values)
    }

    @Test func `that isn't there is named`() async throws {
        let failure = await #expect(throws: ProgramFailure.self) { try await Self.unit([:], instance: "lab-2") }
        #expect(failure?.message.contains("there is no quali-worker@.service") == true)
    }

    @Test func `gives settings of which a file's beat the unit's, and flags beat both`() async throws {
        try await withTemporaryFolder { folder in
            let one = try folder.write("one.env", "QUALI_MAX_JOBS=1\nQUALI_POLL_SECONDS=1\n")
            let two = try folder.write("two.env", "QUALI_POLL_SECONDS=2\nAWS_REGION=eu-west-1\n")
            let unit = try await Self.unit([
                Self.place: """
                [Service]
                Environment=QUALI_POLL_SECONDS=9 QUALI_STATUS_POLL_SECONDS=9 AWS_REGION=us-east-1
                EnvironmentFile=\(one)
                EnvironmentFile=\(two)
                EnvironmentFile=-\(folder.path)/none.env

                """
            ])
            let sources = SettingSources(flags: ["AWS_REGION": "eu-west-3"], service: unit, texts: SettingTexts())
            #expect(sources.problems.isEmpty)
            let names = ["QUALI_MAX_JOBS", "QUALI_POLL_SECONDS", "QUALI_STATUS_POLL_SECONDS", "AWS_REGION"]
            #expect(names.map { sources.value(of: $0) } == ["1", "2", "9", "eu-west-3"])
            #expect(names.map { sources.origin(of: $0) } == [one, two, "quali-worker.service", "a flag"])
        }
    }

    @Test func `that names a file which isn't there is a problem`() async throws {
        let unit = try await Self.unit([Self.place: "[Service]\nEnvironmentFile=/nowhere/x.env\n"])
        let problems = SettingSources(flags: [:], service: unit, texts: SettingTexts()).problems
        #expect(problems.map(\.name) == ["EnvironmentFile"])
        #expect(problems.first?.message.contains("/nowhere/x.env") == true)
    }
}
