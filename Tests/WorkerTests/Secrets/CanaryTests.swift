import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
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
                        attributes: [.init("Login", value: Canary.attribute, type: "password")],
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
        .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
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
            .init(category: "Test", provider: "Quali-Run-Command", version: "1"),
            [
                "ComponentName": "web-server.*", "CommandName": "install",
                "ArgumentsJSON": json("Root Password", Canary.argument),
            ],
            inputs: ["Sandbox"],
            runOrder: 2
        ),
        VirtualPipeline.Action(
            "End",
            .init(category: "Deploy", provider: "Quali-End-Sandbox", version: "1"),
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
    private func expectNothing(
        in home: URL,
        _ pages: [String],
        _ cloud: LocalCloud,
        _ more: [String: String] = [:]
    ) throws {
        let search = CanarySearch(Self.canaries.merging(issued(cloud)) { $1 }.merging(more) { $1 })
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
        ["codepipeline", "sts"].contains(entry.service) && entry.request["x-amz-security-token"] == Canary.sessionToken
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

    @Test(arguments: ["text", "json"], Echo.allCases)
    func `shows up nowhere when each server repeats it in each of its errors`(format: String, echo: Echo) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                let (run, folder) = try startWorker(environment(cloud, home, format), home, "only")
                // A refusal that ends the job, one that is tried again, and a token that isn't taken; a page is nobody's
                // refusal.
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
                let pages = try await look(run, folder, search(cloud))
                run.signal(SIGTERM)
                #expect(try await run.end().status == 0)
                try expectNothing(in: home, pages, cloud)
            }
        }
    }

    // A refused login stands for long, so it has a worker of its own.
    @Test(arguments: ["text", "json"], Echo.allCases)
    func `shows up nowhere when the lab repeats it as it refuses the login`(format: String, echo: Echo) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                cloud.faults.inject(echo.lab(401), on: "login")
                let (refused, folder) = try startWorker(environment(cloud, home, format), home, "only")
                try await refused.value {
                    let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                    let words = echo == .html ? "Something before the lab answered" : "refuses the user"
                    return log.contains(words) ? () : nil
                }
                let pages = try await look(refused, folder, search(cloud))
                refused.signal(SIGTERM)
                #expect(try await refused.end().status == 0)
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

    // MARK: The lab's own

    /// A canary by name, with what encoders treat in different ways; the name isn't in it, since it may be shown.
    private static func canary(_ name: String) -> String {
        let number = String(name.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }, radix: 36)
        return #"siskin\#(number)"\%/é\#(number)"#
    }

    /// What is secret by its name, by its type, by a setting; in attributes, inputs and arguments.
    private static let secretNames = [
        "API Token", "Root Pwd", "SNMP Read Community", "API Key", "token", "Model.Enable Password", "Serial",
    ]
    private static let secretTypes = ["Password", "password", "cloudshell.datatypes.Password"]

    private static func ofLab(_ links: LabBehavior.Links, _ inputs: LabBehavior.PasswordInputs) -> LocalCloud.Options {
        var options = options
        options.lab.links = links
        options.lab.passwordInputs = inputs
        let all = secretNames.map { ($0, "string") } + secretTypes.map { ("By type \($0)", $0) }
        let attributes = all.map { LabComponent.Attribute($0, value: canary("attribute \($0)"), type: $1) }
        let told = attributes.map { "\($0.value) " }.joined()
        var web = options.blueprints[0].components[0]
        web.attributes +=
            attributes + [
                .init("User", value: "ci-user"), .init("Motd", value: "Welcome. \(told)"),
                .init("Password", value: canary("of the link"), type: "password"),
                .init(
                    "Homepage",
                    value: "https://ci:\(PercentEncoding.encode(canary("userinfo")))@h/?x=\(told)#\(told)"
                ),
            ]
        web.description = "as \(told) is"
        web.interfaces = [
            .init("SSH", url: "ssh://ci:\(canary("raw userinfo"))@10.0.0.9:22/?password=\(canary("raw item"))"),
            .init("RDP", url: "rdp://10.0.0.9:3389/#token=\(canary("raw fragment"))"),
        ]
        web.commands[0].params = all.map { .init($0, type: $1) }
        options.blueprints[0].components = [web]
        options.blueprints[0].inputs =
            all.map { LabInput($0, default: "", type: $1) } + [
                LabInput("Spare", default: canary("default"), type: "Password"), LabInput("Note", default: ""),
            ]
        var broken = options.blueprints[0]
        broken.name = "Broken lab"
        broken.id = UUID().uuidString.lowercased()
        broken.setup = .fails(
            events: all.map { "'Setup' refuses \(canary("input \($0.0)")) and \(canary("default"))" },
            after: .milliseconds(300)
        )
        options.blueprints.append(broken)
        return options
    }

    private static var canariesOfLab: [String: String] {
        let names = secretNames + secretTypes.map { "By type \($0)" }
        var canaries = ["a link's token": "QTOKENmerlin0917aa35"]
        for name in ["userinfo", "raw userinfo", "raw item", "raw fragment", "of the link"] {
            canaries["a link's \(name)"] = canary(name)
        }
        for name in names {
            canaries["a component's \(name)"] = canary("attribute \(name)")
            canaries["a blueprint's \(name)"] = canary("input \(name)")
            canaries["a command's \(name)"] = canary("argument \(name)")
        }
        canaries["a blueprint's default"] = canary("default")
        return canaries
    }

    private static func given(_ kind: String) -> [String: String] {
        let names = secretNames + secretTypes.map { "By type \($0)" }
        return Dictionary(uniqueKeysWithValues: names.map { ($0, canary("\(kind) \($0)")) })
    }

    @Test(arguments: [
        LabBehavior.Links.own, .qualiX(token: "QTOKENmerlin0917aa35"), .qualiXFragment(token: "QTOKENmerlin0917aa35"),
    ])
    func `of the lab shows up nowhere, whatever link, type or name it has`(links: LabBehavior.Links) async throws {
        let options = Self.ofLab(links, links == .own ? .masked : .shown)
        try await LocalCloud.withRunning(options) { cloud in
            try await withTemporaryFolder { home in
                _ = try await program("actions", "install", environment: cloud.environment)
                let changes = ["QUALI_SECRET_NAMES": "+serial", "QUALI_HANDOFF": "always"]
                let environment = environment(cloud, home, "json").merging(changes) { $1 }
                var start = Self.start
                // What is secret for one name is repeated under another.
                var inputs = Self.given("input")
                inputs["Note"] = "see " + (inputs["By type Password"] ?? "") + (inputs["Serial"] ?? "")
                start.configuration["InputsJSON"] = JSON.strings(inputs).text
                start.configuration["SandboxName"] = "For the canaries"
                var run = Self.rest[0]
                run.configuration["ArgumentsJSON"] = JSON.strings(Self.given("argument")).text
                var broken = start
                broken.configuration["BlueprintName"] = "Broken lab"
                let id = try begin(cloud, [start, run, Self.rest[1]])
                let (first, firstFolder) = try startWorker(environment, home, "first")
                _ = try await cloud.journal.first("startSandbox")
                var pages = try await look(first, firstFolder, CanarySearch(Self.canariesOfLab))
                first.signal(SIGKILL)
                _ = try await first.end()
                cloud.advance(by: cloud.options.codePipeline.redispatchInterval)
                let (second, secondFolder) = try startWorker(environment, home, "second")
                let end = try await cloud.codePipeline.end(of: id)
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
                let output = end.action("Run")?.outputVariables["CommandOutput"]
                #expect(output?.contains("<redacted>") == true, "\(output ?? "")")
                let stored = try #require(end.action("Start").flatMap { cloud.artifact("Sandbox", of: $0) })
                let document = try JSON(parsing: stored)
                let component = document["components"]?[0]
                let attributes = component?["attributes"]?.array?.compactMap { $0["name"]?.string }
                #expect(attributes == ["User", "Motd", "Homepage"])
                #expect(document["parameters"]?.array?.map { $0["name"]?.string } == ["Note"])
                let ways = component?["connection_interfaces"]?.array?.compactMap { $0["url"]?.string }
                let gate = "https://qualix.example.com"
                let address = component?["address"]?.string ?? ""
                switch links {
                case .own: #expect(ways == ["ssh://10.0.0.9:22/", "rdp://10.0.0.9:3389/"])
                case .qualiX:
                    #expect(ways?[0] == "\(gate)/Qx/connect?hostname=\(address)&protocol=ssh&port=22")
                    #expect(ways?[1] == "\(gate)/Qx/connect?hostname=\(address)&protocol=rdp&port=3389")
                case .qualiXFragment: #expect(ways == ["\(gate)/remote/", "\(gate)/remote/"])
                }
                let failure = try await cloud.codePipeline.end(of: try begin(cloud, [broken])).action("Start")
                let words = failure?.errorMessage ?? ""
                #expect(words.contains("refuses <redacted>"), "\(words)")
                pages += try await look(second, secondFolder, CanarySearch(Self.canariesOfLab))
                second.signal(SIGTERM)
                #expect(try await second.end().status == 0)
                try expectNothing(in: home, pages, cloud, Self.canariesOfLab)
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
