import Foundation
import LocalCloud
import TestSupport
import Testing

/// Balancers before AWS and the lab end connections after the `ClientHello`, as they do while no server is up.
@Suite(
    "A connection that ends within its handshake",
    .enabled(if: Programs.isInstalled("python3"), "python3 isn't installed"),
    .timeLimit(.minutes(5))
)
struct BrokenHandshakeTests {
    /// A balancer before each stand-in.
    private final class Balancers: Sendable {
        private let files: TLSFiles
        private let processes: [Process]
        /// The settings that lead through them.
        let environment: [String: String]

        /// `broken` says which connections of each end early, as the script wants them named.
        ///
        /// `ofCodePipeline` says the same for CodePipeline's, whose three polls at once take each other's turns.
        init(_ cloud: LocalCloud, broken: String, ofCodePipeline: String) async throws {
            let files = try await TLSFiles(hostName: "localhost")
            self.files = files
            let script = Python.repository.appendingPathComponent("Tests/WorkerTests/Oracle/breaking_balancer.py").path
            var environment = ["AWS_CA_BUNDLE": files.certificate, "CLOUDSHELL_CA_BUNDLE": files.certificate]
            var processes: [Process] = []
            for (name, url) in [
                ("CLOUDSHELL_URL", cloud.labURL), ("AWS_ENDPOINT_URL_CODEPIPELINE", cloud.codePipelineURL),
                ("AWS_ENDPOINT_URL_S3", cloud.s3URL), ("AWS_ENDPOINT_URL_STS", cloud.stsURL),
            ] {
                let server = try #require(URL(string: url)?.port)
                let broken = url == cloud.codePipelineURL ? ofCodePipeline : broken
                let log = files.folder.appending(path: name).path
                let (process, port) = try await Programs.server("python3") { port in
                    ["-B", script, "\(port)", files.certificate, files.key, "\(server)", broken, log]
                }
                processes.append(process)
                environment[name] = "https://localhost:\(port)"
            }
            self.processes = processes
            self.environment = environment
        }

        deinit { for process in processes { Programs.end(process) } }

        /// How many connections have ended early on the way to a server, by the name of its setting.
        func broken(_ name: String) throws -> Int {
            let log = files.folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: log.path) else { return 0 }
            return try String(contentsOf: log, encoding: .utf8).split(separator: "\n").count
        }
    }

    @Test("is tried again by every call of a pipeline's run")
    func run() async throws {
        try await LocalCloud.withRunning(KillTests.options) { cloud in
            let balancers = try await Balancers(cloud, broken: "every 2", ofCodePipeline: "every 3")
            try await withTemporaryFolder { home in
                let id = try await KillTests.begin(cloud)
                let worker = try KillTests.startWorker(cloud, home: home, "only", balancers.environment)
                let execution = try await cloud.codePipeline.end(of: id)
                worker.signal(SIGTERM)
                let ending = try await worker.end()
                #expect(ending.status == 0)
                try KillTests.check(execution, cloud, home: home)
                for name in ["CLOUDSHELL_URL", "AWS_ENDPOINT_URL_CODEPIPELINE", "AWS_ENDPOINT_URL_S3"] {
                    #expect(try balancers.broken(name) >= 3, "\(name)")
                }
                // Nothing of it was taken for a start or a report of unknown fate.
                #expect(!ending.errors.contains("It is unknown whether"))
            }
        }
    }

    @Test("is no failure of the check", arguments: ["0", "1", "0,2"])
    func check(broken: String) async throws {
        try await Checkup.withCloud { cloud in
            let balancers = try await Balancers(cloud, broken: broken, ofCodePipeline: broken)
            let checkup = try await Checkup.run(cloud, balancers.environment)
            #expect(checkup.names("failed") == [], "\(checkup.shown)")
            #expect(checkup["lab clock"]?.status == "ok", "\(checkup.shown)")
            #expect(checkup["lab TLS"]?.status == "warning", "\(checkup.shown)")
            for name in ["CLOUDSHELL_URL", "AWS_ENDPOINT_URL_CODEPIPELINE"] {
                #expect(try balancers.broken(name) == broken.split(separator: ",").count, "\(name)")
            }
        }
    }
}
