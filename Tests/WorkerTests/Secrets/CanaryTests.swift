import Foundation
import LocalCloud
import Testing

/// The built program at servers that repeat what they are sent, with a canary for each secret; then all that it has left
/// anywhere is searched for them.
@Suite("A secret", .timeLimit(.minutes(5)))
struct CanaryTests {
    /// The canaries by name, each with what encoders treat in different ways.
    private enum Canary {
        static let labPassword = #"kestrel"\Zq/k+%zz&é-7d1 dune"#
        static let secretKey = #"heron"\T/k+%yy&-55f0b2aa91c3"#
        static let sessionToken = #"FwoG"\osprey/k+%xx&=="4a7b1c"#
        static let proxyPassword = "jackdaw%2F%22u%25k%2B9c21e"
        static let input = #"magpie"\J/k+%ww&ü-3390ff"#
        static let argument = #"siskin"\M/k+%vv&ä-81d2ce"#
        static let attribute = #"bunting"\L/k+%uu&ö-f10a77"#
    }

    private static let canaries = [
        "the lab's password": Canary.labPassword, "the secret key": Canary.secretKey,
        "the session token": Canary.sessionToken, "the proxy's password": Canary.proxyPassword,
        "a blueprint's input": Canary.input, "a command's argument": Canary.argument,
        "a component's attribute": Canary.attribute,
    ]

