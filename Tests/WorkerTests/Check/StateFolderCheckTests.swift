import Foundation
import LocalCloud
import QualiCore
import TestSupport
import Testing

@Suite("A check of the state folder", .timeLimit(.minutes(1)))
struct StateFolderCheckTests {
    /// Takes away what lets root write everywhere.
    private static let withoutPrivileges = [
        "/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    ]

    @Test("tells an absent one that can be made, and doesn't make it")
    func absent() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud)
            #expect(checkup["state folder"]?.evidence.contains("isn't there yet and can be made in") == true)
        }
    }

    @Test("tells one that this user can't write")
    func notWritable() async throws {
        let wrapper = getuid() == 0 ? Self.withoutPrivileges : []
        try await Checkup.withCloud { cloud in
            for path in ["", "/deeper/still"] {
                let checkup = try await withTemporaryFolder { folder in
                    let closed = folder.appendingPathComponent("closed")
                    try FileManager.default.createDirectory(
                        at: closed,
                        withIntermediateDirectories: false,
                        attributes: [.posixPermissions: 0o500]
                    )
                    return try await Checkup.run(cloud, ["QUALI_STATE_DIR": closed.path + path], through: wrapper)
                }
                #expect(checkup.status == 1)
                checkup.expect("state folder", fix: "set QUALI_STATE_DIR to a folder", evidence: "Permission denied")
            }
        }
    }

    @Test("tells a file in its place")
    func file() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud) { try Data("x".utf8).write(to: $0) }
            #expect(checkup.status == 1)
            checkup.expect("state folder", fix: "set QUALI_STATE_DIR to a folder, not a file")
        }
    }

    @Test("refuses one that everybody can write")
    func everybodys() async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud) { folder in
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
            }
            #expect(checkup.status == 1)
            checkup.expect("state folder", fix: "chmod 700 ", evidence: "mode 0777")
        }
    }

    @Test("is content with one that a worker holds, and names its process")
    func inUse() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                let journal = try SQLiteJobJournal(folder: folder.path)
                let checkup = try await Checkup.run(cloud, ["QUALI_STATE_DIR": folder.path])
                #expect(checkup.status == 0)
                #expect(checkup["state in use"]?.evidence == "by a running worker, process \(getpid())")
                _ = try await journal.unfinished()
            }
        }
    }

    @Test("tells a disk that is full", .enabled(if: canMount, "no file system can be mounted here"))
    func full() async throws {
        try await Checkup.withCloud { cloud in
            try await withTemporaryFolder { folder in
                // A namespace of its own, which ends with the program.
                let mount = "mount -t tmpfs -o size=64k none '\(folder.path)' && exec \"$@\""
                let wrapper = ["/usr/bin/unshare", "-m", "sh", "-c", mount, "sh"]
                let checkup = try await Checkup.run(cloud, ["QUALI_STATE_DIR": folder.path], through: wrapper)
                #expect(checkup.status == 1)
                checkup.expect("state space", fix: "make room on the disk of \(folder.path)", evidence: "65 kB free")
            }
        }
    }

    private static let canMount: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-m", "/usr/bin/mount", "-t", "tmpfs", "none", "/mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.spawn()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