    private static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "ci", password: Canary.labPassword)
        options.secretAccessKey = Canary.secretKey
        options.blueprints = [
            LabBlueprint(
                name: "Web lab",
                inputs: [LabInput("Admin Password", default: "")],
                components: [
                    LabComponent(
                        name: "web-server",
                        kind: .application,
                        model: "Generic App Model",
                        attributes: [.init("Login", Canary.attribute, type: "password")],
                        commands: [
                            LabCommand(
                                name: "install",
                                params: [.init("Root Password")],
                                duration: .milliseconds(700),
                                // As careless as a script can be.
                                outcome: .answers { "set \($0) for ci:\(Canary.labPassword)" }
                            )
                        ]
                    )
                ],
                setup: .succeeds(after: .milliseconds(700)),
                teardown: .succeeds(after: .milliseconds(100))
            )
        ]
        return options
    }

    private static func json(_ name: String, _ value: String) -> String {
        JSON.strings([name: value]).text
    }

    private static let start = VirtualPipeline.Action(
        "Start",
        .init("Deploy", "Quali-Start-Sandbox", "1"),
        [
            "BlueprintName": "Web lab", "DurationInMinutes": "60", "ArtifactFormat": "json",
            "InputsJSON": json("Admin Password", Canary.input),
        ],
        outputs: ["Sandbox"],
        runOrder: 1
    )

    private static let rest = [
        VirtualPipeline.Action(
            "Run",
            .init("Test", "Quali-Run-Command", "1"),
            [
                "ComponentName": "web-server.*", "CommandName": "install",
                "ArgumentsJSON": json("Root Password", Canary.argument),
            ],
            inputs: ["Sandbox"],
            runOrder: 2
        ),
        VirtualPipeline.Action(
            "End",
            .init("Deploy", "Quali-End-Sandbox", "1"),
            ["WaitForTeardown": "true"],
            inputs: ["Sandbox"],
            runOrder: 3
        ),
    ]

    private func begin(_ cloud: LocalCloud, _ actions: [VirtualPipeline.Action]) throws -> String {
        let name = "P-\(UUID().uuidString)"
        try cloud.create(VirtualPipeline(name, stages: [.init("Lab", actions)]))
        return try cloud.codePipeline.start(name)
    }

    private func environment(_ cloud: LocalCloud, _ home: URL, _ format: String) -> [String: String] {
        let settings = [
            "LOG_LEVEL": "trace", "LOG_FORMAT": format, "QUALI_POLL_SECONDS": "0.2",
            "QUALI_STATUS_POLL_SECONDS": "0.2", "QUALI_STATUS_ADDRESS": "127.0.0.1:0",
            "QUALI_STATE_DIR": home.appendingPathComponent("state").path,
            "HTTPS_PROXY": "http://ci:\(Canary.proxyPassword)@proxy.invalid:3128",
        ]
        return cloud.environment.merging(settings) { $1 }
    }

    /// Starts the program, its output in a folder of its own.
    private func startWorker(_ environment: [String: String], _ home: URL, _ name: String) throws -> (ProgramRun, URL) {
        let folder = home.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return (try ProgramRun(["run"], environment: environment, in: folder), folder)
    }

    // MARK: Searches

    /// A search for the canaries, and for the tokens that the stand-ins have issued.
    private func search(_ cloud: LocalCloud) -> CanarySearch {
        CanarySearch(Self.canaries.merging(issued(cloud)) { $1 })
    }

    private func issued(_ cloud: LocalCloud) -> [String: String] {
        var issued: [String: String] = [:]
        for entry in cloud.journal.entries {
            if entry.service == "lab", let field = entry.request["Authorization"], field.hasPrefix("Basic ") {
                issued["the lab's token \(field.suffix(6))"] = String(field.dropFirst(6))
            }
            if entry.service == "s3", let token = entry.request["x-amz-security-token"] {
                // They all begin in the same way.
                issued["an artifact's token \(token.suffix(6))"] = String(token.dropFirst(14))
            }
        }
        return issued
    }

    /// Expects that the folder of outputs and state, the page, and what CodePipeline was told, hold no canary.
    private func expectNothing(in home: URL, _ pages: [String], _ cloud: LocalCloud) throws {
        let search = search(cloud)
        var read = 0
        let files = FileManager.default
        for path in try files.subpathsOfDirectory(atPath: home.path) {
            let url = home.appendingPathComponent(path)
            guard let bytes = try? Data(contentsOf: url) else { continue }
            read += bytes.count
            let found = search.findings(in: bytes)
            #expect(found.isEmpty, "\(path): \(found.sorted())")
        }
        #expect(read > 10_000, "there was something to search")
        for page in pages {
            let found = search.findings(in: page)
            #expect(found.isEmpty, "the page: \(found.sorted())")
        }
        for entry in cloud.journal.entries {
            let body = String(decoding: entry.request.body, as: UTF8.self)
            let whole =
                "\(entry.path)?\(entry.query)\n"
                + entry.request.headers.map { "\($0.name): \($0.value)" }
                .joined(separator: "\n") + "\n" + body
            var found = search.findings(in: whole)
            // To whom a secret belongs it may be sent, in the request's head; the lab gets what the pipeline gives it.
            switch entry.service {
            case "lab":
                found = found.filter { name in
                    !["the lab's", "a blueprint's", "a command's"].contains { name.hasPrefix($0) }
                }
            case "s3": found = found.filter { !$0.hasPrefix("an artifact's token") }
            default: break
            }
            if Self.isOwn(entry) { found = found.filter { !$0.hasPrefix("the session token") } }
            #expect(found.isEmpty, "\(entry.service) \(entry.operation): \(found.sorted())")
        }
    }

    private static func isOwn(_ entry: RequestJournal.Entry) -> Bool {
        entry.service == "codepipeline" && entry.request["x-amz-security-token"] == Canary.sessionToken
    }

    /// Looks at the page, and at the process from outside.
    private func look(_ run: ProgramRun, _ folder: URL, _ search: CanarySearch) async throws -> [String] {
        let port = try await run.value {
            let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
            return log.firstMatch(of: #/http:\/\/127\.0\.0\.1:(\d+)\//#).flatMap { UInt16($0.1) }
        }
        for name in ["cmdline", "environ", "comm"] {
            let file = URL(fileURLWithPath: "/proc/\(run.id)/\(name)")
            // The environment may be read by root alone, which is more than is wanted.
            guard name != "environ" || geteuid() == 0 else { continue }
            let bytes = try Data(contentsOf: file)
            let found = search.findings(in: bytes)
            #expect(!bytes.isEmpty && found.isEmpty, "/proc/PID/\(name): \(found.sorted())")
        }
        var pages: [String] = []
        for path in ["/", "/status.json", "/metrics", "/readyz", "/livez"] {
            pages.append(try await ask(port, path).body)
        }
        return pages
    }

    // MARK: Tests

    @Test(arguments: ["text", "json"]) func `shows up nowhere when all goes well, and the worker is killed on its way`(
        format: String
    ) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                let environment = environment(cloud, home, format).merging(["QUALI_HANDOFF": "always"]) { $1 }
                let id = try begin(cloud, [Self.start] + Self.rest)
                let (first, firstFolder) = try startWorker(environment, home, "first")
                _ = try await cloud.journal.first("startSandbox")
                var pages = try await look(first, firstFolder, search(cloud))
                first.signal(SIGKILL)
                _ = try await first.end()
                cloud.advance(by: cloud.options.codePipeline.redispatchInterval)
                let (second, secondFolder) = try startWorker(environment, home, "second")
                let end = try await cloud.codePipeline.end(of: id)
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
                let output = end.action("Run")?.outputVariables["CommandOutput"]
                #expect(output?.contains("<redacted>") == true && output?.contains("Root Password") == true)
                pages += try await look(second, secondFolder, search(cloud))
                second.signal(SIGTERM)
                #expect(try await second.end().status == 0)
                try expectNothing(in: home, pages, cloud)
            }
        }
    }

    @Test(arguments: ["text", "json"]) func `shows up nowhere when each server repeats it in each of its errors`(
        format: String
    ) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                let (run, folder) = try startWorker(environment(cloud, home, format), home, "only")
                var pages: [String] = []
                for echo in Echo.allCases {
                    // A refusal that ends the job, one that is tried again, and a token that isn't taken; a page is
                    // nobody's refusal.
                    let isPage = echo == .html
                    cloud.faults.inject(echo.lab(400), on: isPage ? "blueprint" : "startSandbox")
                    cloud.faults.inject(echo.lab(500), on: "blueprint", times: 2)
                    cloud.faults.inject(echo.lab(401), on: "blueprint", times: 2)
                    cloud.faults.inject(echo.codePipeline("ValidationException"), on: "PollForJobs")
                    cloud.faults.inject(echo.codePipeline("ValidationException"), on: "PutJobFailureResult")
                    let refused = try await cloud.codePipeline.end(of: try begin(cloud, [Self.start]))
                    #expect(refused.status == (isPage ? "Succeeded" : "Failed"))
                    cloud.faults.removeAll()
                    cloud.faults.inject(echo.s3, on: "PutObject", times: 20)
                    cloud.faults.inject(echo.lab(403), on: "stopSandbox", times: echo == .raw ? 2 : 0)
                    let unstored = try await cloud.codePipeline.end(of: try begin(cloud, [Self.start]))
                    let words = unstored.action("Start")?.errorMessage ?? ""
                    #expect(words.contains("SignatureDoesNotMatch") && words.contains("<redacted>"), "\(words)")
                    cloud.faults.removeAll()
                    pages += try await look(run, folder, search(cloud))
                }
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
                // A refused login stands for long, so each has a worker of its own.
                for echo in Echo.allCases {
                    cloud.faults.inject(echo.lab(401), on: "login")
                    let (refused, folder) = try startWorker(environment(cloud, home, format), home, "refused-\(echo)")
                    try await refused.value {
                        let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                        let words = echo == .html ? "Something before the lab answered" : "refuses the user"
                        return log.contains(words) ? () : nil
                    }
                    pages += try await look(refused, folder, search(cloud))
                    refused.signal(SIGTERM)
                    #expect(try await refused.end().status == 0)
                }
                try expectNothing(in: home, pages, cloud)
            }
        }
    }

    @Test(arguments: ["text", "json"]) func `shows up nowhere when it is refused, by a proxy, the lab or AWS`(
        format: String
    ) async throws {
        let proxy = try RawServer { connection in
            while let request = connection.readRequest() {
                let page = "<html><body>407, \(request) \(Data(request.utf8).base64EncodedString())</body></html>"
                connection.write(
                    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: \(page.utf8.count)\r\n\r\n\(page)"
                )
            }
        }
        defer { proxy.stop() }
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                let changes = [
                    "CLOUDSHELL_PROXY": "http://ci:\(Canary.proxyPassword)@\(proxy.authority)",
                    "QUALI_HANDOFF": "never",
                ]
                let environment = environment(cloud, home, format).merging(changes) { $1 }
                let (run, folder) = try startWorker(environment, home, "proxy")
                _ = try begin(cloud, [Self.start])
                // The lab's trouble may pass, so the job goes on.
                try await run.value {
                    let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                    return log.contains("the proxy wants a user and a password") ? () : nil
                }
                #expect(proxy.requests.contains { $0.contains("Proxy-Authorization") })
                let pages = try await look(run, folder, search(cloud))
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
                for echo in Echo.allCases {
                    cloud.faults.inject(echo.codePipeline("InvalidSignatureException"), on: "PollForJobs")
                }
                let token = ["AWS_SESSION_TOKEN": Canary.sessionToken]
                let (refused, _) = try startWorker(
                    self.environment(cloud, home, format).merging(token) { $1 },
                    home,
                    "refused"
                )
                let requests = cloud.journal.count
                _ = try await cloud.journal.first(after: requests) { $0.operation == "PollForJobs" && $0.fault == nil }
                refused.signal(SIGTERM)
                let ending = try await refused.end()
                #expect(ending.status == 0, "\(ending)")
                try expectNothing(in: home, pages, cloud)
            }
        }
    }

    @Test func `shows up in no other command's output, whatever the servers say`() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                let environment = environment(cloud, home, "text").merging([
                    "AWS_SESSION_TOKEN": Canary.sessionToken
                ]) { $1 }
                let search = search(cloud)
                let commands = [
                    ["check"], ["check", "--json"], ["config"], ["config", "--json"], ["--help"], ["run", "--help"],
                    ["actions", "list"], ["actions", "policy"],
                ]
                for (index, command) in commands.enumerated() {
                    for echo in Echo.allCases {
                        cloud.faults.removeAll()
                        cloud.faults.inject(echo.lab(401), service: "lab", times: .max)
                        cloud.faults.inject(echo.codePipeline("AccessDenied"), service: "codepipeline", times: .max)
                        cloud.faults.inject(echo.s3, service: "s3", times: .max)
                        cloud.faults.inject(echo.s3, service: "sts", times: .max)
                        let folder = home.appendingPathComponent("\(index)-\(echo)")
                        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                        let end = try await ProgramRun(command, environment: environment, in: folder).end()
                        let found = search.findings(in: end.output + end.errors)
                        #expect(found.isEmpty, "\(command) \(echo): \(found.sorted())")
                        #expect(!(end.output + end.errors).isEmpty)
                        if command[0] != "check", command != ["actions", "list"] { break }
                    }
                }
            }
        }
    }
}
